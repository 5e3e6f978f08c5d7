//! `Retry-After` is bounded whatever it says, and no key goes to a host that is no account's.

#![no_main]

use activecampaign_export::connection::Hostname;
use activecampaign_export::delivery::retry::retry_after_millis;
use activecampaign_export::limits::MAX_RETRY_AFTER_MILLIS;
use activecampaign_export::time::Timestamp;
use activecampaign_export_fuzz::account::check_host;
use activecampaign_export_fuzz::input::Input;

fn retry_after(text: &str, now: u64) {
    let millis = retry_after_millis(text, Timestamp::from_millis(now));
    assert!(millis.is_none_or(|millis| millis <= MAX_RETRY_AFTER_MILLIS), "{millis:?}");
    let trimmed = text.trim();
    let digits = !trimmed.is_empty() && trimmed.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        let seconds = trimmed.parse::<u64>().unwrap_or(u64::MAX);
        assert_eq!(millis, Some(seconds.saturating_mul(1_000).min(MAX_RETRY_AFTER_MILLIS)));
    }
    // The other form is a date.
    assert!(digits || millis.is_none() || (text.contains(',') && text.contains("GMT")), "{text:?}");
}

fn hostname(text: &str) {
    let allowed = ["localhost".to_owned(), "127.0.0.1".to_owned(), "sandbox.test".to_owned()];
    for allowed in [&[][..], &allowed[..]] {
        match Hostname::parse(text, allowed) {
            Ok(host) => {
                assert_eq!(host.as_str(), text, "a host is accepted as it stands");
                check_host(text, allowed);
            }
            Err(error) => {
                assert!(!error.reason.is_empty());
                if let Some(corrected) = error.corrected {
                    check_host(&corrected, allowed);
                    let host = Hostname::parse(&corrected, allowed);
                    assert!(host.is_ok(), "{corrected:?} is no better: {host:?}");
                }
            }
        }
    }
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut input = Input::new(input);
    let choice = input.byte();
    let text = String::from_utf8_lossy(input.rest());
    match choice & 3 {
        0 => hostname(&text),
        1 => hostname(&format!("{text}.api-us1.com")),
        2 => retry_after(&text, 1_790_000_000_000),
        _ => retry_after(&text, u64::from(choice) << 56 | 1_790_000_000_000),
    }
});

//! The account's windows hold whatever is asked and whenever: random kinds of requests at random times, each sent as
//! soon as the limiter lets it go, counted afterwards by hand.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::indexing_slicing)]

use activecampaign_export::delivery::rate::{Kind, Limiter};
use activecampaign_export::time::Timestamp;
use proptest::prelude::*;

const KINDS: [Kind; 3] = [Kind::MultiContact, Kind::SingleContact, Kind::Other];

/// The shortest stretch that ever held one request too many.
fn shortest(times: &[u64], limit: usize) -> Option<u64> {
    times.windows(limit + 1).map(|window| window[limit] - window[0]).min()
}

fn check(sent: &[(Kind, u64)]) -> Result<(), TestCaseError> {
    let times = |kind: Option<Kind>| -> Vec<u64> {
        sent.iter().filter(|(one, _)| kind.is_none_or(|kind| kind == *one)).map(|(_, at)| *at).collect()
    };
    prop_assert!(shortest(&times(None), 5).is_none_or(|span| span >= 1_000), "six in a second");
    prop_assert!(shortest(&times(Some(Kind::MultiContact)), 100).is_none_or(|span| span >= 60_000), "101 in a minute");
    prop_assert!(shortest(&times(Some(Kind::SingleContact)), 20).is_none_or(|span| span >= 60_000), "21 in a minute");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn never_more_and_never_starved(asks in prop::collection::vec((0_usize..3, 0_u64..700), 1..900), start in 0_u64..3) {
        let mut limiter = Limiter::new();
        let mut now = start * 1_790_000_000_000;
        let mut sent = Vec::new();
        for (kind, pause) in asks {
            now += pause;
            let opens = limiter.opens_at(KINDS[kind]).as_millis();
            // At most a whole window and its guard.
            prop_assert!(opens <= now + 61_000, "starved: {} ms", opens.saturating_sub(now));
            now = now.max(opens);
            limiter.record(KINDS[kind], Timestamp::from_millis(now));
            sent.push((KINDS[kind], now));
        }
        check(&sent)?;
    }

    /// The clock is told wrongly, the network is not: by real time no window is exceeded.
    #[test]
    fn a_clock_that_goes_back_does_not_burst(
        asks in prop::collection::vec((0_usize..3, 0_u64..300, prop_oneof![9 => Just(0_i64), 1 => -90_000_i64..0]), 1..600),
    ) {
        let mut limiter = Limiter::new();
        let (mut real, mut offset) = (10_000_000_u64, 0_i64);
        let mut sent = Vec::new();
        for (kind, pause, jump) in asks {
            real += pause;
            offset += jump;
            let told = real.saturating_add_signed(offset);
            let opens = limiter.opens_at(KINDS[kind]).as_millis();
            real += opens.saturating_sub(told);
            limiter.record(KINDS[kind], Timestamp::from_millis(real.saturating_add_signed(offset)));
            sent.push((KINDS[kind], real));
        }
        check(&sent)?;
    }
}

#[test]
fn the_full_rate_is_used() {
    let mut limiter = Limiter::new();
    let (mut now, mut sent) = (5_000_u64, 0);
    while now < 5_000 + 10 * 60_000 {
        now = now.max(limiter.opens_at(Kind::MultiContact).as_millis());
        limiter.record(Kind::MultiContact, Timestamp::from_millis(now));
        sent += 1;
    }
    assert!((990..=1_001).contains(&sent), "{sent} requests in ten minutes");
}

#[test]
fn the_first_requests_go_at_once() {
    let mut limiter = Limiter::new();
    let now = Timestamp::from_millis(1_790_000_000_000);
    for _ in 0..5 {
        assert!(limiter.opens_at(Kind::MultiContact) <= now);
        limiter.record(Kind::MultiContact, now);
    }
    let opens = limiter.opens_at(Kind::Other);
    assert!(opens > now, "the account's five a second are for all kinds");
    assert!(opens.since(now) >= 1_000);
}

#[test]
fn a_closed_account_is_closed_for_every_kind() {
    let mut limiter = Limiter::new();
    let until = Timestamp::from_millis(90_000);
    limiter.close_until(until);
    limiter.close_until(Timestamp::from_millis(50_000));
    for kind in KINDS {
        assert_eq!(limiter.opens_at(kind), until, "an earlier word does not shorten a later one");
    }
    assert_eq!(limiter.closed_until(), until);
}

#[test]
fn a_single_contact_has_its_own_window() {
    let mut limiter = Limiter::new();
    let mut now = 0_u64;
    for _ in 0..20 {
        now = now.max(limiter.opens_at(Kind::SingleContact).as_millis());
        limiter.record(Kind::SingleContact, Timestamp::from_millis(now));
    }
    assert!(now < 10_000, "twenty go at five a second");
    assert!(limiter.opens_at(Kind::SingleContact).as_millis() >= 60_000);
    assert!(limiter.opens_at(Kind::MultiContact).as_millis() < 10_000, "others need not wait for it");
}

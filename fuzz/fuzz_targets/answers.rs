//! Whatever the account answers, a run and the reading of an account come to an end, and every profile stays counted
//! once: status, `Retry-After` and body of each answer are the input's.

#![no_main]

use activecampaign_export::export::{Discovery, Export, ExportOptions, Wanted};
use activecampaign_export::plan::Plan;
use activecampaign_export::time::Timestamp;
use activecampaign_export_fuzz::account::Listing;
use activecampaign_export_fuzz::input::Input;
use activecampaign_export_fuzz::run::{Host, discover};
use activecampaign_export_fuzz::script::Script;
use activecampaign_export_fuzz::{START, definition, profiles, schema, seal};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut input = Input::new(input);
    let (flags, size, cancel) = (input.byte(), input.byte(), input.byte());
    let has = |flag: u8| flags & flag != 0;
    let mut script = Script::new(input);
    script.repeat = has(2);
    script.newest_first = has(4);
    script.stores = !has(8);
    script.account.listing =
        [Listing::All, Listing::None, Listing::Nobody, Listing::Unknown][usize::from(flags >> 4 & 3)];
    let now = Timestamp::from_millis(START);
    if has(1) {
        let wanted = Wanted { tags: has(64), limit: has(128) };
        let _ = discover(Discovery::new(wanted, u64::from(size), now), &mut script);
        return;
    }
    // Mostly one small batch; now and then several, or several hundred profiles.
    let count = if size >= 250 { 600 } else { 1 + usize::from(size) % 40 };
    let source = profiles(count);
    let plan = Plan::parse(definition().to_string().as_bytes(), Some(&schema()), &[]).expect("a plan");
    let keep = (has(64) || has(8)).then(seal::keep);
    let source_bytes = has(128).then_some(source.len() as u64);
    let options = ExportOptions { seed: u64::from(size), reveal: has(128), source_bytes, keep };
    let mut host = Host::new(script, &source);
    host.cancel_at = (cancel > 0).then(|| u32::from(cancel) * 2);
    host.drive(&mut Export::new(plan, options, None, now));
});

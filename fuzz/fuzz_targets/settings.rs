//! Any definition becomes a plan that cannot be wrong, or comes back as all its issues.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| activecampaign_export_fuzz::settings::run(input));

//! Whatever a stored state holds, it is refused, or a run goes on with it to its end: behind the seal too.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| activecampaign_export_fuzz::resume::run(input));

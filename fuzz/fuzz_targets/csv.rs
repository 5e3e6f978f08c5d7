//! However a source is cut, it gives the same batches, rejections and counts; its bodies are what the account takes.

#![no_main]

use activecampaign_export::source::Format;

libfuzzer_sys::fuzz_target!(|input: &[u8]| activecampaign_export_fuzz::source::run(input, Format::Csv));

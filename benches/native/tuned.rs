//! The product's own core without WebAssembly, through its public Rust API.

use crate::report::{DUPLICATE, INVALID, MISSING, Sink};
use activecampaign_export::export::{Advance, Encoder, EncoderOptions};
use activecampaign_export::plan::Plan;
use activecampaign_export::rejection::Rule;
use std::error::Error;
use std::fs::File;
use std::io::Read;

const CHUNK_BYTES: u64 = 256 * 1024;

/// The definition that all candidates of the product have.
const SETTINGS: &[u8] = include_bytes!("../../js/bench/definition.json");

pub(crate) fn run(path: &str, sink: &mut Sink) -> Result<(), Box<dyn Error>> {
    let plan = Plan::parse(SETTINGS, None, &[]).map_err(|issues| format!("{issues:?}"))?;
    // The seed is a constant: it changes no result, and no process outlives the run.
    let mut encoder =
        Encoder::new(plan, EncoderOptions { seed: 7, count_only: !sink.verifies(), ..EncoderOptions::default() });
    let mut file = File::open(path)?;
    let mut rest = file.metadata()?.len();
    loop {
        match encoder.advance().map_err(|stop| format!("{stop:?}"))? {
            Advance::Batch(batch) => {
                sink.body(batch.body());
                encoder.reuse(batch.into_body());
            }
            Advance::NeedBytes if rest == 0 => encoder.finish(),
            // Straight into the decoder's room: the copy that WebAssembly needs is not needed here.
            Advance::NeedBytes => {
                let length = rest.min(CHUNK_BYTES);
                file.read_exact(encoder.space(usize::try_from(length)?))?;
                rest -= length;
            }
            Advance::End => break,
        }
    }
    if sink.verifies() {
        for rejection in encoder.take_rejections() {
            sink.refuse(rejection.position.row, reason_of(rejection.rule));
        }
    } else {
        let counts = encoder.counts();
        for (rule, count) in counts.rejected_by_rule.iter().filter(|(rule, _)| *rule != Rule::Duplicate) {
            sink.refused(reason_of(rule), count);
        }
        sink.refused(DUPLICATE, counts.duplicate);
    }
    Ok(())
}

fn reason_of(rule: Rule) -> &'static str {
    match rule {
        Rule::EmailMissing => MISSING,
        Rule::Duplicate => DUPLICATE,
        _ if rule.code().starts_with("email_") => INVALID,
        // Not a reason of the job: it shows up as a disagreement.
        _ => rule.code(),
    }
}

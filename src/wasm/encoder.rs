//! Mapping, validation and batching alone, for those who send by their own means.

use super::convert::to_js;
use super::read_account;
use crate::error::{Category, Issue, Stop};
use crate::export::{Advance, Counts, Encoder, EncoderOptions, OmissionCount};
use crate::json::{Json, Writer};
use crate::limits::MULTI_CONTACT_REQUESTS_PER_MINUTE;
use crate::plan::Plan;
use crate::rejection::RuleCounts;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

/// Turns the bytes of a source into request bodies.
#[wasm_bindgen]
pub struct BatchEncoder {
    encoder: Encoder,
    body: Vec<u8>,
    contacts: u32,
    first_ordinal: f64,
    batches: u64,
    ended: bool,
}

struct EncodeCounts<'a> {
    read: u64,
    accepted: u64,
    rejected: u64,
    duplicate: u64,
    excluded: u64,
    batches: u64,
    rejected_by_rule: RuleCounts,
    omissions: &'a [OmissionCount],
}

impl Json for EncodeCounts<'_> {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("read", &self.read);
            json.member("accepted", &self.accepted);
            json.member("rejected", &self.rejected);
            json.member("duplicate", &self.duplicate);
            json.member("excluded", &self.excluded);
            json.member("batches", &self.batches);
            json.member("batchesPerMinute", &(MULTI_CONTACT_REQUESTS_PER_MINUTE as u64));
            json.member("rejectedByRule", &self.rejected_by_rule);
            json.member("omissions", &self.omissions);
        });
    }
}

#[wasm_bindgen]
impl BatchEncoder {
    /// Reads a definition. With `unresolved`, fields named by title need no account: a dry run.
    ///
    /// # Errors
    /// A stop with all issues of the settings.
    #[wasm_bindgen(constructor)]
    pub fn new(
        settings: &str,
        account: Option<String>,
        allowed_hosts: Vec<String>,
        unresolved: bool,
        seed: u64,
        reveal: bool,
        count_only: bool,
    ) -> Result<BatchEncoder, JsValue> {
        let stop = |issues: Vec<Issue>| to_js(&Stop::settings(issues));
        let account = read_account(account.as_deref()).map_err(|issue| stop(vec![issue]))?;
        let plan = Plan::parse(settings.as_bytes(), account.as_ref(), &allowed_hosts).map_err(stop)?;
        if !unresolved {
            let mut issues = Vec::new();
            for (index, field) in plan.mapping.fields.iter().enumerate() {
                // Whether a field takes a date is known to the account alone: "not a date" would go out as text.
                let (key, what) = match (field.id, field.date_order.is_some() && account.is_none()) {
                    (0, _) => {
                        ("field", "This field is named by its title; pass the account, or name the field by `id`.")
                    }
                    (_, true) => ("dateOrder", "`dateOrder` needs the field's type: pass the `account`."),
                    _ => continue,
                };
                issues.push(Issue::new(&format!("mapping.fields[{index}].{key}"), "account_needed", what));
            }
            if !issues.is_empty() {
                return Err(stop(issues));
            }
        }
        let encoder = Encoder::new(plan, EncoderOptions { seed, reveal, count_only });
        Ok(Self { encoder, body: Vec::new(), contacts: 0, first_ordinal: 0.0, batches: 0, ended: false })
    }

    /// Lets an address go out more than once; to be called before anything is fed.
    #[wasm_bindgen(js_name = keepDuplicates)]
    pub fn keep_duplicates(&mut self) {
        self.encoder.keep_duplicates();
    }

    /// Feeds bytes of the source: one copy, straight into the decoder.
    pub fn push(&mut self, chunk: &Uint8Array) {
        let length = usize::try_from(chunk.length()).unwrap_or(0);
        chunk.copy_to(self.encoder.space(length));
    }

    /// The columns whose values `pushValues` takes, in their order; `undefined` while it takes none.
    #[wasm_bindgen(js_name = valueColumns)]
    #[must_use]
    pub fn value_columns(&self) -> Option<Vec<String>> {
        Some(self.encoder.value_columns()?.into_iter().map(str::to_owned).collect())
    }

    /// Feeds objects by their values, each with U+001F behind it; `false`, and nothing fed, when the text does not
    /// hold as many.
    #[wasm_bindgen(js_name = pushValues)]
    pub fn push_values(&mut self, text: &[u8], rows: usize) -> bool {
        self.encoder.feed_values(text, rows)
    }

    /// Says that the source has ended.
    pub fn finish(&mut self) {
        self.encoder.finish();
    }

    /// Whether there is a next body, which `take` or `copy` then gives; if not, bytes are missing or, with
    /// `ended`, all is told.
    ///
    /// # Errors
    /// A stop: the source as a whole cannot be exported.
    pub fn advance(&mut self) -> Result<bool, JsValue> {
        match self.encoder.advance().map_err(|stop| to_js(&stop))? {
            Advance::Batch(batch) => {
                self.batches += 1;
                self.contacts = u32::try_from(batch.entries().len()).unwrap_or(u32::MAX);
                #[allow(clippy::cast_precision_loss, reason = "row numbers stay below 2^53")]
                let first = batch.entries().first().map_or(0.0, |entry| entry.position.row as f64);
                self.first_ordinal = first;
                self.encoder.reuse(core::mem::replace(&mut self.body, batch.into_body()));
                Ok(true)
            }
            Advance::NeedBytes => Ok(false),
            Advance::End => {
                self.ended = true;
                Ok(false)
            }
        }
    }

    /// The body, in memory of its own.
    #[must_use]
    pub fn take(&mut self) -> Uint8Array {
        Uint8Array::from(self.body.as_slice())
    }

    /// Copies the body to the start of `target`, which must hold a request; gives its length.
    #[must_use]
    pub fn copy(&mut self, target: &Uint8Array) -> u32 {
        let length = u32::try_from(self.body.len()).unwrap_or(0);
        target.subarray(0, length).copy_from(&self.body);
        length
    }

    /// Whether all bodies have been given.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Contacts of the last body.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn contacts(&self) -> u32 {
        self.contacts
    }

    /// Row of the first contact of the last body.
    #[wasm_bindgen(getter, js_name = firstOrdinal)]
    #[must_use]
    pub fn first_ordinal(&self) -> f64 {
        self.first_ordinal
    }

    /// The rejections since the last call, as an array; `undefined` when there are none.
    #[must_use]
    pub fn rejections(&mut self) -> JsValue {
        let rejections = self.encoder.take_rejections();
        if rejections.is_empty() { JsValue::UNDEFINED } else { to_js(&rejections) }
    }

    /// What was read so far.
    #[must_use]
    pub fn counts(&self) -> JsValue {
        let Counts { read, accepted, rejected, duplicate, excluded, .. } = *self.encoder.counts();
        to_js(&EncodeCounts {
            read,
            accepted,
            rejected,
            duplicate,
            excluded,
            batches: self.batches,
            rejected_by_rule: self.encoder.counts().rejected_by_rule,
            omissions: self.encoder.omissions(),
        })
    }
}

/// The columns of a source, from its first bytes.
///
/// # Errors
/// A stop: the source is empty, or not readable as CSV or NDJSON.
#[wasm_bindgen(js_name = readColumns)]
pub fn read_columns(chunk: &[u8], complete: bool) -> Result<Option<Vec<String>>, JsValue> {
    let mut decoder = crate::source::Decoder::new(crate::source::SourceOptions::default());
    decoder.feed(chunk);
    if complete {
        decoder.finish();
    }
    decoder.columns().map(|columns| columns.map(<[String]>::to_vec)).map_err(|error| {
        let message = format!("{} (line {}, column {})", error.message, error.line, error.column);
        to_js(&Stop::new(error.code, Category::Source, &message, "Correct the source."))
    })
}

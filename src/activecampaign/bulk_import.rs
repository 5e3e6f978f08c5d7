//! `POST /import/bulk_import`: queues a batch. Its 200 says only that the batch was taken.

use super::answer::{Judgement, explanation, reasons, without_addresses};
use super::{Call, Method};
use crate::json::Value;

/// The call with a batch's exact bytes.
#[must_use]
pub fn call(body: Vec<u8>) -> Call {
    Call { method: Method::Post, path: "/api/3/import/bulk_import".to_owned(), body: Some(body) }
}

/// What the importer answered to a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// It was queued under this id.
    Queued(String),
    /// The whole batch was refused because of these contacts: the numbers as the answer gives them, from 1 as
    /// far as is known, and the reasons.
    Named(Vec<(u64, String)>),
    /// The whole batch was refused without saying because of whom.
    Refused(String),
    /// What the general table says.
    Other(Judgement),
}

/// Reads the answer. Every number from 1 in `success` counts as yes; without a batch id nothing is certain.
#[must_use]
pub fn read(judgement: Judgement) -> Taken {
    match judgement {
        Judgement::Fine(value) => {
            let success = value.get("success").or_else(|| value.get("Success"));
            let yes = match success {
                Some(Value::Bool(yes)) => *yes,
                other => other.and_then(Value::as_u64).is_some_and(|number| number >= 1),
            };
            match value.get("batchId").and_then(Value::as_str) {
                Some(id) if yes && !id.is_empty() && id.len() <= 100 => Taken::Queued(id.to_owned()),
                _ => Taken::Other(Judgement::Unreadable),
            }
        }
        Judgement::Invalid(value) => match named(&value) {
            Some(named) => Taken::Named(named),
            None => Taken::Refused(explanation(&value)),
        },
        other => Taken::Other(other),
    }
}

/// The contacts that a refusal names, if every reason names one by a whole number.
fn named(value: &Value) -> Option<Vec<(u64, String)>> {
    let mut named = Vec::new();
    for reason in reasons(value) {
        let index = match reason.get("contact")? {
            Value::String(text) => text.parse().ok()?,
            other => other.as_u64()?,
        };
        let text = reason.get("failureReason").and_then(Value::as_str).unwrap_or("no reason given");
        named.push((index, without_addresses(text)));
    }
    (!named.is_empty()).then_some(named)
}

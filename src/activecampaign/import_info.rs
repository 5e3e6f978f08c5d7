//! `GET /import/info`: what became of a batch.

use super::{Call, encode};
use crate::json::Value;
use crate::limits::MAX_BATCH_CONTACTS;
use crate::text::Distinct;

/// The call for a batch.
#[must_use]
pub fn call(batch_id: &str) -> Call {
    Call::get(format!("/api/3/import/info?batchId={}", encode(batch_id)))
}

/// How far a batch has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Info {
    /// Not finished: `false`, waiting, claimed, active, or a word that is not known yet.
    Unfinished,
    /// Finished, with the ids that the answer lists as success (different ones counted once) and the addresses
    /// that failed, in lower case. Which ids: created contacts, or updated ones too, is not agreed on. Of each at most
    /// one more than a batch can hold: that is enough to see that the answer is about another one.
    Completed {
        /// Ids of contacts.
        success: Distinct,
        /// Addresses in lower case.
        failure: Vec<String>,
    },
    /// Failed or interrupted: it will not be tried again by the remote.
    Failed,
}

/// Reads the answer; `None` when it has no status at all.
#[must_use]
pub fn read(value: &Value) -> Option<Info> {
    let texts = |key: &str| {
        let items = value.list(key);
        items.iter().filter_map(|one| match one {
            Value::String(text) => Some(text.trim().to_ascii_lowercase()),
            other => other.as_u64().map(|number| number.to_string()),
        })
    };
    match value.get("status")? {
        Value::String(status) if status == "completed" => {
            let (mut success, mut failure) = (Distinct::default(), Vec::new());
            for id in texts("success") {
                if success.len() > MAX_BATCH_CONTACTS {
                    break;
                }
                success.insert(id.as_bytes());
            }
            let mut known = Distinct::default();
            for address in texts("failure") {
                if failure.len() > MAX_BATCH_CONTACTS {
                    break;
                }
                if known.insert(address.as_bytes()) {
                    failure.push(address);
                }
            }
            Some(Info::Completed { success, failure })
        }
        Value::String(status) if status == "failed" || status == "interrupted" => Some(Info::Failed),
        Value::String(_) | Value::Bool(_) => Some(Info::Unfinished),
        _ => None,
    }
}

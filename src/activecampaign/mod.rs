//! The remote's language: what is asked, and what an answer means. One table judges every answer.
//!
//! Paths have no host and requests no key: a wrapper in the host adds both.

pub mod account;
pub mod answer;
pub mod bulk_import;
pub mod contacts;
pub mod fields;
pub mod import_info;
pub mod lists;
pub mod tags;

use crate::json::Value;

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes.
    Post,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What goes out: a path below the account's host, and a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path with its query, from `/api/3`.
    pub path: String,
    /// The body, JSON; absent for GET.
    pub body: Option<Vec<u8>>,
}

impl Call {
    fn get(path: String) -> Self {
        Self { method: Method::Get, path, body: None }
    }
}

/// Percent-encodes a value of a query.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Ids come as text, now and then as numbers (recordings).
fn id_of(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    }
}

/// One page of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The objects that could be read.
    pub items: Vec<T>,
    /// Objects of the page, readable or not: what the next page's offset goes by.
    pub count: u64,
    /// Objects in the whole collection, where `meta.total` tells; it comes as text.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// Reads the collection named `key`; `None` when the answer has none.
    fn read(value: &Value, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Self> {
        let objects = value.get(key)?.as_array()?;
        let (count, items) = (objects.len() as u64, objects.iter().filter_map(read).collect());
        let total = id_of(value.get("meta").and_then(|meta| meta.get("total")));
        Some(Self { items, count, total })
    }

    /// Whether a further page may exist once `read` objects have been read in all. An account may send
    /// smaller pages than were asked for, so the total decides where there is one.
    #[must_use]
    pub fn more_after(&self, read: u64) -> bool {
        self.count > 0 && self.total.is_none_or(|total| read < total)
    }
}

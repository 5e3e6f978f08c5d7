//! A small account that answers as ActiveCampaign's documentation says, so that runs come to their end.

use activecampaign_export::activecampaign::{Call, Method};
use activecampaign_export::limits::{MAX_BATCH_BYTES, MAX_BATCH_CONTACTS};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What comes back for a request.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The `Retry-After` header.
    pub retry_after: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// How the account sees contacts that it has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// `success` names all.
    #[default]
    All,
    /// It names created contacts only, of which there are none.
    None,
    /// There are no lists at all, and look-ups find nobody.
    Nobody,
    /// What was asked for is not known.
    Unknown,
}

/// The account.
#[derive(Debug, Default)]
pub struct Account {
    /// How it lists outcomes.
    pub listing: Listing,
    imports: BTreeMap<String, Vec<Value>>,
}

impl Account {
    /// Answers a request.
    pub fn answer(&mut self, call: &Call) -> Reply {
        let (route, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let body = match (call.method, route) {
            (Method::Post, "/api/3/import/bulk_import") => self.import(call.body.as_deref().unwrap_or_default()),
            (Method::Get, "/api/3/import/info") => match self.listing {
                Listing::Unknown => return reply(404, &json!({ "message": "No Result found" })),
                _ => self.info(parameter(query, "batchId")),
            },
            (Method::Get, "/api/3/contacts") => self.contacts(parameter(query, "email")),
            (Method::Get, "/api/3/users/me") => json!({ "user": { "username": "admin", "id": "1" } }),
            (Method::Get, "/api/3/lists") => {
                json!({ "lists": [{ "id": "4", "name": "Newsletter" }], "meta": { "total": "1" } })
            }
            (Method::Get, "/api/3/fields") => {
                json!({ "fields": [{ "id": "10", "title": "Points", "perstag": "POINTS", "type": "number" }],
                        "fieldOptions": [], "meta": { "total": "1" } })
            }
            (Method::Get, "/api/3/tags") => json!({ "tags": [], "meta": { "total": "0" } }),
            (Method::Get, "/api/3/settings/account") => json!({ "subscriber_limit": 5000, "subscriber_total": "321" }),
            other => panic!("a request that no run makes: {other:?}"),
        };
        reply(200, &body)
    }

    fn import(&mut self, body: &[u8]) -> Value {
        assert!(body.len() <= MAX_BATCH_BYTES, "{} bytes", body.len());
        let parsed: Value = serde_json::from_slice(body).expect("a body is JSON");
        let contacts = parsed["contacts"].as_array().expect("contacts").clone();
        assert!((1..=MAX_BATCH_CONTACTS).contains(&contacts.len()), "{} contacts", contacts.len());
        let id = format!("batch-{}", self.imports.len() + 1);
        let answer = json!({ "success": 1, "queued_contacts": contacts.len(), "batchId": id });
        self.imports.insert(id, contacts);
        answer
    }

    fn info(&self, id: String) -> Value {
        let count = self.imports.get(&id).map_or(0, Vec::len);
        let ids: Vec<String> = (0..count).map(|place| format!("{}", 1_000 + place)).collect();
        match self.listing {
            Listing::All => json!({ "status": "completed", "success": ids, "failure": [] }),
            Listing::None => json!({ "status": "completed", "success": [], "failure": [] }),
            Listing::Nobody | Listing::Unknown => json!({ "status": "completed" }),
        }
    }

    fn contacts(&self, email: String) -> Value {
        let found = self.imports.values().flatten().find(|contact| contact["email"].as_str() == Some(&email));
        let found = found.filter(|_| self.listing != Listing::Nobody);
        let found: Vec<Value> = found
            .map(|contact| {
                json!({ "id": "7", "email": email, "firstName": contact["first_name"],
                        "lastName": contact["last_name"], "phone": contact["phone"] })
            })
            .into_iter()
            .collect();
        json!({ "contacts": found, "meta": { "total": found.len().to_string() } })
    }
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, retry_after: None, body: body.to_string().into_bytes() }
}

/// A parameter of a query, percent-decoded; empty when absent.
#[must_use]
pub fn parameter(query: &str, name: &str) -> String {
    let raw = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
    let raw = raw.map_or("", |(_, value)| value).as_bytes();
    let mut out = Vec::new();
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            out.push(*byte);
            continue;
        }
        let hex = core::str::from_utf8(&rest[..2]).expect("two digits behind a percent sign");
        out.push(u8::from_str_radix(hex, 16).expect("hexadecimal digits"));
        rest = &rest[2..];
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A host that a key may be sent to: one of those allowed, or exactly one label before an account's domain.
pub fn check_host(host: &str, allowed: &[String]) {
    if allowed.iter().any(|one| one == host) {
        return;
    }
    let label = host.strip_suffix(".api-us1.com").or_else(|| host.strip_suffix(".activehosted.com"));
    let label = label.unwrap_or_else(|| panic!("{host:?} is no account's"));
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    assert!((1..=63).contains(&label.len()) && label.bytes().all(letter), "{host:?} has more than one label");
    assert!(!label.starts_with('-') && !label.ends_with('-') && !label.starts_with("xn--"), "{host:?}");
}

//! The one table that judges answers, whatever was asked.
//!
//! | status | body | judgement |
//! |---|---|---|
//! | 2xx | JSON | `Fine` |
//! | 2xx | empty | `Fine` with `null` (recorded for some PUT and DELETE) |
//! | 2xx | a page | `LoginPage`: an invalid key or an expired account answers so |
//! | 2xx | anything else | `Unreadable` |
//! | any | a rate-limit text | `Throttled` (the importer says it with 400) |
//! | 429 | any | `Throttled` |
//! | 400, 422 | any | `Invalid`, with the body where it is JSON |
//! | 401, 403 | any | `Forbidden` (now and then transient) |
//! | 402 | any | `PlanLimit` |
//! | 404 | any | `NotFound` |
//! | 413 | any | `TooLarge` |
//! | 0, 3xx | any | `Redirect`: never followed with a key (a browser shows it as 0) |
//! | 408, 5xx, the rest | any | `Trouble` |

use crate::json::{self, Value};
use crate::limits::PHONE_DIGITS;
use crate::text::{find, split};

/// What an answer means, before it is known what was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// A 2xx with JSON, whatever its content type says: the importer's 200 is `text/html`.
    Fine(Value),
    /// A 2xx with a page instead of JSON.
    LoginPage,
    /// A 2xx whose body is neither.
    Unreadable,
    /// Too many requests; wait.
    Throttled,
    /// The request was refused as it stands.
    Invalid(Value),
    /// The key may not do this.
    Forbidden,
    /// The account's plan is in the way.
    PlanLimit,
    /// Nothing there.
    NotFound,
    /// The body was too large.
    TooLarge,
    /// The host sends elsewhere.
    Redirect,
    /// The remote is in trouble; whether it acted is unknown.
    Trouble,
}

/// Judges an answer.
#[must_use]
pub fn judge(status: u16, body: &[u8]) -> Judgement {
    let text = body.trim_ascii();
    let json = json::read(text).ok();
    if json.as_ref().is_some_and(says_rate_limit) && (status < 500) {
        return Judgement::Throttled;
    }
    match status {
        200..=299 if text.is_empty() => Judgement::Fine(Value::Null),
        200..=299 => match json {
            Some(value) => Judgement::Fine(value),
            None if text.first() == Some(&b'<') => Judgement::LoginPage,
            None => Judgement::Unreadable,
        },
        400 | 422 => Judgement::Invalid(json.unwrap_or(Value::Null)),
        401 | 403 => Judgement::Forbidden,
        402 => Judgement::PlanLimit,
        404 => Judgement::NotFound,
        413 => Judgement::TooLarge,
        429 => Judgement::Throttled,
        0 | 300..=399 => Judgement::Redirect,
        _ => Judgement::Trouble,
    }
}

/// "Rate limit exceeded.", "Up to 100 imports may be requested per minute.": the importer's own limit
/// arrives as a 400 with text reasons (docs).
fn says_rate_limit(value: &Value) -> bool {
    let says = |text: &str| {
        let text = text.to_ascii_lowercase();
        let has = |wanted: &str| find(text.as_bytes(), wanted.as_bytes()).is_some();
        has("rate limit") || (has("imports may be requested") && has("per minute"))
    };
    let message = value.get("message").and_then(Value::as_str).is_some_and(says);
    message || reasons(value).any(|reason| reason.as_str().is_some_and(says))
}

/// The importer's `failureReasons`, which hold objects or texts.
pub(crate) fn reasons(value: &Value) -> impl Iterator<Item = &Value> {
    value.list("failureReasons").iter()
}

/// What an error body says, in its own words: `message`, `failureReasons` or `errors`, which is a list or a
/// text. Cut to a sentence's length, and without anything that looks like an address.
#[must_use]
pub fn explanation(value: &Value) -> String {
    let mut parts: Vec<&str> = Vec::new();
    parts.extend(value.get("message").and_then(Value::as_str));
    parts.extend(
        reasons(value)
            .filter_map(|reason| reason.as_str().or_else(|| reason.get("failureReason").and_then(Value::as_str))),
    );
    match value.get("errors") {
        Some(Value::String(text)) => parts.push(text),
        Some(Value::Array(errors)) => {
            for error in errors {
                parts.extend(error.get("title").and_then(Value::as_str));
                parts.extend(error.get("detail").and_then(Value::as_str));
            }
        }
        _ => {}
    }
    without_addresses(&parts.join(" "))
}

/// At most 200 characters, without addresses and long numbers: an answer may quote the person it refuses.
#[must_use]
pub fn without_addresses(text: &str) -> String {
    hidden(text, &|_| false)
}

/// The same without the words of a contact's own values, given as the JSON that was sent.
#[must_use]
pub fn without_values(text: &str, contact: &[u8]) -> String {
    let sent = json::read(contact).unwrap_or_default();
    let fields = sent.list("fields");
    let names = ["email", "first_name", "last_name", "phone"].iter().filter_map(|key| sent.get(key));
    let values: Vec<&str> =
        names.chain(fields.iter().filter_map(|field| field.get("value"))).filter_map(Value::as_str).collect();
    hidden(text, &|word| {
        let word = bare(word.as_bytes());
        // What is shorter stands in any sentence.
        let same = |part: &[u8]| bare(part).eq_ignore_ascii_case(word);
        word.len() > 2 && values.iter().any(|value| split(value.as_bytes(), b" ").any(same))
    })
}

/// Without the ASCII signs around it; the tables that know other signs would be a fortieth of the core.
fn bare(mut word: &[u8]) -> &[u8] {
    let sign = |byte: &u8| byte.is_ascii() && !byte.is_ascii_alphanumeric();
    while let Some((_, rest)) = word.split_first().filter(|(first, _)| sign(first)) {
        word = rest;
    }
    while let Some((_, rest)) = word.split_last().filter(|(last, _)| sign(last)) {
        word = rest;
    }
    word
}

fn hidden(text: &str, is_value: &dyn Fn(&str) -> bool) -> String {
    let mut said = String::new();
    for word in text.split_whitespace() {
        if !said.is_empty() {
            said.push(' ');
        }
        let long = word.bytes().filter(u8::is_ascii_digit).count() >= *PHONE_DIGITS.start();
        said.push_str(match word {
            _ if word.contains('@') || find(word.as_bytes(), b"%40").is_some() => "[address]",
            _ if long => "[number]",
            _ if is_value(word) => "[value]",
            _ => word,
        });
    }
    said.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(200).collect()
}

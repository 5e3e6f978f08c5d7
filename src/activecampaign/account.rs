//! `GET /users/me` and `GET /settings/account`: whose key this is, and what the plan allows.

use super::{Call, id_of, text_of};
use serde::Serialize;
use serde_json::Value;

/// The call that every key may make.
#[must_use]
pub fn user_call() -> Call {
    Call::get("/api/3/users/me".to_owned())
}

/// The user's login name; `None` when the answer is not a user.
#[must_use]
pub fn read_user(value: &Value) -> Option<String> {
    let user = value.get("user")?;
    Some(text_of(user.get("username")))
}

/// The call that only an administrator's key may make.
#[must_use]
pub fn settings_call() -> Call {
    Call::get("/api/3/settings/account".to_owned())
}

/// What the plan allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactLimit {
    /// Contacts that the plan includes.
    pub limit: u64,
    /// Contacts that count against it now.
    pub used: u64,
}

/// Reads the plan's limit; `None` where the answer does not tell.
#[must_use]
pub fn read_limit(value: &Value) -> Option<ContactLimit> {
    Some(ContactLimit { limit: id_of(value.get("subscriber_limit"))?, used: id_of(value.get("subscriber_total"))? })
}

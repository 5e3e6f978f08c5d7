//! `GET /users/me` and `GET /settings/account`: whose key this is, and what the plan allows.

use super::{Call, id_of};
use crate::json::{Json, Value, Writer};

/// The call that every key may make.
#[must_use]
pub fn user_call() -> Call {
    Call::get("/api/3/users/me".to_owned())
}

/// The user's login name; `None` when the answer is not a user.
#[must_use]
pub fn read_user(value: &Value) -> Option<String> {
    let user = value.get("user")?;
    Some(user.text("username").to_owned())
}

/// The call that only an administrator's key may make.
#[must_use]
pub fn settings_call() -> Call {
    Call::get("/api/3/settings/account".to_owned())
}

/// What the plan allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactLimit {
    /// Contacts that the plan includes.
    pub limit: u64,
    /// Contacts that count against it now.
    pub used: u64,
}

impl Json for ContactLimit {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("limit", &self.limit);
            json.member("used", &self.used);
        });
    }
}

/// Reads the plan's limit; `None` where the answer does not tell.
#[must_use]
pub fn read_limit(value: &Value) -> Option<ContactLimit> {
    Some(ContactLimit { limit: id_of(value.get("subscriber_limit"))?, used: id_of(value.get("subscriber_total"))? })
}

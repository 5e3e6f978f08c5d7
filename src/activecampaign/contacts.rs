//! `GET /contacts`: one contact by its address, to see whether an import reached it.

use super::{Call, encode, id_of};
use crate::json::Value;

/// The call for one address; with a list, only if the contact is active there.
#[must_use]
pub fn call(email: &str, list: Option<u64>) -> Call {
    let member = list.map_or_else(String::new, |list| format!("&listid={list}&status=1"));
    Call::get(format!("/api/3/contacts?email={}{member}&limit=1", encode(email)))
}

/// A contact as far as a comparison needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The contact's id.
    pub id: u64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Phone.
    pub phone: String,
}

/// Reads the answer: the contact with that address, or none; `None` when the answer is not a list of contacts.
#[must_use]
pub fn read(value: &Value, email: &str) -> Option<Option<Found>> {
    let contacts = value.get("contacts")?.as_array()?;
    // A filter that the remote ignores would answer with somebody else.
    let same = |contact: &&Value| contact.text("email").eq_ignore_ascii_case(email);
    Some(contacts.iter().find(same).and_then(|contact| {
        Some(Found {
            id: id_of(contact.get("id"))?,
            first_name: contact.text("firstName").to_owned(),
            last_name: contact.text("lastName").to_owned(),
            phone: contact.text("phone").to_owned(),
        })
    }))
}

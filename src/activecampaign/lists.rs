//! `GET /lists`: all lists, page by page.

use super::{Call, Page, id_of};
use crate::connection::List;
use crate::json::Value;
use crate::limits::PAGE_SIZE;

/// The call for the page that begins at `offset`.
#[must_use]
pub fn call(offset: u64) -> Call {
    Call::get(format!("/api/3/lists?limit={PAGE_SIZE}&offset={offset}"))
}

/// Reads a page; `None` when the answer is not one.
#[must_use]
pub fn read(value: &Value) -> Option<Page<List>> {
    Page::read(value, "lists", |list| {
        Some(List {
            id: id_of(list.get("id"))?,
            name: list.text("name").to_owned(),
            active_subscribers: id_of(list.get("active_subscribers")),
        })
    })
}

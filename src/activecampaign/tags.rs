//! `GET /tags`: all tags, page by page.

use super::{Call, Page, id_of};
use crate::connection::Tag;
use crate::json::Value;
use crate::limits::PAGE_SIZE;

/// The call for the page that begins at `offset`.
#[must_use]
pub fn call(offset: u64) -> Call {
    Call::get(format!("/api/3/tags?limit={PAGE_SIZE}&offset={offset}"))
}

/// Reads a page; `None` when the answer is not one.
#[must_use]
pub fn read(value: &Value) -> Option<Page<Tag>> {
    Page::read(value, "tags", |tag| Some(Tag { id: id_of(tag.get("id"))?, name: tag.text("tag").to_owned() }))
}

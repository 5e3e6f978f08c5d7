//! `GET /fields`: all custom fields with their options, page by page.

use super::{Call, Page, id_of};
use crate::connection::{Field, FieldKind};
use crate::json::Value;
use crate::limits::PAGE_SIZE;

/// The call for the page that begins at `offset`.
#[must_use]
pub fn call(offset: u64) -> Call {
    Call::get(format!("/api/3/fields?limit={PAGE_SIZE}&offset={offset}"))
}

/// Reads a page; `None` when the answer is not one. Options stand beside the fields and name theirs.
#[must_use]
pub fn read(value: &Value) -> Option<Page<Field>> {
    let options = value.list("fieldOptions");
    // Each is read once: a hostile answer holds thousands of both.
    let options: Vec<(Option<u64>, &Value)> =
        options.iter().map(|option| (id_of(option.get("field")), option)).collect();
    Page::read(value, "fields", |field| {
        let id = id_of(field.get("id"))?;
        let own = options.iter().filter(|(field, _)| *field == Some(id));
        Some(Field {
            id,
            title: field.text("title").to_owned(),
            perstag: field.text("perstag").to_owned(),
            kind: FieldKind::from_name(&field.text("type").to_ascii_lowercase()),
            options: own.map(|(_, option)| option.text("value").to_owned()).filter(|text| !text.is_empty()).collect(),
        })
    })
}

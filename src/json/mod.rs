//! JSON as whole texts: settings, schemas and answers become values, and what a host is told becomes text.
//!
//! Records of a source are not read here: `source` finds their values without building any. Both ways are written by
//! hand, since derived readers and writers of a few small shapes would be a tenth of the whole core.

mod read;

pub use read::{NotJson, read};

use crate::out::escaped;
use crate::text::split;
use std::collections::BinaryHeap;

/// A value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number: its worth where it is written as a whole one from 0 that 64 bits hold. No other number means anything
    /// to this core.
    Number(Option<u64>),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// An object as it is written; of members with the same name the last one counts.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The member of that name, if this is an object that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rfind(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, if this is a whole one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { *number } else { None }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The text of that name; empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Self::as_str).unwrap_or_default()
    }

    /// The items of the list of that name; none where there is no such list.
    #[must_use]
    pub fn list(&self, name: &str) -> &[Self] {
        self.get(name).and_then(Self::as_array).unwrap_or_default()
    }

    /// The members of an object that count, in the order of their names.
    #[must_use]
    pub fn members(&self) -> Vec<(&str, &Self)> {
        let Self::Object(members) = self else { return Vec::new() };
        // A heap sorts as fast as any other way and is the least code.
        let places = members.iter().enumerate().map(|(place, (name, _))| (name.as_str(), place));
        let mut sorted: Vec<(&str, &Self)> = Vec::new();
        for (name, place) in places.collect::<BinaryHeap<_>>().into_sorted_vec() {
            sorted.pop_if(|(last, _)| *last == name);
            sorted.extend(members.get(place).map(|(_, value)| (name, value)));
        }
        sorted
    }
}

/// What can be written as JSON.
pub trait Json {
    /// Writes it.
    fn write(&self, json: &mut Writer);
}

/// The JSON of something.
#[must_use]
pub fn write(value: &dyn Json) -> String {
    let mut json = Writer::default();
    value.write(&mut json);
    String::from_utf8(json.0).unwrap_or_default()
}

/// JSON that is being written.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An object with the members that `members` writes.
    pub fn object(&mut self, members: &dyn Fn(&mut Self)) {
        self.0.push(b'{');
        members(self);
        self.0.push(b'}');
    }

    /// A member of an object.
    pub fn member(&mut self, name: &str, value: &dyn Json) {
        self.separate(b'{');
        self.text(name);
        self.0.push(b':');
        value.write(self);
    }

    /// A member of an object, where there is one.
    pub fn optional<T: Json>(&mut self, name: &str, value: &Option<T>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    /// A list.
    pub fn array(&mut self, items: &mut dyn Iterator<Item = &dyn Json>) {
        self.0.push(b'[');
        for item in items {
            self.separate(b'[');
            item.write(self);
        }
        self.0.push(b']');
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.0.push(b'"');
        for (index, part) in split(text.as_bytes(), b"\0").enumerate() {
            if index > 0 {
                self.0.extend_from_slice(b"\\u0000");
            }
            self.0.extend_from_slice(&escaped(part));
        }
        self.0.push(b'"');
    }

    /// A comma, unless what is written next comes first: no value ends with an opening bracket.
    fn separate(&mut self, opening: u8) {
        if self.0.last() != Some(&opening) {
            self.0.push(b',');
        }
    }
}

impl Json for str {
    fn write(&self, json: &mut Writer) {
        json.text(self);
    }
}

impl<T: Json + ?Sized> Json for &T {
    fn write(&self, json: &mut Writer) {
        (**self).write(json);
    }
}

impl Json for String {
    fn write(&self, json: &mut Writer) {
        json.text(self);
    }
}

impl Json for bool {
    fn write(&self, json: &mut Writer) {
        json.0.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Json for u64 {
    fn write(&self, json: &mut Writer) {
        json.0.extend_from_slice(self.to_string().as_bytes());
    }
}

impl<T: Json> Json for [T] {
    fn write(&self, json: &mut Writer) {
        json.array(&mut self.iter().map(|item| item as &dyn Json));
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, json: &mut Writer) {
        self.as_slice().write(json);
    }
}

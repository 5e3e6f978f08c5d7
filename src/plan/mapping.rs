//! The mapping part of a definition: which column goes where.

use super::reader::{Issues, Section, closest, join, loose};
use super::template::{Piece, Template};
use crate::connection::{AccountSchema, Field, FieldKind};
use crate::json::Value as Json;
use crate::limits::MAX_FIELDS;
use crate::text::listed;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One column, by its exact name.
    Column(String),
    /// Several columns joined.
    Template(Template),
}

impl Value {
    /// The columns it reads.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Self::Column(name) => (Some(name.as_str()), [].as_slice()),
            Self::Template(template) => (None, template.pieces()),
        };
        one.into_iter().chain(several.iter().filter_map(|piece| match piece {
            Piece::Column(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        }))
    }
}

/// The order in which a source writes days with slashes, dots or dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// 1974-08-01
    YearMonthDay,
    /// 8/1/1974
    MonthDayYear,
    /// 1.8.1974
    DayMonthYear,
}

/// One custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMapping {
    /// The field's id in the account; zero while unresolved.
    pub id: u64,
    /// How people know the field.
    pub title: String,
    /// The type, by which values are checked.
    pub kind: FieldKind,
    /// The options that may be chosen; empty when the account names none.
    pub options: Vec<String>,
    /// Where the value comes from.
    pub value: Value,
    /// The order of days, where the source is not ISO 8601.
    pub date_order: Option<DateOrder>,
    /// What separates several values in one cell.
    pub separator: String,
}

/// One source of tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagMapping {
    /// The same tag for every contact.
    Fixed(String),
    /// A tag from each profile's own value.
    Value {
        /// Where it comes from.
        value: Value,
        /// Text before each tag.
        prefix: String,
        /// What separates several tags in one cell; none when a cell is one tag.
        separator: Option<String>,
    },
}

/// A column that must hold one of a few values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The column.
    pub column: String,
    /// The values that say yes; empty means the usual words for true.
    pub values: Vec<String>,
    /// Whether the usual words for *false* say yes, as in a column "do not e-mail".
    pub negated: bool,
}

/// What goes where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The profile's id in the source; only named in reports.
    pub id: Option<String>,
    /// The address.
    pub email: Value,
    /// First name.
    pub first_name: Option<Value>,
    /// Last name.
    pub last_name: Option<Value>,
    /// Phone.
    pub phone: Option<Value>,
    /// Custom fields.
    pub fields: Vec<FieldMapping>,
    /// Tags.
    pub tags: Vec<TagMapping>,
    /// Profiles without it are counted `excluded` and not sent.
    pub consent: Option<Consent>,
    /// Profiles without it are sent, but not subscribed to the list.
    pub subscribe: Option<Consent>,
}

const KEYS: [&str; 9] = ["id", "email", "firstName", "lastName", "phone", "fields", "tags", "consent", "subscribe"];

pub(super) fn read(value: &Json, account: Option<&AccountSchema>, issues: &mut Issues) -> Option<Mapping> {
    let section = Section::open("mapping", value, &KEYS, issues)?;
    if section.get("email").is_none() {
        section.missing("email", issues);
    }
    let mut text = |key| section.get(key).and_then(|value| read_value(&section.path(key), value, issues));
    let (email, first_name, last_name, phone) = (text("email"), text("firstName"), text("lastName"), text("phone"));
    let id = section.text("id", issues).map(str::to_owned);
    let fields = read_fields(&section, account, issues);
    let mut tags = Vec::new();
    for (index, value) in section.list("tags", issues).iter().enumerate() {
        tags.extend(read_tag(&format!("mapping.tags[{index}]"), value, issues));
    }
    let mut consent = |key| section.get(key).and_then(|value| read_consent(&section.path(key), value, issues));
    let (consent, subscribe) = (consent("consent"), consent("subscribe"));
    Some(Mapping { id, email: email?, first_name, last_name, phone, fields, tags, consent, subscribe })
}

/// `"EMail"`, `{ "column": "EMail" }` or `{ "template": "{A} {B}" }`.
fn read_value(path: &str, value: &Json, issues: &mut Issues) -> Option<Value> {
    match value {
        Json::String(name) if name.trim().is_empty() => {
            issues.add(path, "empty", &format!("`{path}` is empty; name a column."));
            None
        }
        Json::String(name) => Some(Value::Column(name.clone())),
        _ => {
            let section = Section::open(path, value, &["column", "template"], issues)?;
            value_of(&section, issues)
        }
    }
}

/// The `column` or `template` of a section; one of them, not both.
fn value_of(section: &Section<'_>, issues: &mut Issues) -> Option<Value> {
    match (section.get("column"), section.get("template")) {
        (Some(_), None) => section.text("column", issues).map(|name| Value::Column(name.to_owned())),
        (None, Some(_)) => {
            let text = section.text("template", issues)?;
            match Template::parse(text) {
                Ok(template) => Some(Value::Template(template)),
                Err(problem) => {
                    let path = section.path("template");
                    issues.add(&path, "template", &format!("`{path}` {problem}."));
                    None
                }
            }
        }
        (found, _) => {
            let path = section.path("column");
            let message = match found {
                Some(_) => "Give a column or a template, not both.",
                None => "Give a column or a template.",
            };
            issues.add(&path, "value", message);
            None
        }
    }
}

fn read_fields(section: &Section<'_>, account: Option<&AccountSchema>, issues: &mut Issues) -> Vec<FieldMapping> {
    let values = section.list("fields", issues);
    if values.len() > MAX_FIELDS {
        issues.add("mapping.fields", "too_many", &format!("At most {MAX_FIELDS} fields can be mapped."));
        return Vec::new();
    }
    let mut fields: Vec<FieldMapping> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let path = format!("mapping.fields[{index}]");
        let Some(field) = read_field(&path, value, account, issues) else { continue };
        let same = |other: &&FieldMapping| match field.id {
            0 => other.id == 0 && other.title == field.title,
            id => other.id == id,
        };
        if let Some(other) = fields.iter().find(same) {
            issues.add(&path, "duplicate_field", &format!("The field \"{}\" is mapped twice.", other.title));
        }
        fields.push(field);
    }
    fields
}

fn read_field(path: &str, value: &Json, account: Option<&AccountSchema>, issues: &mut Issues) -> Option<FieldMapping> {
    let known = ["field", "id", "column", "template", "dateOrder", "separator"];
    let section = Section::open(path, value, &known, issues)?;
    let source = value_of(&section, issues);
    let orders = [("ymd", DateOrder::YearMonthDay), ("mdy", DateOrder::MonthDayYear), ("dmy", DateOrder::DayMonthYear)];
    let date_order = section.word("dateOrder", &orders, issues);
    let separator = read_separator(&section, issues).unwrap_or_else(|| ";".to_owned());
    let target = find_field(&section, account, issues);
    let (id, title, kind, options) = target?;
    Some(FieldMapping { id, title, kind, options, value: source?, date_order, separator })
}

type Target = (u64, String, FieldKind, Vec<String>);

/// The field that a mapping names by `id`, or by `field`: its title or its personalization tag.
fn find_field(section: &Section<'_>, account: Option<&AccountSchema>, issues: &mut Issues) -> Option<Target> {
    let target = |field: &Field| (field.id, field.title.clone(), field.kind, field.options.clone());
    match (section.get("id"), section.get("field")) {
        (Some(_), None) => {
            let id = section.id("id", issues)?;
            let Some(account) = account else { return Some((id, format!("field {id}"), FieldKind::Text, Vec::new())) };
            let found = account.fields.iter().find(|field| field.id == id);
            if found.is_none() {
                issues.add(&section.path("id"), "unknown_field", &format!("The account has no custom field {id}."));
            }
            found.map(target)
        }
        (None, Some(_)) => {
            let name = section.text("field", issues)?;
            let Some(account) = account else { return Some((0, name.to_owned(), FieldKind::Text, Vec::new())) };
            field_by_name(&section.path("field"), name, account, issues).map(target)
        }
        (found, _) => {
            let message = match found {
                Some(_) => "Name the custom field by `id` or by `field` (its title), not both.",
                None => "Name the custom field by `id` or by `field` (its title).",
            };
            issues.add(&section.path("field"), "field", message);
            None
        }
    }
}

fn field_by_name<'a>(path: &str, name: &str, account: &'a AccountSchema, issues: &mut Issues) -> Option<&'a Field> {
    let bare = name.strip_prefix('%').unwrap_or(name);
    let bare = bare.strip_suffix('%').unwrap_or(bare);
    let by_title: Vec<&Field> = account.fields.iter().filter(|field| field.title == name).collect();
    let matches = if by_title.is_empty() {
        account
            .fields
            .iter()
            .filter(|field| {
                (!field.perstag.is_empty() && field.perstag.eq_ignore_ascii_case(bare))
                    || loose(&field.title) == loose(name)
            })
            .collect()
    } else {
        by_title
    };
    match matches.as_slice() {
        [one] => Some(one),
        [] => {
            let suggestion = closest(name, account.fields.iter().map(|field| field.title.as_str()));
            let message = format!("The account has no custom field \"{name}\".");
            issues.suggest(path, "unknown_field", &message, suggestion);
            None
        }
        several => {
            let ids: Vec<String> = several.iter().map(|field| field.id.to_string()).collect();
            let message = format!(
                "The account has {} custom fields like \"{name}\"; name one by `id`: {}.",
                ids.len(),
                listed(&mut ids.iter().map(String::as_str))
            );
            issues.add(path, "ambiguous_field", &message);
            None
        }
    }
}

fn read_tag(path: &str, value: &Json, issues: &mut Issues) -> Option<TagMapping> {
    if let Json::String(name) = value {
        if name.trim().is_empty() {
            issues.add(path, "empty", &format!("`{path}` is empty."));
            return None;
        }
        return Some(TagMapping::Fixed(name.trim().to_owned()));
    }
    let section = Section::open(path, value, &["column", "template", "prefix", "separator"], issues)?;
    // A prefix keeps its blanks: "tier: " is the usual one.
    let prefix = match section.get("prefix") {
        Some(Json::String(prefix)) => prefix.clone(),
        Some(_) => {
            let path = join(path, "prefix");
            issues.add(&path, "wrong_type", &format!("`{path}` must be text."));
            return None;
        }
        None => String::new(),
    };
    let separator = read_separator(&section, issues);
    let value = value_of(&section, issues)?;
    Some(TagMapping::Value { value, prefix, separator })
}

/// A separator may be a blank, such as a tab or a line break.
fn read_separator(section: &Section<'_>, issues: &mut Issues) -> Option<String> {
    match section.get("separator")? {
        Json::String(text) if !text.is_empty() => Some(text.clone()),
        _ => {
            let path = section.path("separator");
            issues.add(&path, "empty", &format!("`{path}` must be text of at least one character."));
            None
        }
    }
}

/// `"Consent"`, or `{ "column": "Consent", "values": ["Yes"] }`, or `{ "column": "DoNotEmail", "negated": true }`.
fn read_consent(path: &str, value: &Json, issues: &mut Issues) -> Option<Consent> {
    if let Json::String(column) = value {
        if column.trim().is_empty() {
            issues.add(path, "empty", &format!("`{path}` is empty; name a column."));
            return None;
        }
        return Some(Consent { column: column.clone(), values: Vec::new(), negated: false });
    }
    let section = Section::open(path, value, &["column", "values", "negated"], issues)?;
    let column = section.required_text("column", issues)?.to_owned();
    let values = section.texts("values", issues);
    let negated = match section.get("negated") {
        None => false,
        Some(Json::Bool(negated)) => *negated,
        Some(_) => {
            let path = section.path("negated");
            issues.add(&path, "wrong_type", &format!("`{path}` must be true or false."));
            return None;
        }
    };
    if negated && !values.is_empty() {
        issues.add(path, "consent", "Give `values` or `negated`, not both.");
    }
    Some(Consent { column, values, negated })
}

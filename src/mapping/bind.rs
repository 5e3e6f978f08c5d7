//! Compiles a plan's mapping for the columns of one source.

use super::field::FieldRules;
use super::gate::Gate;
use super::source::{self, Source};
use super::tags::TagProgram;
use super::{Program, Scratch, ValueKind, ValueProgram};
use crate::error::Issue;
use crate::out::{Literal, escaped};
use crate::plan::{Consent, Mapping, Piece, Plan, TagMapping, Value, closest};
use crate::text::listed;

/// Looks columns up by their exact names and keeps every issue.
struct Binder<'a> {
    columns: &'a [String],
    used: Vec<usize>,
    issues: Vec<Issue>,
}

impl Program {
    /// Compiles the plan's mapping.
    ///
    /// # Errors
    /// One issue for each mapped column that the source does not have, or has twice.
    pub fn bind(plan: &Plan, columns: &[String]) -> Result<Self, Vec<Issue>> {
        if columns.iter().any(|name| name.as_bytes().contains(&b'@')) {
            // Somebody's address: the names of the other columns are that person's too, and are not repeated.
            let message = "The first line holds an e-mail address instead of column names. Add a line with the names of the columns.";
            return Err(vec![Issue::new("source", "no_header", message)]);
        }
        let mut binder = Binder { columns, used: Vec::new(), issues: Vec::new() };
        let mapping = &plan.mapping;
        let mut targets = vec!["phone".to_owned()];
        let id = mapping.id.as_deref().and_then(|name| binder.column("mapping.id", name));
        let email = binder.source("mapping.email", &mapping.email);
        let consent = mapping.consent.as_ref().map(|gate| binder.gate("mapping.consent", gate));
        let subscribe = mapping.subscribe.as_ref().map(|gate| binder.gate("mapping.subscribe", gate));
        let values = binder.values(&plan.mapping, &mut targets);
        let mut tags = Vec::new();
        for (index, tag) in mapping.tags.iter().enumerate() {
            tags.push(binder.tag(&format!("mapping.tags[{index}]"), tag));
        }
        let Binder { used, issues, .. } = binder;
        if !issues.is_empty() {
            return Err(issues);
        }
        Ok(Self {
            id,
            blank_words: plan.blank_words.iter().map(|word| word.trim().as_bytes().to_vec()).collect(),
            consent: consent.flatten(),
            subscribe: subscribe.flatten(),
            email,
            values,
            tags,
            subscribe_json: Literal::new(format!(",\"subscribe\":[{{\"listid\":{}}}]", plan.list).as_bytes()),
            targets,
            columns: used,
            scratch: Scratch::default(),
        })
    }
}

impl Binder<'_> {
    fn column(&mut self, path: &str, name: &str) -> Option<usize> {
        let mut found = self.columns.iter().enumerate().filter(|(_, column)| *column == name).map(|(index, _)| index);
        match (found.next(), found.next()) {
            (Some(index), None) => {
                if !self.used.contains(&index) {
                    self.used.push(index);
                }
                Some(index)
            }
            (Some(first), Some(second)) => {
                let message = format!(
                    "The source has two columns named \"{name}\" (columns {} and {}); rename one of them.",
                    first + 1,
                    second + 1
                );
                self.issues.push(Issue::new(path, "ambiguous_column", &message));
                None
            }
            (None, _) => {
                let suggestion = closest(name, self.columns.iter().map(String::as_str));
                let shown: Vec<&str> = self.columns.iter().take(12).map(String::as_str).collect();
                let more = if self.columns.len() > shown.len() { ", ..." } else { "" };
                let message =
                    format!("The source has no column \"{name}\". It has: {}{more}.", listed(&mut shown.into_iter()));
                self.issues.push(Issue::new(path, "unknown_column", &message).suggesting(suggestion));
                None
            }
        }
    }

    /// Names, phone and custom fields; `targets` gets the titles of the fields.
    fn values(&mut self, mapping: &Mapping, targets: &mut Vec<String>) -> Vec<ValueProgram> {
        let mut values = Vec::new();
        let wanted: [(&str, &[u8], _, _); 3] = [
            ("mapping.firstName", b"\",\"first_name\":\"", &mapping.first_name, ValueKind::Text),
            ("mapping.lastName", b"\",\"last_name\":\"", &mapping.last_name, ValueKind::Text),
            ("mapping.phone", b"\",\"phone\":\"", &mapping.phone, ValueKind::Phone),
        ];
        for (path, opening, value, kind) in wanted {
            if let Some(value) = value {
                let opening = Literal::new(opening);
                let source = self.source(path, value);
                values.push(ValueProgram {
                    kind,
                    field: false,
                    source,
                    first: opening.clone(),
                    next: opening,
                    rules: FieldRules::default(),
                    target: 0,
                });
            }
        }
        for (index, field) in mapping.fields.iter().enumerate() {
            let rules = FieldRules {
                kind: field.kind,
                options: field.options.clone(),
                date_order: field.date_order,
                separator: field.separator.clone(),
            };
            targets.push(field.title.clone());
            values.push(ValueProgram {
                first: Literal::new(format!("\",\"fields\":[{{\"id\":{},\"value\":\"", field.id).as_bytes()),
                next: Literal::new(format!("\"}},{{\"id\":{},\"value\":\"", field.id).as_bytes()),
                source: self.source(&format!("mapping.fields[{index}]"), &field.value),
                kind: if rules.takes_any_text() { ValueKind::Text } else { ValueKind::Typed },
                field: true,
                rules,
                target: targets.len() - 1,
            });
        }
        values
    }

    /// The source of a value; column 0 stands in where an issue was kept, and is never read then.
    fn source(&mut self, path: &str, value: &Value) -> Source {
        match value {
            Value::Column(name) => Source::Column(self.column(path, name).unwrap_or(0)),
            Value::Template(template) => {
                let path = format!("{path}.template");
                let part = |piece: &Piece| match piece {
                    Piece::Text(text) => source::Piece::Text(text.clone().into_bytes()),
                    Piece::Column(name) => source::Piece::Column(self.column(&path, name).unwrap_or(0)),
                };
                Source::Template(template.pieces().iter().map(part).collect())
            }
        }
    }

    fn gate(&mut self, path: &str, gate: &Consent) -> Option<Gate> {
        let column = self.column(path, &gate.column)?;
        Some(Gate::new(column, &gate.values, gate.negated))
    }

    fn tag(&mut self, path: &str, tag: &TagMapping) -> TagProgram {
        let escaped = |text: &str| Literal::new(&escaped(text.as_bytes()));
        match tag {
            TagMapping::Fixed(name) => TagProgram::Fixed(escaped(name)),
            TagMapping::Value { value, prefix, separator } => TagProgram::Value {
                source: self.source(path, value),
                prefix: escaped(prefix),
                separator: separator.as_deref().unwrap_or_default().as_bytes().to_vec(),
            },
        }
    }
}

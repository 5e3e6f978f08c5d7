//! Reads settings and keeps every issue with its path, instead of stopping at the first.

use crate::error::Issue;
use crate::json::Value;
use crate::text::listed;

/// Collects issues while settings are read.
#[derive(Debug, Default)]
pub(super) struct Issues(pub(super) Vec<Issue>);

impl Issues {
    // Out of line: an issue is rare, and a copy of this at each of its many callers is not.
    #[inline(never)]
    pub(super) fn add(&mut self, path: &str, code: &'static str, message: &str) {
        self.0.push(Issue::new(path, code, message));
    }

    #[inline(never)]
    pub(super) fn suggest(&mut self, path: &str, code: &'static str, message: &str, suggestion: Option<String>) {
        self.0.push(Issue::new(path, code, message).suggesting(suggestion));
    }

    #[inline(never)]
    fn wrong_type(&mut self, path: &str, wanted: &str, found: &Value) {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.add(path, "wrong_type", &format!("`{path}` must be {wanted}, but is {found}."));
    }
}

/// An object of the settings whose keys are all known.
#[derive(Clone, Copy)]
pub(super) struct Section<'v> {
    path: &'v str,
    object: &'v Value,
}

/// `mapping` and `email` to `mapping.email`; the root has an empty path.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl<'v> Section<'v> {
    /// Takes a value as an object and reports every key that is not in `known`.
    #[inline(never)]
    pub(super) fn open(path: &'v str, value: &'v Value, known: &[&str], issues: &mut Issues) -> Option<Self> {
        if !matches!(value, Value::Object(_)) {
            issues.wrong_type(if path.is_empty() { "definition" } else { path }, "an object", value);
            return None;
        }
        for (key, _) in value.members().into_iter().filter(|(key, _)| !known.contains(key)) {
            let full = join(path, key);
            let message = format!("Unknown setting `{full}`.");
            issues.suggest(&full, "unknown_key", &message, closest(key, known.iter().copied()));
        }
        Some(Self { path, object: value })
    }

    pub(super) fn path(&self, key: &str) -> String {
        join(self.path, key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'v Value> {
        self.object.get(key)
    }

    /// Text that is not empty.
    #[inline(never)]
    pub(super) fn text(&self, key: &str, issues: &mut Issues) -> Option<&'v str> {
        let path = self.path(key);
        match self.get(key)? {
            Value::String(text) if text.trim().is_empty() => {
                issues.add(&path, "empty", &format!("`{path}` is empty."));
                None
            }
            Value::String(text) => Some(text),
            other => {
                issues.wrong_type(&path, "text", other);
                None
            }
        }
    }

    /// Text that is present and not empty.
    pub(super) fn required_text(&self, key: &str, issues: &mut Issues) -> Option<&'v str> {
        if self.get(key).is_none() {
            self.missing(key, issues);
        }
        self.text(key, issues)
    }

    pub(super) fn missing(&self, key: &str, issues: &mut Issues) {
        let path = self.path(key);
        issues.add(&path, "missing", &format!("`{path}` is required."));
    }

    /// A whole number from 1, or the same as text.
    pub(super) fn id(&self, key: &str, issues: &mut Issues) -> Option<u64> {
        let path = self.path(key);
        let value = self.get(key)?;
        let number = match value {
            Value::Number(number) => *number,
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        if number.is_none_or(|number| number == 0) {
            issues.add(&path, "not_an_id", &format!("`{path}` must be a whole number above zero."));
            return None;
        }
        number
    }

    /// A whole number from 0 to 100.
    pub(super) fn percent(&self, key: &str, issues: &mut Issues) -> Option<u64> {
        let number = self.get(key)?.as_u64().filter(|number| *number <= 100);
        if number.is_none() {
            let path = self.path(key);
            issues.add(&path, "not_a_percentage", &format!("`{path}` must be a whole number from 0 to 100."));
        }
        number
    }

    /// A list; absent is empty.
    pub(super) fn list(&self, key: &str, issues: &mut Issues) -> &'v [Value] {
        match self.get(key) {
            None => &[],
            Some(Value::Array(values)) => values,
            Some(other) => {
                issues.wrong_type(&self.path(key), "a list", other);
                &[]
            }
        }
    }

    /// A list of texts; absent is empty.
    pub(super) fn texts(&self, key: &str, issues: &mut Issues) -> Vec<String> {
        let mut texts = Vec::new();
        for (index, value) in self.list(key, issues).iter().enumerate() {
            match value {
                Value::String(text) => texts.push(text.clone()),
                other => issues.wrong_type(&format!("{}[{index}]", self.path(key)), "text", other),
            }
        }
        texts
    }

    /// One of a few words; absent is the default.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], issues: &mut Issues) -> Option<T> {
        let text = self.text(key, issues)?;
        if let Some((_, found)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*found);
        }
        let path = self.path(key);
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("`{path}` must be one of {}.", listed(&mut names.iter().copied()));
        issues.suggest(&path, "unknown_word", &message, closest(text, names.into_iter()));
        None
    }
}

/// Without blanks and ASCII punctuation, ASCII letters in lower case: how names are compared for suggestions.
/// The tables that fold every script would be a tenth of the core, for a convenience.
pub(crate) fn loose(name: &str) -> String {
    let kept = |letter: &char| !letter.is_ascii() || letter.is_ascii_alphanumeric();
    name.chars().filter(kept).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The candidate most like `name`, if one is like it at all.
pub(crate) fn closest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<String> {
    let wanted = loose(name);
    let most = 1 + wanted.chars().count() / 4;
    candidates
        .map(|candidate| (distance(&wanted, &loose(candidate)), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Levenshtein's distance in letters; long names are cut, since a suggestion needs no more.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().take(64).enumerate() {
        let mut diagonal = index;
        let mut last = index + 1;
        if let Some(first) = row.first_mut() {
            *first = last;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let above = *cell;
            let swap = diagonal + usize::from(letter != *other);
            last = swap.min(above + 1).min(last + 1);
            *cell = last;
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

//! Profile to contact, by a program that is compiled once from the plan and the source's columns.
//! Knows no HTTP.

mod bind;
mod email;
mod field;
mod phone;
pub mod suggest;

use crate::contact::{Contact, Omission};
use crate::limits::{MAX_TAGS, MAX_VALUE_BYTES};
use crate::profile::{CellKind, Profile};
use crate::rejection::Rule;
use crate::text::{Literal, Text, push_escaped, push_escaped_text, push_short, split, trim};
use field::FieldRules;

/// A plan's mapping over the columns of one source.
#[derive(Clone, Debug)]
pub struct Program {
    id: Option<usize>,
    blank_words: Vec<Vec<u8>>,
    consent: Option<Gate>,
    subscribe: Option<Gate>,
    email: Source,
    named: Vec<Named>,
    fields: Vec<FieldProgram>,
    tags: Vec<TagProgram>,
    subscribe_json: Literal,
    targets: Vec<String>,
    columns: Vec<usize>,
    // Reused for every profile, so that the accepted path allocates nothing.
    joined: Vec<u8>,
    value: Vec<u8>,
    omitted: Vec<(usize, Omission)>,
    written_tags: Vec<(usize, usize)>,
}

/// Where a value comes from, by column index.
#[derive(Clone, Debug)]
enum Source {
    Column(usize),
    Template(Vec<Part>),
}

#[derive(Clone, Debug)]
enum Part {
    Text(Vec<u8>),
    Column(usize),
}

/// A property of the contact itself.
#[derive(Clone, Debug)]
struct Named {
    /// `","first_name":"`: it closes the value before it, so that a contact is written in fewer pieces.
    opening: Literal,
    source: Source,
    /// The target number of a phone, whose values are tidied.
    phone: Option<usize>,
}

#[derive(Clone, Debug)]
struct FieldProgram {
    /// `,"fields":[{"id":12,"value":"`, for the first field that has a value.
    first: Literal,
    /// `"},{"id":12,"value":"`, for those after it.
    next: Literal,
    source: Source,
    /// Absent where any text goes through.
    rules: Option<FieldRules>,
    target: usize,
}

#[derive(Clone, Debug)]
enum TagProgram {
    /// Already escaped.
    Fixed(Literal),
    Value {
        source: Source,
        prefix: Literal,
        separator: Option<String>,
    },
}

/// A column that must say yes.
#[derive(Clone, Debug)]
struct Gate {
    column: usize,
    values: Vec<String>,
    negated: bool,
}

/// What became of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapped {
    /// It is a contact, at the end of the body.
    Contact(Contact),
    /// Its consent column does not say yes.
    Excluded,
    /// It broke a rule.
    Rejected(Rule, Option<usize>),
}

/// A rule that was broken, and in which column.
type Broken = (Rule, Option<usize>);

impl Program {
    /// The columns it reads.
    #[must_use]
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The column of the profile's id in the source.
    #[must_use]
    pub fn id_column(&self) -> Option<usize> {
        self.id
    }

    /// The column of the address, when it is just one.
    #[must_use]
    pub fn email_column(&self) -> Option<usize> {
        self.email.column()
    }

    /// The name of a target, as [`Program::omitted`] numbers them.
    #[must_use]
    pub fn target_name(&self, target: usize) -> &str {
        self.targets.get(target).map_or("", String::as_str)
    }

    /// The values left out of the last contact: target number and reason.
    #[must_use]
    pub fn omitted(&self) -> &[(usize, Omission)] {
        &self.omitted
    }

    /// Writes a profile as a contact to the end of `body`; whatever is not a contact leaves `body` as it was.
    pub fn map(&mut self, profile: &Profile<'_>, body: &mut Vec<u8>) -> Mapped {
        let start = body.len();
        self.omitted.clear();
        if self.consent.as_ref().is_some_and(|gate| !gate.opens(profile)) {
            return Mapped::Excluded;
        }
        match self.write(profile, body) {
            Ok(email_end) => {
                let email = start + EMAIL_OPENING.len()..email_end;
                Mapped::Contact(Contact { json: start..body.len(), email })
            }
            Err((rule, column)) => {
                body.truncate(start);
                Mapped::Rejected(rule, column)
            }
        }
    }

    /// Writes the contact; gives the end of its address.
    fn write(&mut self, profile: &Profile<'_>, body: &mut Vec<u8>) -> Result<usize, Broken> {
        body.extend_from_slice(EMAIL_OPENING);
        let email = self.email.read(profile, &self.blank_words, &mut self.joined)?;
        let column = self.email.column();
        let blank = is_blank_word(&self.blank_words, email);
        let email = if blank { Text::default() } else { email };
        email::push_email(body, email).map_err(|rule| (rule, column))?;
        let email_end = body.len();
        self.write_named(profile, body)?;
        body.push(b'"');
        self.write_fields(profile, body)?;
        self.write_tags(profile, body)?;
        if self.subscribe.as_ref().is_none_or(|gate| gate.opens(profile)) {
            self.subscribe_json.push(body);
        }
        body.push(b'}');
        Ok(email_end)
    }

    /// Begins inside the address's quotes and ends inside those of the last value.
    fn write_named(&mut self, profile: &Profile<'_>, body: &mut Vec<u8>) -> Result<(), Broken> {
        for named in &self.named {
            let text = named.source.read(profile, &self.blank_words, &mut self.joined)?.trimmed();
            if text.is_empty() || is_blank_word(&self.blank_words, text) {
                continue;
            }
            let start = body.len();
            named.opening.push(body);
            match named.phone {
                Some(target) => {
                    if !phone::push_phone(body, text.bytes()) {
                        body.truncate(start);
                        self.omitted.push((target, Omission::PhoneUnusable));
                        continue;
                    }
                }
                None => push_text(body, text, &named.source)?,
            }
        }
        Ok(())
    }

    fn write_fields(&mut self, profile: &Profile<'_>, body: &mut Vec<u8>) -> Result<(), Broken> {
        let mut opened = false;
        for field in &self.fields {
            let text = field.source.read(profile, &self.blank_words, &mut self.joined)?.trimmed();
            if text.is_empty() || is_blank_word(&self.blank_words, text) {
                continue;
            }
            let text = match &field.rules {
                None => text,
                Some(rules) => {
                    self.value.clear();
                    if let Err(reason) = rules.push(&mut self.value, text.bytes()) {
                        self.omitted.push((field.target, reason));
                        continue;
                    }
                    if self.value.is_empty() {
                        continue;
                    }
                    Text::from(self.value.as_slice())
                }
            };
            if opened { &field.next } else { &field.first }.push(body);
            opened = true;
            push_text(body, text, &field.source)?;
        }
        if opened {
            body.extend_from_slice(b"\"}]");
        }
        Ok(())
    }

    fn write_tags(&mut self, profile: &Profile<'_>, body: &mut Vec<u8>) -> Result<(), Broken> {
        self.written_tags.clear();
        let written = &mut self.written_tags;
        for tag in &self.tags {
            let (source, prefix, separator) = match tag {
                TagProgram::Fixed(text) => {
                    push_tag(body, written, |body| {
                        text.push(body);
                        true
                    })
                    .map_err(|rule| (rule, None))?;
                    continue;
                }
                TagProgram::Value { source, prefix, separator } => (source, prefix, separator),
            };
            let text = source.read(profile, &self.blank_words, &mut self.joined)?.trimmed();
            if text.is_empty() || is_blank_word(&self.blank_words, text) {
                continue;
            }
            if text.len() > MAX_VALUE_BYTES {
                return Err((Rule::ValueTooLong, source.column()));
            }
            let separator = separator.as_deref().unwrap_or_default().as_bytes();
            for part in split(text.bytes(), separator).map(trim).filter(|part| !part.is_empty()) {
                push_tag(body, written, |body| {
                    prefix.push(body);
                    push_escaped(body, part)
                })
                .map_err(|rule| (rule, source.column()))?;
            }
        }
        if !written.is_empty() {
            body.push(b']');
        }
        Ok(())
    }
}

const EMAIL_OPENING: &[u8; 10] = b"{\"email\":\"";
const TAGS_OPENING: &[u8; 9] = b",\"tags\":[";

/// Writes one tag, unless the contact has it already; `write` says whether the text was clean. `tags` are the
/// places of those before it.
fn push_tag(
    body: &mut Vec<u8>,
    tags: &mut Vec<(usize, usize)>,
    write: impl FnOnce(&mut Vec<u8>) -> bool,
) -> Result<(), Rule> {
    let before = body.len();
    if tags.is_empty() {
        body.extend_from_slice(TAGS_OPENING);
    } else {
        body.push(b',');
    }
    body.push(b'"');
    let start = body.len();
    if !write(body) {
        return Err(Rule::ValueControl);
    }
    let end = body.len();
    if tags.iter().any(|(from, to)| body.get(*from..*to) == body.get(start..end)) {
        body.truncate(before);
        return Ok(());
    }
    body.push(b'"');
    tags.push((start, end));
    if tags.len() > MAX_TAGS { Err(Rule::TooManyTags) } else { Ok(()) }
}

#[inline(always)]
fn push_text(body: &mut Vec<u8>, text: Text<'_>, source: &Source) -> Result<(), Broken> {
    if text.len() > MAX_VALUE_BYTES {
        return Err((Rule::ValueTooLong, source.column()));
    }
    if push_escaped_text(body, text) { Ok(()) } else { Err((Rule::ValueControl, source.column())) }
}

#[inline(always)]
fn is_blank_word(words: &[Vec<u8>], text: Text<'_>) -> bool {
    !words.is_empty() && words.iter().any(|word| word.eq_ignore_ascii_case(text.trimmed().bytes()))
}

impl Source {
    /// The column, when there is just one.
    fn column(&self) -> Option<usize> {
        match self {
            Self::Column(column) => Some(*column),
            Self::Template(_) => None,
        }
    }

    /// The value; a template's is blank when all its columns are.
    #[inline(always)]
    fn read<'a>(&self, profile: &Profile<'a>, blank: &[Vec<u8>], joined: &'a mut Vec<u8>) -> Result<Text<'a>, Broken> {
        match self {
            Self::Column(column) => read_column(profile, *column),
            Self::Template(parts) => join(parts, profile, blank, joined),
        }
    }
}

fn join<'a>(
    parts: &[Part],
    profile: &Profile<'a>,
    blank: &[Vec<u8>],
    joined: &'a mut Vec<u8>,
) -> Result<Text<'a>, Broken> {
    joined.clear();
    let mut filled = false;
    for part in parts {
        match part {
            Part::Text(text) => push_short(joined, text),
            Part::Column(column) => {
                let text = read_column(profile, *column)?.trimmed();
                if !text.is_empty() && !is_blank_word(blank, text) {
                    filled = true;
                    push_short(joined, text.bytes());
                }
            }
        }
    }
    Ok(if filled { Text::from(joined.as_slice()) } else { Text::default() })
}

#[inline(always)]
fn read_column<'a>(profile: &Profile<'a>, column: usize) -> Result<Text<'a>, Broken> {
    match profile.kind(column) {
        CellKind::Text => Ok(profile.text_in_room(column)),
        CellKind::Missing => Ok(Text::default()),
        CellKind::Nested => Err((Rule::ValueNested, Some(column))),
        CellKind::LoneSurrogate => Err((Rule::ValueSurrogate, Some(column))),
    }
}

impl Gate {
    /// Whether the column says yes. A blank is neither consent nor refusal, so it does not open.
    fn opens(&self, profile: &Profile<'_>) -> bool {
        let text = trim(profile.text(self.column));
        let one_of = |words: &[&str]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(text));
        match (self.values.is_empty(), self.negated) {
            (false, _) => self.values.iter().any(|value| value.as_bytes() == text),
            (true, false) => one_of(&["true", "yes", "y", "1", "on"]),
            (true, true) => one_of(&["false", "no", "n", "0", "off"]),
        }
    }
}

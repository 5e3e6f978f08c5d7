//! Profile to contact, by a program that is compiled once from the plan and the source's columns.
//! Knows no HTTP.

mod bind;
mod email;
mod field;
mod gate;
mod phone;
mod source;
pub mod suggest;
mod tags;

use crate::contact::{Contact, Omission};
use crate::limits::{MAX_BATCH_BYTES, MAX_VALUE_BYTES};
use crate::out::{Literal, Out};
use crate::profile::Profile;
use crate::rejection::Rule;
use crate::text::Text;
use field::FieldRules;
use gate::Gate;
use source::Source;
use tags::TagProgram;

/// A plan's mapping over the columns of one source.
#[derive(Clone, Debug)]
pub struct Program {
    id: Option<usize>,
    blank_words: Vec<Vec<u8>>,
    consent: Option<Gate>,
    subscribe: Option<Gate>,
    email: Source,
    values: Vec<ValueProgram>,
    tags: Vec<TagProgram>,
    subscribe_json: Literal,
    targets: Vec<String>,
    columns: Vec<usize>,
    scratch: Scratch,
}

/// Reused for every profile, so that the accepted path allocates nothing.
#[derive(Clone, Debug, Default)]
struct Scratch {
    joined: Vec<u8>,
    value: Vec<u8>,
    omitted: Vec<(usize, Omission)>,
    tags: Vec<tags::Written>,
}

/// A name, a phone or a custom field: a text between quotes.
#[derive(Clone, Debug)]
struct ValueProgram {
    kind: ValueKind,
    /// Whether it is one of the custom fields, which stand in a list.
    field: bool,
    source: Source,
    /// `","first_name":"`: it closes the value before it, so that a contact is written in fewer pieces. That of
    /// a custom field, `","fields":[{"id":12,"value":"`, is for the first one that has a value.
    first: Literal,
    /// `"},{"id":12,"value":"`, for custom fields after the first.
    next: Literal,
    rules: FieldRules,
    target: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueKind {
    /// Any text.
    Text,
    Phone,
    /// What the rules of the field say.
    Typed,
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

/// Room for a contact of the usual size. A body grows by more when a contact needs it.
const CONTACT_ROOM: usize = 4096;

/// Room beyond which a body does not grow: a contact that does not fit it is too large for a request of its own.
/// It holds a full body, a contact as large as one, and a tag that is taken back, each byte of it escaped.
const MAX_ROOM: usize = 4 * MAX_BATCH_BYTES;

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
        &self.scratch.omitted
    }

    /// Writes a profile as a contact to the end of `body`, which may end in bytes that stand for nothing;
    /// whatever is not a contact leaves the first `length` bytes as they were.
    #[inline(never)]
    pub fn map(&mut self, profile: &Profile<'_>, body: &mut Vec<u8>, length: usize) -> Mapped {
        if self.consent.as_ref().is_some_and(|gate| !gate.opens(profile)) {
            return Mapped::Excluded;
        }
        loop {
            let (email_end, end) = match self.write(profile, body, length) {
                Ok(written) => written,
                Err((rule, column)) => return Mapped::Rejected(rule, column),
            };
            if Out::new(body, end).fits() || body.len() >= MAX_ROOM {
                let email = length + EMAIL_OPENING.len()..email_end;
                return Mapped::Contact(Contact { json: length..end, email });
            }
            body.resize((body.len() * 2).clamp(length + CONTACT_ROOM, MAX_ROOM), 0);
        }
    }

    /// Writes the contact; gives the end of its address, and its own.
    ///
    /// The parts are functions of their own: the compilers of JavaScript hosts take many times as long for one
    /// large function, and spend it while the first profiles are converted. They take and give places, not a
    /// writer, which would then live in memory instead of in registers.
    #[inline(always)]
    fn write(&mut self, profile: &Profile<'_>, room: &mut [u8], start: usize) -> Result<(usize, usize), Broken> {
        let mut part = Part { profile, blank_words: &self.blank_words, scratch: &mut self.scratch };
        part.scratch.omitted.clear();
        let email_end = part.email(&self.email, room, start)?;
        let mut end = part.values(&self.values, room, email_end)?;
        if !self.tags.is_empty() {
            end = part.tags(&self.tags, room, end)?;
        }
        let mut out = Out::new(room, end);
        if self.subscribe.as_ref().is_none_or(|gate| gate.opens(profile)) {
            self.subscribe_json.write(&mut out);
        }
        out.byte(b'}');
        Ok((email_end, out.at()))
    }
}

/// What writing a part of a contact needs.
struct Part<'a, 'p> {
    profile: &'a Profile<'p>,
    blank_words: &'a [Vec<u8>],
    scratch: &'a mut Scratch,
}

impl Part<'_, '_> {
    /// Writes the address, and ends inside its quotes.
    #[inline(never)]
    fn email(&mut self, source: &Source, room: &mut [u8], at: usize) -> Result<usize, Broken> {
        let mut out = Out::new(room, at);
        out.block(EMAIL_OPENING, EMAIL_OPENING.len());
        let text = source.read(self.profile, self.blank_words, &mut self.scratch.joined)?;
        let text = if is_blank(self.blank_words, text) { Text::default() } else { text };
        email::push_email(&mut out, text).map_err(|rule| (rule, source.column()))?;
        Ok(out.at())
    }

    /// Writes names, phone and fields; begins inside the address's quotes and closes whatever is open.
    #[inline(never)]
    fn values(&mut self, values: &[ValueProgram], room: &mut [u8], at: usize) -> Result<usize, Broken> {
        let mut out = Out::new(room, at);
        let mut fields = false;
        for value in values {
            let mut text = value.source.read(self.profile, self.blank_words, &mut self.scratch.joined)?.trimmed();
            if is_blank(self.blank_words, text) {
                continue;
            }
            if value.kind != ValueKind::Text {
                let converted = if value.kind == ValueKind::Phone {
                    phone::convert(&mut self.scratch.value, text)
                } else {
                    value.rules.convert(&mut self.scratch.value, text)
                };
                match converted {
                    Ok(converted) => text = converted,
                    Err(reason) => {
                        self.scratch.omitted.push((value.target, reason));
                        continue;
                    }
                }
                if text.is_empty() {
                    continue;
                }
            }
            if fields { &value.next } else { &value.first }.write(&mut out);
            fields |= value.field;
            push_text(&mut out, text, &value.source)?;
        }
        let closing: &[u8; 4] = if fields { b"\"}] " } else { b"\"   " };
        out.block(closing, if fields { 3 } else { 1 });
        Ok(out.at())
    }
}

const EMAIL_OPENING: &[u8; 10] = b"{\"email\":\"";

#[inline(always)]
fn push_text(out: &mut Out<'_>, text: Text<'_>, source: &Source) -> Result<(), Broken> {
    if text.len() > MAX_VALUE_BYTES {
        return Err((Rule::ValueTooLong, source.column()));
    }
    if out.escaped(text) { Ok(()) } else { Err((Rule::ValueControl, source.column())) }
}

/// Whether a text is empty, or a word that stands for no value.
#[inline(always)]
fn is_blank(words: &[Vec<u8>], text: Text<'_>) -> bool {
    text.is_empty() || !words.is_empty() && is_one_of(words, text.trimmed().bytes())
}

#[inline(never)]
fn is_one_of(words: &[Vec<u8>], text: &[u8]) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(text))
}

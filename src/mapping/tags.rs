//! Tags: fixed ones, and those that a column names.

use super::source::Source;
use super::{Broken, Part, Scratch, is_blank, push_text};
use crate::limits::{MAX_TAGS, MAX_VALUE_BYTES};
use crate::out::{Literal, Out};
use crate::rejection::Rule;
use crate::text::{Text, find};

#[derive(Clone, Debug)]
pub(super) enum TagProgram {
    /// Already escaped.
    Fixed(Literal),
    Value {
        source: Source,
        /// Already escaped.
        prefix: Literal,
        /// Empty where one value is one tag.
        separator: Vec<u8>,
    },
}

/// Where a tag stands, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    from: usize,
    to: usize,
    mark: u64,
}

const OPENING: &[u8; 10] = b",\"tags\":[\"";

impl Part<'_, '_> {
    /// Writes the tags, each one once.
    #[inline(never)]
    pub(super) fn tags(&mut self, tags: &[TagProgram], room: &mut [u8], at: usize) -> Result<usize, Broken> {
        if let [TagProgram::Value { source, prefix, separator }] = tags
            && separator.is_empty()
        {
            // One tag: nothing to split, nothing to compare.
            let mut out = Out::new(room, at);
            let text = source.read(self.profile, self.blank_words, &mut self.scratch.joined)?.trimmed();
            if !is_blank(self.blank_words, text) {
                out.block(OPENING, OPENING.len());
                prefix.write(&mut out);
                push_text(&mut out, text, source)?;
                out.block(b"\"]", 2);
            }
            return Ok(out.at());
        }
        self.several_tags(tags, room, at)
    }

    #[inline(never)]
    fn several_tags(&mut self, tags: &[TagProgram], room: &mut [u8], at: usize) -> Result<usize, Broken> {
        let Scratch { joined, tags: written, .. } = &mut *self.scratch;
        let mut out = Out::new(room, at);
        written.clear();
        for tag in tags {
            let (source, prefix, separator) = match tag {
                TagProgram::Fixed(text) => {
                    let start = open(&mut out, written);
                    text.write(&mut out);
                    close(&mut out, start, written).map_err(|rule| (rule, None))?;
                    continue;
                }
                TagProgram::Value { source, prefix, separator } => (source, prefix, separator),
            };
            let text = source.read(self.profile, self.blank_words, joined)?.trimmed();
            if is_blank(self.blank_words, text) {
                continue;
            }
            if text.len() > MAX_VALUE_BYTES {
                return Err((Rule::ValueTooLong, source.column()));
            }
            // An empty separator splits nothing.
            let mut rest = Some(text);
            while let Some(text) = rest {
                let (part, after) = split_once(text, separator);
                rest = after;
                let part = part.trimmed();
                if !part.is_empty() {
                    push(&mut out, prefix, part, written).map_err(|rule| (rule, source.column()))?;
                }
            }
        }
        if !written.is_empty() {
            out.byte(b']');
        }
        Ok(out.at())
    }
}

/// The text before the first separator, and the one behind it.
#[inline(always)]
fn split_once<'a>(text: Text<'a>, separator: &[u8]) -> (Text<'a>, Option<Text<'a>>) {
    match find(text.bytes(), separator) {
        None => (text, None),
        Some(at) => {
            let behind = at + separator.len();
            let rest = Text::new(text.room().get(behind..).unwrap_or_default(), text.len() - behind);
            (Text::new(text.room(), at), Some(rest))
        }
    }
}

#[inline(always)]
fn push(out: &mut Out<'_>, prefix: &Literal, text: Text<'_>, tags: &mut Vec<Written>) -> Result<(), Rule> {
    let start = open(out, tags);
    prefix.write(out);
    if !out.escaped(text) {
        return Err(Rule::ValueControl);
    }
    close(out, start, tags)
}

/// Opens a tag's quotes; gives the place before what that took.
#[inline(always)]
fn open(out: &mut Out<'_>, tags: &[Written]) -> usize {
    let start = out.at();
    if tags.is_empty() {
        out.block(OPENING, OPENING.len());
    } else {
        out.block(b",\"", 2);
    }
    start
}

/// Closes the quotes, or takes the tag back when the contact has it already; `tags` are those before it.
#[inline(always)]
fn close(out: &mut Out<'_>, start: usize, tags: &mut Vec<Written>) -> Result<(), Rule> {
    let from = start + if tags.is_empty() { OPENING.len() } else { 2 };
    let to = out.at();
    let text = out.written(from, to);
    let tag = Written { from, to, mark: mark(text) };
    if tags.iter().any(|other| other.mark == tag.mark && out.written(other.from, other.to) == text) {
        out.back_to(start);
        return Ok(());
    }
    out.byte(b'"');
    tags.push(tag);
    // A writer without room cannot tell which tags are the same; it will write again.
    if tags.len() > MAX_TAGS && out.fits() { Err(Rule::TooManyTags) } else { Ok(()) }
}

/// Tells most texts apart: a cell may hold thousands of tags, and each is compared with a hundred.
fn mark(text: &[u8]) -> u64 {
    let ending = text.iter().rev().take(7).fold(0, |mark, byte| mark << 8 | u64::from(*byte));
    ending << 8 | (text.len() as u64 & 0xff)
}

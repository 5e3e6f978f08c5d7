//! A strict JSON scanner that finds where values are, without building them.
//!
//! It works on one line that an LF follows. No token may hold an LF, so that byte stops whatever runs on to it,
//! and no other end needs to be watched.

use crate::limits::MAX_JSON_DEPTH;
use crate::masks::{SHORT, text_stops};
use crate::profile::CellKind;
use crate::rejection::Rule;

/// How the text between two quotes is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// With escapes.
    Escaped,
    /// With escapes, one of them half of a surrogate pair.
    Lone,
}

/// A string, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) form: Form,
}

/// A value; that of a string without its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: CellKind,
    pub(super) escaped: bool,
}

/// What is told about the members of an object.
pub(super) trait Members {
    /// The length of the next key, if it is the expected one: the key, and a quote behind it.
    fn expected(&mut self, window: &[u8; SHORT]) -> Option<usize>;
    /// The next key.
    fn key(&mut self, key: &[u8], form: Form);
    /// The value of that key.
    fn value(&mut self, value: Value);
}

/// Checks the line from `start` to the LF at `end`, and tells the members of its object.
pub(super) fn line(bytes: &[u8], start: usize, end: usize, members: &mut impl Members) -> Result<(), Rule> {
    let mut cursor = Cursor { bytes, at: start };
    cursor.blanks();
    let object = cursor.peek() == b'{';
    if object {
        cursor.at += 1;
        cursor.object(members)?;
    } else {
        cursor.value(0)?;
    }
    cursor.blanks();
    if cursor.at != end {
        return Err(Rule::InvalidJson);
    }
    if object { Ok(()) } else { Err(Rule::NotAnObject) }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b'\n')
    }

    #[inline]
    fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r') {
            self.at += 1;
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Rule> {
        if self.peek() == byte {
            self.at += 1;
            return Ok(());
        }
        Err(Rule::InvalidJson)
    }

    /// The members of the outermost object, from behind its brace to behind the closing one.
    #[inline]
    fn object(&mut self, members: &mut impl Members) -> Result<(), Rule> {
        self.blanks();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.expect(b'"')?;
            let window = self.bytes.get(self.at..).and_then(|bytes| bytes.first_chunk());
            match window.and_then(|window| members.expected(window)) {
                Some(length) => self.at += length + 1,
                None => {
                    let key = self.text()?;
                    members.key(self.bytes.get(key.start..key.end).unwrap_or_default(), key.form);
                }
            }
            let value = match self.plain_value() {
                Some(value) => value,
                None => {
                    self.blanks();
                    self.expect(b':')?;
                    self.blanks();
                    self.value(1)?
                }
            };
            members.value(value);
            self.blanks();
            let byte = self.peek();
            self.at += 1;
            match byte {
                b',' => self.blanks(),
                b'}' => return Ok(()),
                _ => return Err(Rule::InvalidJson),
            }
        }
    }

    /// The usual value behind a key: a colon, then a string without escapes. Nothing is taken when it is another.
    #[inline(always)]
    fn plain_value(&mut self) -> Option<Value> {
        let behind = self.bytes.get(self.at..)?;
        if behind.first_chunk() != Some(b":\"") {
            return None;
        }
        let start = self.at + 2;
        let mut end = start;
        let mut room = behind.get(2..)?;
        while let Some((window, rest)) = room.split_first_chunk() {
            let stops = text_stops(window);
            if stops != 0 {
                end += stops.trailing_zeros() as usize;
                break;
            }
            end += SHORT;
            room = rest;
        }
        if self.bytes.get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        Some(Value { start, end, kind: CellKind::Text, escaped: false })
    }

    /// Any value; `depth` objects and arrays are open around it.
    fn value(&mut self, depth: usize) -> Result<Value, Rule> {
        let start = self.at;
        let kind = match self.peek() {
            b'"' => {
                self.at += 1;
                let Text { start, end, form } = self.text()?;
                let kind = if form == Form::Lone { CellKind::LoneSurrogate } else { CellKind::Text };
                return Ok(Value { start, end, kind, escaped: form == Form::Escaped });
            }
            b'{' | b'[' => {
                self.nested(depth)?;
                CellKind::Nested
            }
            _ => self.scalar()?,
        };
        Ok(Value { start, end: self.at, kind, escaped: false })
    }

    fn scalar(&mut self) -> Result<CellKind, Rule> {
        match self.peek() {
            b't' => self.word(b"true", CellKind::Text),
            b'f' => self.word(b"false", CellKind::Text),
            b'n' => self.word(b"null", CellKind::Missing),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8], kind: CellKind) -> Result<CellKind, Rule> {
        if !self.bytes.get(self.at..).is_some_and(|bytes| bytes.starts_with(word)) {
            return Err(Rule::InvalidJson);
        }
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<CellKind, Rule> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(CellKind::Text)
    }

    fn digits(&mut self) -> Result<(), Rule> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Rule::InvalidJson) }
    }

    /// The string whose opening quote was passed.
    #[inline]
    fn text(&mut self) -> Result<Text, Rule> {
        let start = self.at;
        self.stop()?;
        if self.peek() == b'"' {
            self.at += 1;
            return Ok(Text { start, end: self.at - 1, form: Form::Plain });
        }
        self.unusual_text(start)
    }

    /// Goes to the next byte that is not plain text.
    #[inline]
    fn stop(&mut self) -> Result<(), Rule> {
        let mut at = self.at;
        loop {
            let Some(window) = self.bytes.get(at..).and_then(|bytes| bytes.first_chunk()) else {
                return Err(Rule::InvalidJson);
            };
            let stops = text_stops(window);
            if stops != 0 {
                self.at = at + stops.trailing_zeros() as usize;
                return Ok(());
            }
            at += SHORT;
        }
    }

    /// The rest of a string that began at `start` and has more than plain text.
    #[cold]
    fn unusual_text(&mut self, start: usize) -> Result<Text, Rule> {
        let mut form = Form::Plain;
        loop {
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(Text { start, end: self.at - 1, form });
                }
                b'\\' => self.escape(&mut form)?,
                _ => return Err(Rule::InvalidJson),
            }
            self.stop()?;
        }
    }

    fn escape(&mut self, form: &mut Form) -> Result<(), Rule> {
        if *form == Form::Plain {
            *form = Form::Escaped;
        }
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match code_point(self.bytes.get(self.at..).unwrap_or_default()).ok_or(Rule::InvalidJson)? {
                (Some(_), length) => self.at += length,
                (None, length) => {
                    *form = Form::Lone;
                    self.at += length;
                }
            },
            _ => return Err(Rule::InvalidJson),
        }
        Ok(())
    }

    /// An object or array below the outermost one, which is only checked.
    fn nested(&mut self, outer: usize) -> Result<(), Rule> {
        // One bit for each open level, the innermost lowest: an object, or an array.
        let mut objects = 0_u64;
        let mut depth = outer;
        loop {
            let opening = self.peek();
            if opening == b'{' || opening == b'[' {
                depth += 1;
                if depth > MAX_JSON_DEPTH {
                    return Err(Rule::JsonTooDeep);
                }
                objects = objects << 1 | u64::from(opening == b'{');
                self.at += 1;
                self.blanks();
                if self.peek() != closing(objects) {
                    self.nested_key(objects)?;
                    continue;
                }
            } else if opening == b'"' {
                self.at += 1;
                self.text()?;
            } else {
                self.scalar()?;
            }
            loop {
                self.blanks();
                let byte = self.peek();
                self.at += 1;
                if byte == b',' {
                    self.blanks();
                    self.nested_key(objects)?;
                    break;
                }
                if byte != closing(objects) {
                    return Err(Rule::InvalidJson);
                }
                objects >>= 1;
                depth -= 1;
                if depth == outer {
                    return Ok(());
                }
            }
        }
    }

    /// What stands before a value: in an object a key and a colon.
    fn nested_key(&mut self, objects: u64) -> Result<(), Rule> {
        if objects & 1 == 1 {
            self.expect(b'"')?;
            self.text()?;
            self.blanks();
            self.expect(b':')?;
            self.blanks();
        }
        Ok(())
    }
}

/// What closes the innermost level.
fn closing(objects: u64) -> u8 {
    if objects & 1 == 1 { b'}' } else { b']' }
}

/// The character of a `\u` escape, or of a pair of them, with the length of what was read; no character for half
/// of a surrogate pair. `None` when it is no escape.
fn code_point(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let unit = |at: usize| -> Option<u32> {
        if bytes.get(at..at + 2)? != br"\u" {
            return None;
        }
        let digits = bytes.get(at + 2..at + 6)?;
        digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
    };
    let first = unit(0)?;
    if (0xD800..0xDC00).contains(&first)
        && let Some(second @ 0xDC00..0xE000) = unit(6)
    {
        let scalar = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return Some((char::from_u32(scalar), 12));
    }
    Some((char::from_u32(first), 6))
}

/// Undoes the escapes of a checked text in place and answers what is left, which is never longer. What becomes
/// free is filled with blanks, so that no half of a character remains in it.
pub(super) fn unescape(bytes: &mut [u8]) -> usize {
    let (mut read, mut write) = (0, 0);
    while let Some(byte) = bytes.get(read).copied() {
        let mut utf8 = [byte, 0, 0, 0];
        let (mut length, mut passed) = (1, 1);
        if byte == b'\\' {
            let (character, escape_length) = escaped(bytes.get(read..).unwrap_or_default());
            length = character.encode_utf8(&mut utf8).len();
            passed = escape_length;
        }
        for (target, source) in bytes.iter_mut().skip(write).zip(utf8.iter().take(length)) {
            *target = *source;
        }
        read += passed;
        write += length;
    }
    bytes.iter_mut().skip(write).for_each(|byte| *byte = b' ');
    write
}

/// The character of the escape at the start of a checked text, and the escape's length.
fn escaped(bytes: &[u8]) -> (char, usize) {
    let character = match bytes.get(1).copied().unwrap_or_default() {
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let (character, length) = code_point(bytes).unwrap_or((None, 6));
            return (character.unwrap_or(char::REPLACEMENT_CHARACTER), length);
        }
        byte => char::from(byte),
    };
    (character, 2)
}

//! Text as bytes: written, trimmed, searched. Values are valid UTF-8 and stay bytes on their way.

use crate::masks::{first, text_stops};

/// Different texts, each with the number of those that came before it. A few hundred at most, so a sorted list
/// serves: a tree of them would be a fiftieth of the core.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct(Vec<(Vec<u8>, usize)>);

impl Distinct {
    /// Adds a text; `false` when it was there.
    pub fn insert(&mut self, text: &[u8]) -> bool {
        let Err(place) = self.place(text) else { return false };
        self.0.insert(place, (text.to_vec(), self.0.len()));
        true
    }

    /// The number of a text.
    #[must_use]
    pub fn get(&self, text: &[u8]) -> Option<usize> {
        let place = self.place(text).ok()?;
        self.0.get(place).map(|(_, number)| *number)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, text: &[u8]) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_slice().cmp(text))
    }
}

/// The first byte that is not UTF-8, if there is one. The usual answer, none, is found with vector instructions.
#[must_use]
pub fn first_invalid(text: &[u8]) -> Option<usize> {
    if simdutf8::basic::from_utf8(text).is_ok() {
        return None;
    }
    core::str::from_utf8(text).err().map(|error| error.valid_up_to())
}

/// Where `wanted` begins; nowhere when it is empty. The standard library's search for text in text brings its
/// error messages along, and with them tables of every printable letter.
#[must_use]
pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() {
        return None;
    }
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// Where the first of some ASCII letters stands. One small loop for all sets of letters: the standard library's
/// patterns would be compiled for each kind anew.
#[inline(never)]
#[must_use]
pub fn find_any(text: &str, letters: &[u8]) -> Option<usize> {
    text.bytes().position(|byte| letters.contains(&byte))
}

/// Texts with commas between them.
#[must_use]
pub fn listed(texts: &mut dyn Iterator<Item = &str>) -> String {
    let mut list = String::new();
    for text in texts {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(text);
    }
    list
}

/// The parts between some ASCII letters.
pub fn parts<'a>(text: &'a str, letters: &'a [u8]) -> impl Iterator<Item = &'a str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let current = rest?;
        let at = find_any(current, letters);
        rest = at.and_then(|at| current.get(at + 1..));
        current.get(..at.unwrap_or(current.len()))
    })
}

/// Splits at a separator of any length; an empty one splits nothing.
pub fn split<'a>(text: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let current = rest?;
        let Some(at) = find(current, separator) else {
            rest = None;
            return Some(current);
        };
        rest = current.get(at + separator.len()..);
        current.get(..at)
    })
}

/// Removes white space of any script from both ends (ECMAScript's WhiteSpace and LineTerminator).
#[inline(always)]
pub fn trim(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(b'!'..=b'~'), Some(b'!'..=b'~')) => text,
        _ => trim_slow(text, false),
    }
}

fn trim_slow(mut text: &[u8], invisible: bool) -> &[u8] {
    loop {
        let rest = match text {
            [9..=13 | 32, rest @ ..] => rest,
            [0xc2, 0xa0, rest @ ..] => rest,
            [a, b, c, rest @ ..] if is_wide_blank([*a, *b, *c], invisible) => rest,
            _ => break,
        };
        text = rest;
    }
    loop {
        let rest = match text {
            [rest @ .., 9..=13 | 32] => rest,
            [rest @ .., 0xc2, 0xa0] => rest,
            [rest @ .., a, b, c] if is_wide_blank([*a, *b, *c], invisible) => rest,
            _ => return text,
        };
        text = rest;
    }
}

/// The blanks of three bytes in UTF-8. A match cannot straddle two letters: the first byte is a leading one.
fn is_wide_blank(bytes: [u8; 3], invisible: bool) -> bool {
    match bytes {
        // U+1680, U+2000-200A, U+2028, U+2029, U+202F, U+205F, U+3000, U+FEFF
        [0xe1, 0x9a, 0x80]
        | [0xe2, 0x80, 0x80..=0x8a | 0xa8 | 0xa9 | 0xaf]
        | [0xe2, 0x81, 0x9f]
        | [0xe3, 0x80, 0x80]
        | [0xef, 0xbb, 0xbf] => true,
        // U+200B-200F, U+2060
        [0xe2, 0x80, 0x8b..=0x8f] | [0xe2, 0x81, 0xa0] => invisible,
        _ => false,
    }
}

/// Appends a short text: overlapping blocks of fixed sizes instead of a library copy, whose call alone costs
/// more than the bytes of a name (in wasm it leaves the module).
#[inline(never)]
pub fn push_short(out: &mut Vec<u8>, text: &[u8]) {
    let end = out.len() + text.len();
    match (text.first_chunk::<16>(), text.first_chunk::<8>(), text.first_chunk::<4>()) {
        (Some(_), ..) => {
            let (blocks, _) = text.as_chunks::<16>();
            for block in blocks {
                out.extend_from_slice(block);
            }
            if let Some(last) = text.last_chunk::<16>() {
                out.truncate(end - 16);
                out.extend_from_slice(last);
            }
        }
        (_, Some(first), _) => {
            out.extend_from_slice(first);
            if let Some(last) = text.last_chunk::<8>() {
                out.truncate(end - 8);
                out.extend_from_slice(last);
            }
        }
        (_, _, Some(first)) => {
            out.extend_from_slice(first);
            if let Some(last) = text.last_chunk::<4>() {
                out.truncate(end - 4);
                out.extend_from_slice(last);
            }
        }
        _ => {
            for byte in text {
                out.push(*byte);
            }
        }
    }
}

/// A text that is written again and again: kept in a block, so that writing it is one check and two stores.
#[derive(Clone, Debug)]
pub struct Literal {
    block: [u8; 32],
    /// Longer texts are written the usual way.
    long: Vec<u8>,
    length: usize,
}

impl Literal {
    /// Keeps a text.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        let mut block = [0; 32];
        let fits = block.get_mut(..text.len()).map(|start| start.copy_from_slice(text)).is_some();
        Self { block, long: if fits { Vec::new() } else { text.to_vec() }, length: text.len() }
    }

    /// Appends the text.
    #[inline(always)]
    pub fn push(&self, out: &mut Vec<u8>) {
        if self.length > self.block.len() {
            return push_short(out, &self.long);
        }
        let end = out.len() + self.length;
        out.extend_from_slice(&self.block);
        out.truncate(end);
    }
}

/// A text with whatever follows it in its buffer, so that it can be read in blocks beyond its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text<'a> {
    room: &'a [u8],
    length: usize,
}

impl<'a> From<&'a [u8]> for Text<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self { room: text, length: text.len() }
    }
}

impl<'a> Text<'a> {
    /// Bytes of the text.
    #[inline(always)]
    #[must_use]
    pub fn len(self) -> usize {
        self.length
    }

    /// Whether there is none.
    #[inline(always)]
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.length == 0
    }

    /// The text that begins a buffer; no longer than it.
    #[inline(always)]
    #[must_use]
    pub fn new(room: &'a [u8], length: usize) -> Self {
        Self { room, length: length.min(room.len()) }
    }

    /// The text alone.
    #[inline(always)]
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.room.get(..self.length).unwrap_or_default()
    }

    /// Without white space at both ends.
    #[inline(always)]
    #[must_use]
    pub fn trimmed(self) -> Self {
        let text = self.bytes();
        match (text.first(), text.last()) {
            (Some(b'!'..=b'~'), Some(b'!'..=b'~')) => self,
            _ => self.cut(trim_slow(text, false)),
        }
    }

    /// The same, and without characters that show nothing: zero-width spaces and joiners, as spreadsheets leave
    /// them around addresses.
    #[inline(always)]
    #[must_use]
    pub fn trimmed_of_invisible(self) -> Self {
        let text = self.bytes();
        match (text.first(), text.last()) {
            (Some(b'!'..=b'~'), Some(b'!'..=b'~')) => self,
            _ => self.cut(trim_slow(text, true)),
        }
    }

    /// The text and whatever follows it.
    #[inline(always)]
    #[must_use]
    pub fn room(self) -> &'a [u8] {
        self.room
    }

    /// The same with a part of its bytes.
    fn cut(self, part: &'a [u8]) -> Self {
        let skipped = part.as_ptr().addr().saturating_sub(self.room.as_ptr().addr());
        Self::new(self.room.get(skipped..).unwrap_or(part), part.len())
    }

    /// The first blocks of the buffer, as many as the text needs.
    #[inline(always)]
    #[must_use]
    pub fn blocks<const N: usize>(self) -> Option<&'a [[u8; 16]; N]> {
        let (blocks, _) = self.room.as_chunks::<16>();
        blocks.first_chunk::<N>().filter(|_| self.length <= N * 16)
    }
}

/// Writes `text` as JSON.stringify would inside quotes; `false` when it holds a NUL, which is not written.
///
/// Text is valid UTF-8; only quotes, backslashes and control characters need an escape.
#[inline(always)]
pub fn push_escaped_text(out: &mut Vec<u8>, text: Text<'_>) -> bool {
    // Names, cities, tags and dates fit one block: one check and one store, the rest cut off again.
    if let Some([block]) = text.blocks::<1>()
        && u64::from(text_stops(block)) & first(text.length) == 0
    {
        let end = out.len() + text.length;
        out.extend_from_slice(block);
        out.truncate(end);
        return true;
    }
    push_escaped(out, text.bytes())
}

/// Writes `text` as JSON.stringify would inside quotes; `false` when it holds a NUL, which is not written.
///
/// Text is valid UTF-8; only quotes, backslashes and control characters need an escape.
#[inline(always)]
pub fn push_escaped(out: &mut Vec<u8>, text: &[u8]) -> bool {
    if needs_escape(text) {
        return push_escapes(out, text);
    }
    push_short(out, text);
    true
}

#[cold]
fn push_escapes(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let mut clean = true;
    for &byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0 => clean = false,
            1..=0x1f => {
                const HEX: [u8; 16] = *b"0123456789abcdef";
                let low = HEX.get(usize::from(byte & 15)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), low]);
            }
            other => out.push(other),
        }
    }
    clean
}

/// Whether any byte is a quote, a backslash or a control character: eight bytes at a time, the last eight
/// overlapping the ones before them.
#[inline(always)]
fn needs_escape(text: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A byte is zero in `x` exactly when the expression has a high bit; the same trick finds bytes below 0x20.
    let has_zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
    let check = |word: u64| {
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        control | has_zero(word ^ (ONES * 0x22)) | has_zero(word ^ (ONES * 0x5c))
    };
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().any(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
    };
    let (words, _) = text.as_chunks::<8>();
    let found =
        words.iter().fold(check(u64::from_le_bytes(*last)), |found, word| found | check(u64::from_le_bytes(*word)));
    found != 0
}

//! Text as bytes: written, trimmed, searched. Values are valid UTF-8 and stay bytes on their way.

use crate::masks::{BLOCK, LetterMarks, SHORT, first, letters};

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

/// The first byte that is not UTF-8, if there is one.
#[must_use]
pub fn first_invalid(text: Text<'_>) -> Option<usize> {
    if is_utf8(text) {
        return None;
    }
    core::str::from_utf8(text.bytes()).err().map(|error| error.valid_up_to())
}

/// Whether a text is UTF-8, from the marks of whole blocks (Unicode, table 3-7): a letter's first byte says how
/// many follow. `false` for a few letters that are UTF-8 too, those whose first byte narrows down the second:
/// they are for the standard library.
fn is_utf8(text: Text<'_>) -> bool {
    let mut room = text.room();
    let mut left = text.len();
    // Bytes that must go on with a letter of the block before.
    let mut carried = 0;
    while left > 0 {
        let Some((block, rest)) = room.split_first_chunk::<BLOCK>() else { return false };
        let LetterMarks { high, below_c0, below_c2, below_e0, below_f0, narrow } = letters(block);
        let keep = first(left);
        if high & keep != 0 || carried != 0 {
            let (two, three) = (below_e0 & !below_c2 & keep, below_f0 & !below_e0 & keep);
            let following = carried | (two | three) << 1 | three << 2;
            let refused = (high & !below_f0) | (below_c2 & !below_c0) | narrow;
            if refused & keep != 0 || following != below_c0 & keep {
                return false;
            }
            carried = (two | three) >> 63 | three >> 62;
        }
        room = rest;
        left -= left.min(BLOCK);
    }
    carried == 0
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
    Text::from(text).trimmed().bytes()
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

/// A text of at most a block, with which the start of another block is compared in one go.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShortText {
    bytes: u128,
    mask: u128,
}

impl ShortText {
    /// Keeps a text; `None` when it is longer than a block.
    #[must_use]
    pub fn new(text: &[u8]) -> Option<Self> {
        let mut block = [0; SHORT];
        block.get_mut(..text.len())?.copy_from_slice(text);
        let unused = 8 * (SHORT - text.len()) as u32;
        Some(Self { bytes: u128::from_le_bytes(block), mask: u128::MAX.checked_shr(unused).unwrap_or(0) })
    }

    /// Whether a block begins with the text.
    #[inline(always)]
    #[must_use]
    pub fn begins(self, block: &[u8; SHORT]) -> bool {
        (u128::from_le_bytes(*block) ^ self.bytes) & self.mask == 0
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
        if self.is_trim() { self } else { self.cut(trim_slow(self.bytes(), false)) }
    }

    /// Whether both ends are visible ASCII.
    #[inline(always)]
    fn is_trim(self) -> bool {
        let visible = |at: usize| self.room.get(at).is_some_and(|byte| byte.wrapping_sub(b'!') <= b'~' - b'!');
        visible(0) && visible(self.length.wrapping_sub(1))
    }

    /// The same, and without characters that show nothing: zero-width spaces and joiners, as spreadsheets leave
    /// them around addresses.
    #[inline(always)]
    #[must_use]
    pub fn trimmed_of_invisible(self) -> Self {
        if self.is_trim() { self } else { self.cut(trim_slow(self.bytes(), true)) }
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

    /// The first block of the buffer, if the text needs no more.
    #[inline(always)]
    #[must_use]
    pub fn block(self) -> Option<&'a [u8; SHORT]> {
        self.room.first_chunk().filter(|_| self.length <= SHORT)
    }
}

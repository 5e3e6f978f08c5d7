//! The marks by plain loops, written so that a compiler can turn them into vector instructions.

use super::{BLOCK, LetterMarks, Marks, SHORT};

/// Moves the lowest bit of each of eight bytes into the highest byte, in order.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// A word for every eight bytes; it has the lowest bit of each byte that passes the test.
#[inline]
fn flags<const N: usize, const WORDS: usize>(block: &[u8; N], test: impl Fn(u8) -> bool) -> [u64; WORDS] {
    let mut flags = [0; N];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(test(*byte));
    }
    words(&flags)
}

#[inline]
fn words<const WORDS: usize>(bytes: &[u8]) -> [u64; WORDS] {
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

#[inline]
fn gather(flags: &[u64]) -> u64 {
    let mut bits = 0;
    for (index, word) in flags.iter().enumerate() {
        bits |= (word.wrapping_mul(GATHER) >> 56) << (8 * index);
    }
    bits
}

/// Most blocks have no quote, no line end, no byte outside ASCII: one test instead of a gathering.
#[inline]
fn gather_rare(flags: [u64; 8]) -> u64 {
    if flags.iter().fold(0, |any, word| any | word) == 0 { 0 } else { gather(&flags) }
}

#[inline]
fn high(block: &[u8; BLOCK]) -> u64 {
    gather_rare(words(block).map(|word: u64| word >> 7 & 0x0101_0101_0101_0101))
}

#[inline]
pub(super) fn table(block: &[u8; BLOCK], delimiter: u8) -> Marks {
    Marks {
        delimiters: gather(&flags::<BLOCK, 8>(block, |byte| byte == delimiter)),
        quotes: gather_rare(flags(block, |byte| byte == b'"')),
        lines: gather_rare(flags(block, |byte| (byte == b'\n') | (byte == b'\r'))),
        high: high(block),
    }
}

#[inline]
pub(super) fn marked(block: &[u8; BLOCK], wanted: u8) -> u64 {
    gather(&flags::<BLOCK, 8>(block, |byte| byte == wanted))
}

#[inline]
pub(super) fn line_ends(block: &[u8; BLOCK]) -> (u64, u64) {
    (gather_rare(flags(block, |byte| byte == b'\n')), high(block))
}

#[inline]
pub(super) fn text_stops(block: &[u8; SHORT]) -> u32 {
    gather(&flags::<SHORT, 2>(block, |byte| (byte == b'"') | (byte == b'\\') | (byte < b' '))) as u32
}

#[inline]
pub(super) fn letters(block: &[u8; BLOCK]) -> LetterMarks {
    let high = high(block);
    if high == 0 {
        return LetterMarks::default();
    }
    let below = |number: u8| gather(&flags::<BLOCK, 8>(block, |byte| (byte >= 0x80) & (byte < number)));
    LetterMarks {
        high,
        below_c0: below(0xc0),
        below_c2: below(0xc2),
        below_e0: below(0xe0),
        below_f0: below(0xf0),
        narrow: gather(&flags::<BLOCK, 8>(block, |byte| (byte == 0xe0) | (byte == 0xed))),
    }
}

/// Letters, digits, hyphens, dots, at signs, symbols.
#[inline]
pub(super) fn address(block: &[u8; SHORT], lowered: &mut [u8; SHORT]) -> [u16; 6] {
    let bits = |flags: [u64; 2]| gather(&flags) as u16;
    *lowered = block.map(|byte| byte.to_ascii_lowercase());
    [
        bits(flags(block, |byte| (byte | 0x20).wrapping_sub(b'a') < 26)),
        bits(flags(block, |byte| byte.wrapping_sub(b'0') < 10)),
        bits(flags(block, |byte| byte == b'-')),
        bits(flags(block, |byte| byte == b'.')),
        bits(flags(block, |byte| byte == b'@')),
        bits(flags(block, |byte| (byte == b'_') | (byte == b'+'))),
    ]
}

/// Digits, separators, plus signs.
#[inline]
pub(super) fn phone(block: &[u8; SHORT]) -> [u16; 3] {
    let bits = |flags: [u64; 2]| gather(&flags) as u16;
    [
        bits(flags(block, |byte| byte.wrapping_sub(b'0') < 10)),
        bits(flags(block, |byte| matches!(byte, b' ' | b'(' | b')' | b'-' | b'.' | b'/'))),
        bits(flags(block, |byte| byte == b'+')),
    ]
}

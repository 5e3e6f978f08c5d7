//! Which of 64 bytes are separators, as bit masks: bit `i` stands for byte `i`.
//!
//! In a table there is a separator every few bytes, so searching one after the other costs several times as
//! much as marking all of them at once. WebAssembly has vector instructions for it that are safe to call;
//! elsewhere plain loops are written so that the compiler turns them into vector instructions.

/// Bytes looked at in one go.
pub const BLOCK: usize = 64;

/// Bytes looked at in one go inside a JSON text.
pub const SHORT: usize = 16;

/// The marks of one block of a table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// Delimiters.
    pub delimiters: u64,
    /// Quotes.
    pub quotes: u64,
    /// CR and LF.
    pub lines: u64,
    /// Bytes outside ASCII.
    pub high: u64,
}

impl Marks {
    /// Marks of a table's block.
    #[inline(always)]
    pub fn table(block: &[u8; BLOCK], delimiter: u8) -> Self {
        platform::table(block, delimiter)
    }

    /// Keeps the marks of the first `length` bytes only.
    #[inline(always)]
    pub fn truncate(&mut self, length: usize) {
        let keep = first(length);
        self.delimiters &= keep;
        self.quotes &= keep;
        self.lines &= keep;
        self.high &= keep;
    }
}

/// The marks of LF, and those of bytes outside ASCII.
#[inline(always)]
pub fn line_ends(block: &[u8; BLOCK]) -> (u64, u64) {
    platform::line_ends(block)
}

/// The marks of what ends a run of plain JSON text: quote, backslash, control.
#[inline(always)]
pub fn text_stops(block: &[u8; SHORT]) -> u32 {
    platform::text_stops(block)
}

/// What the bytes of an address are.
#[derive(Clone, Copy, Debug, Default)]
pub struct AddressMarks {
    /// ASCII letters.
    pub letters: u64,
    /// Digits.
    pub digits: u64,
    /// Hyphens.
    pub hyphens: u64,
    /// Dots.
    pub dots: u64,
    /// At signs.
    pub ats: u64,
}

/// The marks of an address of up to 64 bytes that begins `room`; `None` when it is longer, or when `room` ends
/// before its last block does.
#[inline(always)]
#[must_use]
pub fn address(room: &[u8], length: usize) -> Option<AddressMarks> {
    if length > BLOCK {
        return None;
    }
    let blocks = room.as_chunks::<SHORT>().0.get(..length.div_ceil(SHORT))?;
    let mut marks = AddressMarks::default();
    for (index, block) in blocks.iter().enumerate() {
        let [letters, digits, hyphens, dots, ats] =
            platform::address(block).map(|bits| u64::from(bits) << (SHORT * index));
        marks.letters |= letters;
        marks.digits |= digits;
        marks.hyphens |= hyphens;
        marks.dots |= dots;
        marks.ats |= ats;
    }
    let keep = first(length);
    Some(AddressMarks {
        letters: marks.letters & keep,
        digits: marks.digits & keep,
        hyphens: marks.hyphens & keep,
        dots: marks.dots & keep,
        ats: marks.ats & keep,
    })
}

/// The first `length` bits, of which there are 64 at most.
#[inline(always)]
pub fn first(length: usize) -> u64 {
    if length >= BLOCK { u64::MAX } else { (1 << length) - 1 }
}

/// The bits below the lowest set bit; all of them when none is set.
#[inline(always)]
pub fn below_lowest(bits: u64) -> u64 {
    !bits & bits.wrapping_sub(1)
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod platform {
    use super::{BLOCK, Marks, SHORT};
    use core::arch::wasm32::{
        i8x16_bitmask, i8x16_eq, i8x16_splat, i64x2, u8x16_lt, u8x16_splat, u8x16_sub, v128, v128_any_true, v128_or,
    };

    /// Two words put together are one load in the machine code; a load by pointer would not be safe code.
    #[inline(always)]
    fn load(bytes: &[u8; SHORT]) -> v128 {
        let (low, high) = bytes.split_at(SHORT / 2);
        let word = |half: &[u8]| i64::from_le_bytes(half.try_into().unwrap_or_default());
        i64x2(word(low), word(high))
    }

    #[inline(always)]
    fn vectors(block: &[u8; BLOCK]) -> [v128; 4] {
        let (quarters, _) = block.as_chunks::<SHORT>();
        match quarters {
            [a, b, c, d] => [load(a), load(b), load(c), load(d)],
            _ => [i8x16_splat(0); 4],
        }
    }

    #[inline(always)]
    fn gather(vectors: [v128; 4]) -> u64 {
        // Spelt out: the array's own `map` is a call that this build does not inline.
        let [a, b, c, d] = vectors;
        let bits = |vector| u64::from(i8x16_bitmask(vector));
        bits(a) | bits(b) << 16 | bits(c) << 32 | bits(d) << 48
    }

    /// Most blocks have no quote, no line end, no byte outside ASCII: one test instead of four gatherings.
    #[inline(always)]
    fn gather_rare([a, b, c, d]: [v128; 4]) -> u64 {
        if v128_any_true(v128_or(v128_or(a, b), v128_or(c, d))) { gather([a, b, c, d]) } else { 0 }
    }

    #[inline(always)]
    fn high(vectors: [v128; 4]) -> u64 {
        let [a, b, c, d] = vectors;
        if i8x16_bitmask(v128_or(v128_or(a, b), v128_or(c, d))) == 0 { 0 } else { gather(vectors) }
    }

    #[inline(always)]
    fn equal(vectors: [v128; 4], byte: u8) -> [v128; 4] {
        let (wanted, [a, b, c, d]) = (u8x16_splat(byte), vectors);
        [i8x16_eq(a, wanted), i8x16_eq(b, wanted), i8x16_eq(c, wanted), i8x16_eq(d, wanted)]
    }

    #[inline(always)]
    pub(super) fn table(block: &[u8; BLOCK], delimiter: u8) -> Marks {
        let vectors = vectors(block);
        let ([a, b, c, d], [e, f, g, h]) = (equal(vectors, b'\n'), equal(vectors, b'\r'));
        Marks {
            delimiters: gather(equal(vectors, delimiter)),
            quotes: gather_rare(equal(vectors, b'"')),
            lines: gather_rare([v128_or(a, e), v128_or(b, f), v128_or(c, g), v128_or(d, h)]),
            high: high(vectors),
        }
    }

    #[inline(always)]
    pub(super) fn line_ends(block: &[u8; BLOCK]) -> (u64, u64) {
        let vectors = vectors(block);
        (gather_rare(equal(vectors, b'\n')), high(vectors))
    }

    #[inline(always)]
    pub(super) fn text_stops(block: &[u8; SHORT]) -> u32 {
        let vector = load(block);
        let quote = i8x16_eq(vector, u8x16_splat(b'"'));
        let backslash = i8x16_eq(vector, u8x16_splat(b'\\'));
        let control = u8x16_lt(vector, u8x16_splat(b' '));
        u32::from(i8x16_bitmask(v128_or(v128_or(quote, backslash), control)))
    }

    /// Letters, digits, hyphens, dots, at signs.
    #[inline(always)]
    pub(super) fn address(block: &[u8; SHORT]) -> [u16; 5] {
        let vector = load(block);
        let range = |vector, from: u8, count: u8| u8x16_lt(u8x16_sub(vector, u8x16_splat(from)), u8x16_splat(count));
        let lower = v128_or(vector, u8x16_splat(0x20));
        [
            i8x16_bitmask(range(lower, b'a', 26)),
            i8x16_bitmask(range(vector, b'0', 10)),
            i8x16_bitmask(i8x16_eq(vector, u8x16_splat(b'-'))),
            i8x16_bitmask(i8x16_eq(vector, u8x16_splat(b'.'))),
            i8x16_bitmask(i8x16_eq(vector, u8x16_splat(b'@'))),
        ]
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod platform {
    use super::{BLOCK, Marks, SHORT};

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
    pub(super) fn line_ends(block: &[u8; BLOCK]) -> (u64, u64) {
        (gather_rare(flags(block, |byte| byte == b'\n')), high(block))
    }

    #[inline]
    pub(super) fn text_stops(block: &[u8; SHORT]) -> u32 {
        gather(&flags::<SHORT, 2>(block, |byte| (byte == b'"') | (byte == b'\\') | (byte < b' '))) as u32
    }

    /// Letters, digits, hyphens, dots, at signs.
    #[inline]
    pub(super) fn address(block: &[u8; SHORT]) -> [u16; 5] {
        let bits = |flags: [u64; 2]| gather(&flags) as u16;
        [
            bits(flags(block, |byte| (byte | 0x20).wrapping_sub(b'a') < 26)),
            bits(flags(block, |byte| byte.wrapping_sub(b'0') < 10)),
            bits(flags(block, |byte| byte == b'-')),
            bits(flags(block, |byte| byte == b'.')),
            bits(flags(block, |byte| byte == b'@')),
        ]
    }
}

//! Which of 64 bytes are separators, as bit masks: bit `i` stands for byte `i`.
//!
//! In a table there is a separator every few bytes, so searching one after the other costs several times as
//! much as marking all of them at once. WebAssembly has vector instructions for it that are safe to call;
//! elsewhere plain loops are written so that the compiler turns them into vector instructions.

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[path = "scalar.rs"]
mod platform;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "vector.rs"]
mod platform;

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

/// The marks of one byte.
#[inline(always)]
#[must_use]
pub fn marked(block: &[u8; BLOCK], byte: u8) -> u64 {
    platform::marked(block, byte)
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

/// What the bytes outside ASCII are, in UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub struct LetterMarks {
    /// All of them.
    pub high: u64,
    /// Those that go on with a letter.
    pub below_c0: u64,
    /// These, and those that no text holds.
    pub below_c2: u64,
    /// These, and first bytes of two.
    pub below_e0: u64,
    /// These, and first bytes of three.
    pub below_f0: u64,
    /// First bytes of three after which not every second one is right.
    pub narrow: u64,
}

/// The marks of bytes outside ASCII.
#[inline(always)]
#[must_use]
pub fn letters(block: &[u8; BLOCK]) -> LetterMarks {
    platform::letters(block)
}

/// Bytes of an address that are looked at in one go: nearly all of them have no more.
pub const ADDRESS_BLOCK: usize = 2 * SHORT;

/// What the bytes of an address are.
#[derive(Clone, Copy, Debug, Default)]
pub struct AddressMarks {
    /// ASCII letters.
    pub letters: u32,
    /// Digits.
    pub digits: u32,
    /// Hyphens.
    pub hyphens: u32,
    /// Dots.
    pub dots: u32,
    /// At signs.
    pub ats: u32,
    /// Underscores and plus signs: the others that may stand before the at sign are rare.
    pub symbols: u32,
}

/// The marks of an address, which is written to `lowered` with its ASCII letters in lower case.
#[inline(always)]
#[must_use]
pub fn address(block: &[u8; ADDRESS_BLOCK], lowered: &mut [u8; ADDRESS_BLOCK]) -> AddressMarks {
    let ([low, high], [lowered_low, lowered_high]) = (block.as_chunks().0, lowered.as_chunks_mut().0) else {
        return AddressMarks::default();
    };
    let [a, b, c, d, e, f] = platform::address(low, lowered_low);
    let [g, h, i, j, k, l] = platform::address(high, lowered_high);
    let join = |low: u16, high: u16| u32::from(low) | u32::from(high) << SHORT;
    AddressMarks {
        letters: join(a, g),
        digits: join(b, h),
        hyphens: join(c, i),
        dots: join(d, j),
        ats: join(e, k),
        symbols: join(f, l),
    }
}

/// Bytes of a phone that are looked at in one go.
pub const PHONE_BLOCK: usize = 2 * SHORT;

/// What the bytes of a phone are.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhoneMarks {
    /// Digits.
    pub digits: u64,
    /// Blanks, hyphens, parentheses, dots, slashes.
    pub separators: u64,
    /// Plus signs.
    pub pluses: u64,
}

/// The marks of a phone.
#[inline(always)]
#[must_use]
pub fn phone(block: &[u8; PHONE_BLOCK], length: usize) -> PhoneMarks {
    let mut marks = PhoneMarks::default();
    for (index, half) in block.as_chunks::<SHORT>().0.iter().enumerate() {
        let [digits, separators, pluses] = platform::phone(half).map(|bits| u64::from(bits) << (SHORT * index));
        marks.digits |= digits;
        marks.separators |= separators;
        marks.pluses |= pluses;
    }
    let keep = first(length);
    PhoneMarks { digits: marks.digits & keep, separators: marks.separators & keep, pluses: marks.pluses & keep }
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

//! The marks by vector instructions.

use super::{BLOCK, LetterMarks, Marks, SHORT};
use core::arch::wasm32::{
    i8x16_bitmask, i8x16_eq, i8x16_lt, i8x16_splat, u8x16, u8x16_add, u8x16_le, u8x16_shr, u8x16_splat, u8x16_sub,
    u8x16_swizzle, v128, v128_and, v128_any_true, v128_or, v128_xor,
};

#[inline(always)]
fn load(bytes: &[u8; SHORT]) -> v128 {
    bytemuck::cast(*bytes)
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
pub(super) fn marked(block: &[u8; BLOCK], byte: u8) -> u64 {
    gather(equal(vectors(block), byte))
}

#[inline(always)]
pub(super) fn line_ends(block: &[u8; BLOCK]) -> (u64, u64) {
    let vectors = vectors(block);
    (gather_rare(equal(vectors, b'\n')), high(vectors))
}

#[inline(always)]
pub(super) fn text_stops(block: &[u8; SHORT]) -> u32 {
    let vector = load(block);
    // With its second bit turned a quote is a blank, and the controls stay below it.
    let low = u8x16_le(v128_xor(vector, u8x16_splat(2)), u8x16_splat(b' '));
    u32::from(i8x16_bitmask(v128_or(low, i8x16_eq(vector, u8x16_splat(b'\\')))))
}

#[inline(always)]
pub(super) fn letters(block: &[u8; BLOCK]) -> LetterMarks {
    let vectors = vectors(block);
    let high = high(vectors);
    if high == 0 {
        return LetterMarks::default();
    }
    let [a, b, c, d] = vectors;
    // As signed numbers, bytes beyond ASCII are -128 to -1.
    let below = |number: u8| {
        let number = u8x16_splat(number);
        gather([i8x16_lt(a, number), i8x16_lt(b, number), i8x16_lt(c, number), i8x16_lt(d, number)])
    };
    let ([e, f, g, h], [i, j, k, l]) = (equal(vectors, 0xe0), equal(vectors, 0xed));
    LetterMarks {
        high,
        below_c0: below(0xc0),
        below_c2: below(0xc2),
        below_e0: below(0xe0),
        below_f0: below(0xf0),
        narrow: gather([v128_or(e, i), v128_or(f, j), v128_or(g, k), v128_or(h, l)]),
    }
}

/// Letters, digits, hyphens, dots, at signs, symbols.
#[inline(always)]
pub(super) fn address(block: &[u8; SHORT], lowered: &mut [u8; SHORT]) -> [u16; 6] {
    // A byte's upper half is a row of ASCII, its lower half a column; the classes that both have are its own:
    // 0x80 dot, 0x40 hyphen, 0x20 letters to `o`, 0x10 letters from `p`, 8 at sign, 4 digit, 2 underscore,
    // 1 plus. One lookup for all of them: a comparison each would need a constant each.
    const ROWS: v128 = u8x16(0, 0, 0xc1, 4, 0x28, 0x12, 0x20, 0x10, 0, 0, 0, 0, 0, 0, 0, 0);
    const COLUMNS: v128 =
        u8x16(0x1c, 0x34, 0x34, 0x34, 0x34, 0x34, 0x34, 0x34, 0x34, 0x34, 0x30, 0x21, 0x20, 0x60, 0xa0, 0x22);
    let vector = load(block);
    let row = u8x16_swizzle(ROWS, u8x16_shr(vector, 4));
    let column = u8x16_swizzle(COLUMNS, v128_and(vector, u8x16_splat(15)));
    // Each doubling moves the next class to the top bit.
    let dots = v128_and(row, column);
    let hyphens = u8x16_add(dots, dots);
    let to_o = u8x16_add(hyphens, hyphens);
    let from_p = u8x16_add(to_o, to_o);
    let ats = u8x16_add(from_p, from_p);
    let digits = u8x16_add(ats, ats);
    let underscores = u8x16_add(digits, digits);
    let pluses = u8x16_add(underscores, underscores);
    let case = v128_and(v128_or(dots, hyphens), u8x16_splat(0x20));
    *lowered = bytemuck::cast(v128_or(vector, case));
    [
        i8x16_bitmask(v128_or(to_o, from_p)),
        i8x16_bitmask(digits),
        i8x16_bitmask(hyphens),
        i8x16_bitmask(dots),
        i8x16_bitmask(ats),
        i8x16_bitmask(v128_or(underscores, pluses)),
    ]
}

#[inline(always)]
fn range(vector: v128, from: u8, count: u8) -> v128 {
    u8x16_le(u8x16_sub(vector, u8x16_splat(from)), u8x16_splat(count - 1))
}

/// Digits, separators, plus signs.
#[inline(always)]
pub(super) fn phone(block: &[u8; SHORT]) -> [u16; 3] {
    let vector = load(block);
    let separators = v128_or(
        v128_or(i8x16_eq(vector, u8x16_splat(b' ')), range(vector, b'(', 2)),
        // Hyphen, dot, slash.
        range(vector, b'-', 3),
    );
    [
        i8x16_bitmask(range(vector, b'0', 10)),
        i8x16_bitmask(separators),
        i8x16_bitmask(i8x16_eq(vector, u8x16_splat(b'+'))),
    ]
}

//! Phones: tidied without inventing digits.

use crate::limits::PHONE_DIGITS;
use crate::masks::{PHONE_BLOCK, PhoneMarks, first, phone};
use crate::out::Out;
use crate::text::Text;

/// Writes a phone without its separators, with a leading `00` as `+`; `false`, and something of no use written, when
/// it cannot be dialled: an extension, letters, too few or too many digits.
///
/// No country code is added and no digit is dropped: a shortened number would be somebody else's. A negative
/// number of few digits is a phone that a spreadsheet has subtracted; it has too few.
#[inline(never)]
pub(crate) fn push_phone<'o>(mut out: Out<'o>, text: Text<'_>) -> (Out<'o>, bool) {
    let valid = match text.room().first_chunk() {
        Some(block) if text.len() <= PHONE_BLOCK => {
            let marks = phone(block, text.len());
            if marks.digits | marks.separators | marks.pluses == first(text.len()) {
                push_marked(&mut out, text, marks)
            } else {
                // Only what may be a blank of more than one byte is worth a second look.
                !text.bytes().is_ascii() && push_slowly(&mut out, text.bytes())
            }
        }
        _ => push_slowly(&mut out, text.bytes()),
    };
    (out, valid)
}

/// Writes the digits, one run after another.
#[inline(always)]
fn push_marked(out: &mut Out<'_>, text: Text<'_>, marks: PhoneMarks) -> bool {
    let PhoneMarks { digits, pluses, .. } = marks;
    let mut kept = digits | pluses;
    // A plus stands before all digits, and alone.
    if pluses != 0 && pluses != kept & kept.wrapping_neg() {
        return false;
    }
    // No longer than the longest phone with two zeros before it, so that a run of digits is one block.
    if digits.count_ones() as usize > PHONE_DIGITS.end() + 2 {
        return false;
    }
    let start = out.at();
    while kept != 0 {
        let from = kept.trailing_zeros();
        let run = (kept >> from).trailing_ones();
        let Some(block) = text.room().get(from as usize..).and_then(|room| room.first_chunk::<PHONE_BLOCK>()) else {
            out.back_to(start);
            return push_slowly(out, text.bytes());
        };
        out.block(block, run as usize);
        kept &= !(first(run as usize) << from);
    }
    finish(out, start, pluses != 0)
}

/// Turns two zeros before the digits into a plus, and counts the digits.
#[inline(always)]
fn finish(out: &mut Out<'_>, start: usize, plus: bool) -> bool {
    let length = out.at() - start;
    let mut digits = length - usize::from(plus);
    if !plus && out.written(start, start + 2) == b"00" {
        digits -= 2;
        let moved = out.written(start + 2, start + 2 + PHONE_BLOCK).first_chunk().copied();
        let moved: [u8; PHONE_BLOCK] = moved.unwrap_or_default();
        out.back_to(start);
        out.byte(b'+');
        out.block(&moved, digits);
    }
    PHONE_DIGITS.contains(&digits)
}

/// The same, byte by byte: a long text, or one with no-break spaces, as spreadsheets and web pages put between
/// groups of digits.
#[cold]
#[inline(never)]
fn tidy(text: &[u8]) -> Option<([u8; PHONE_BLOCK], usize, bool)> {
    // A plus, and as many digits as a phone may have after the two zeros that stand for the plus.
    let most = PHONE_DIGITS.end() + 3;
    let mut kept = [0; PHONE_BLOCK];
    let mut length = 0;
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'0'..=b'9' => {}
            b'+' if length == 0 => {}
            b' ' | b'-' | b'(' | b')' | b'.' | b'/' => continue,
            0xc2 if rest.first() == Some(&0xa0) => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            _ => return None,
        }
        if length == most {
            return None;
        }
        *kept.get_mut(length)? = *byte;
        length += 1;
    }
    let plus = kept.first() == Some(&b'+');
    Some((kept, length, plus))
}

#[inline(always)]
fn push_slowly(out: &mut Out<'_>, text: &[u8]) -> bool {
    let Some((kept, length, plus)) = tidy(text) else { return false };
    let start = out.at();
    out.block(&kept, length);
    finish(out, start, plus)
}

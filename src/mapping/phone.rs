//! Phones: tidied without inventing digits.

use crate::contact::Omission;
use crate::limits::PHONE_DIGITS;
use crate::masks::{PHONE_BLOCK, PhoneMarks, first, phone};
use crate::out::{OUT_BLOCK, Out};
use crate::text::Text;

/// Room for a phone, and for what is written over.
const ROOM: usize = 2 * OUT_BLOCK;

/// A phone without its separators, in `value`, with a leading `00` as `+`.
///
/// No country code is added and no digit is dropped: a shortened number would be somebody else's. A negative
/// number of few digits is a phone that a spreadsheet has subtracted; it has too few.
///
/// # Errors
/// It cannot be dialled: an extension, letters, too few or too many digits.
#[inline(never)]
pub(crate) fn convert<'a>(value: &'a mut Vec<u8>, text: Text<'_>) -> Result<Text<'a>, Omission> {
    if value.len() < ROOM {
        value.resize(ROOM, 0);
    }
    let mut out = Out::new(value, 0);
    let kept = match text.room().first_chunk() {
        Some(block) if text.len() <= PHONE_BLOCK => {
            let marks = phone(block, text.len());
            if marks.digits | marks.separators | marks.pluses == first(text.len()) {
                keep_marked(&mut out, text, marks)
            } else {
                // Only what may be a blank of more than one byte is worth a second look.
                !text.bytes().is_ascii() && keep(&mut out, text.bytes())
            }
        }
        _ => keep(&mut out, text.bytes()),
    };
    let mut end = out.at();
    let mut start = 0;
    let mut digits = end.saturating_sub(usize::from(value.first() == Some(&b'+')));
    if value.first_chunk() == Some(b"00") && end >= 2 {
        digits -= 2;
        start = 1;
        if let Some(second) = value.get_mut(start) {
            *second = b'+';
        }
    }
    end -= start;
    if !kept || !PHONE_DIGITS.contains(&digits) {
        return Err(Omission::PhoneUnusable);
    }
    Ok(Text::new(value.get(start..).unwrap_or_default(), end))
}

/// The most digits that are kept, two zeros for a plus among them: a run of them is one block.
const MOST_KEPT: usize = *PHONE_DIGITS.end() + 2;

/// Keeps the digits, one run after another, and a plus before them.
#[inline(always)]
fn keep_marked(out: &mut Out<'_>, text: Text<'_>, marks: PhoneMarks) -> bool {
    let PhoneMarks { digits, pluses, .. } = marks;
    let mut kept = digits | pluses;
    // A plus stands before all digits, and alone.
    if pluses != 0 && pluses != kept & kept.wrapping_neg() || digits.count_ones() as usize > MOST_KEPT {
        return false;
    }
    while kept != 0 {
        let from = kept.trailing_zeros();
        let run = (kept >> from).trailing_ones();
        let Some(block) = text.room().get(from as usize..).and_then(|room| room.first_chunk::<PHONE_BLOCK>()) else {
            out.back_to(0);
            return keep(out, text.bytes());
        };
        out.block(block, run as usize);
        kept &= !(first(run as usize) << from);
    }
    true
}

/// The same, byte by byte: a long text, or one with no-break spaces, as spreadsheets and web pages put between
/// groups of digits.
#[cold]
#[inline(never)]
fn keep(out: &mut Out<'_>, text: &[u8]) -> bool {
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'0'..=b'9' => {}
            b'+' if out.at() == 0 => {}
            b' ' | b'-' | b'(' | b')' | b'.' | b'/' => continue,
            0xc2 if rest.first() == Some(&0xa0) => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            _ => return false,
        }
        if out.at() > MOST_KEPT {
            return false;
        }
        out.byte(*byte);
    }
    true
}

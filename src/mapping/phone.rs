//! Phones: tidied without inventing digits.

use crate::limits::PHONE_DIGITS;
use crate::text::{push_short, trim};

/// Appends a phone without its separators, with a leading `00` as `+`; `false`, and nothing appended, when it
/// cannot be dialled: an extension, letters, too few or too many digits.
///
/// No country code is added and no digit is dropped: a shortened number would be somebody else's.
pub(crate) fn push_phone(out: &mut Vec<u8>, text: &[u8]) -> bool {
    // A plus and as many digits as a phone may have, after the two zeros that stand for the plus.
    let mut tidy = [0_u8; 18];
    let mut length = 0;
    let mut rest = trim(text);
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'0'..=b'9' => {}
            b'+' if length == 0 => {}
            b' ' | b'-' | b'(' | b')' | b'.' | b'/' => continue,
            // A no-break space, as spreadsheets and web pages put between groups of digits.
            0xc2 if rest.first() == Some(&0xa0) => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            _ => return false,
        }
        let Some(place) = tidy.get_mut(length) else { return false };
        *place = *byte;
        length += 1;
    }
    let tidy = tidy.get(..length).unwrap_or_default();
    let (plus, digits) = match tidy {
        [b'+', digits @ ..] | [b'0', b'0', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    // A negative number of few digits is a phone that a spreadsheet has subtracted; it falls out here.
    if !PHONE_DIGITS.contains(&digits.len()) {
        return false;
    }
    if plus {
        out.push(b'+');
    }
    push_short(out, digits);
    true
}

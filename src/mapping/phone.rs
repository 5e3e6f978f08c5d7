//! Phones: tidied without inventing digits.

use super::trim::trim;
use crate::limits::PHONE_DIGITS;

/// Appends a phone without its separators, with a leading `00` as `+`; `false`, and nothing appended, when it
/// cannot be dialled: an extension, letters, too few or too many digits.
///
/// No country code is added and no digit is dropped: a shortened number would be somebody else's.
pub(crate) fn push_phone(out: &mut Vec<u8>, text: &[u8]) -> bool {
    let start = out.len();
    let mut digits = 0;
    let mut rest = trim(text);
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'0'..=b'9' => {
                out.push(*byte);
                digits += 1;
            }
            b'+' if digits == 0 && out.len() == start => out.push(b'+'),
            b' ' | b'-' | b'(' | b')' | b'.' | b'/' => {}
            // A no-break space, as spreadsheets and web pages put between groups of digits.
            0xc2 if rest.first() == Some(&0xa0) => rest = rest.get(1..).unwrap_or_default(),
            _ => {
                out.truncate(start);
                return false;
            }
        }
    }
    if out.get(start..start + 2) == Some(b"00") {
        out.drain(start..=start);
        if let Some(first) = out.get_mut(start) {
            *first = b'+';
        }
        digits -= 2;
    }
    // A negative number of few digits is a phone that a spreadsheet has subtracted; it falls out here.
    if PHONE_DIGITS.contains(&digits) {
        return true;
    }
    out.truncate(start);
    false
}

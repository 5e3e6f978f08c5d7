//! A contact: a profile as ActiveCampaign's bulk importer takes it, already written as JSON.

use core::ops::Range;

/// A contact that was just written to the end of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its bytes in the body.
    pub json: Range<usize>,
    /// The bytes of its address in the body: trimmed, lower case, free of characters that JSON escapes.
    pub email: Range<usize>,
}

/// A value that was left out of a contact, which went out all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Omission {
    /// Not a phone one can dial: an extension, too few or too many digits, letters.
    PhoneUnusable,
    /// A day such as 8/1/1974 while the mapping does not say which part is the month.
    DateOrderUnknown,
    /// Not a day or a moment that exists.
    DateInvalid,
    /// Not a number.
    NumberInvalid,
    /// Not one of the field's options.
    OptionUnknown,
}

impl Omission {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PhoneUnusable => "phone_unusable",
            Self::DateOrderUnknown => "date_order_unknown",
            Self::DateInvalid => "date_invalid",
            Self::NumberInvalid => "number_invalid",
            Self::OptionUnknown => "option_unknown",
        }
    }

    /// What it means and what to do, in plain words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::PhoneUnusable => "not a phone number that can be dialled (an extension, letters, too few or too many digits)",
            Self::DateOrderUnknown => "a date in an order that the mapping does not state; add \"dateOrder\": \"mdy\" or \"dmy\"",
            Self::DateInvalid => "not a date that exists",
            Self::NumberInvalid => "not a number",
            Self::OptionUnknown => "not one of the field's options in the account",
        }
    }
}

/// Writes `text` as JSON.stringify would inside quotes; `false` when it holds a NUL, which is not written.
///
/// Text is valid UTF-8; only quotes, backslashes and control characters need an escape.
pub fn push_escaped(out: &mut Vec<u8>, text: &[u8]) -> bool {
    if !needs_escape(text) {
        out.extend_from_slice(text);
        return true;
    }
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

/// Whether any byte is a quote, a backslash or a control character, eight bytes at a time.
#[inline]
fn needs_escape(text: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // A byte is zero in `x` exactly when the expression has a high bit; the same trick finds bytes below 0x20.
    let has_zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
    let check = |word: u64| {
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        (control | has_zero(word ^ (ONES * 0x22)) | has_zero(word ^ (ONES * 0x5c))) != 0
    };
    let (words, rest) = text.as_chunks::<8>();
    if words.iter().any(|word| check(u64::from_le_bytes(*word))) {
        return true;
    }
    rest.iter().any(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')
}

//! Addresses: one pass over the bytes, by ActiveCampaign's published rules and the stricter of the standards.
//!
//! Published (bulk import): something before the `@`; none of `" ( ) , : ; < > @ [ ]`; a dot in the domain
//! and two or more letters after it. Its examples also show an apostrophe failing later. On top of that the
//! local part must be a dot-atom and the domain a host name: anything else bounces, and one refused address
//! refuses the whole batch it is in.

use crate::limits::{MAX_DOMAIN_LABEL_BYTES, MAX_EMAIL_BYTES, MAX_EMAIL_LOCAL_BYTES};
use crate::masks::{ADDRESS_BLOCK, AddressMarks, address};
use crate::out::Out;
use crate::rejection::Rule;
use crate::text::Text;

const BAD: u8 = 0;
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const HYPHEN: u8 = 3;
const DOT: u8 = 4;
const AT: u8 = 5;
/// Allowed before the `@` only.
const SYMBOL: u8 = 6;

/// The class of each byte.
static CLASSES: [u8; 256] = classes();

#[allow(clippy::indexing_slicing, reason = "a constant, built and bounds-checked by the compiler")]
const fn classes() -> [u8; 256] {
    let mut table = [BAD; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "below 256")]
        let letter = byte as u8;
        table[byte] = match letter {
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'0'..=b'9' => DIGIT,
            b'-' => HYPHEN,
            b'.' => DOT,
            b'@' => AT,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'*' | b'+' | b'/' | b'=' | b'?' | b'^' | b'_' | b'`' | b'{' | b'|'
            | b'}' | b'~' => SYMBOL,
            _ => BAD,
        };
        byte += 1;
    }
    table
}

#[inline]
fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(BAD)
}

/// Checks an address and writes it, trimmed and in lower case.
///
/// # Errors
/// The rule it breaks; nothing is written then.
#[inline(always)]
pub(crate) fn push_email(out: &mut Out<'_>, given: Text<'_>) -> Result<(), Rule> {
    let text = given.trimmed_of_invisible();
    // Nearly all addresses are short and plain: a few tests on their marks. The rest goes byte by byte.
    if let Some(block) = text.room().first_chunk()
        && text.len() <= ADDRESS_BLOCK
        && let Some(target) = out.next_block()
        && is_plain(address(block, target), text.len())
    {
        out.pass(text.len());
        return Ok(());
    }
    check(text.bytes())?;
    for byte in text.bytes() {
        out.byte(byte.to_ascii_lowercase());
    }
    Ok(())
}

#[cold]
#[inline(never)]
fn check(text: &[u8]) -> Result<(), Rule> {
    if text.is_empty() {
        return Err(Rule::EmailMissing);
    }
    if is_valid(text) { Ok(()) } else { Err(explain(text)) }
}

/// The grammar of [`is_valid`] on marks, for addresses that fit a block and have no rare symbol.
#[inline(always)]
fn is_plain(marks: AddressMarks, length: usize) -> bool {
    let all = u32::MAX.checked_shr((ADDRESS_BLOCK - length) as u32).unwrap_or(0);
    let AddressMarks { letters, digits, hyphens, dots, ats, symbols } = marks;
    let (dots, ats) = (dots & all, ats & all);
    // What stands before the first at sign, and behind it.
    let local = ats.wrapping_sub(1) & !ats;
    let domain = all & !local & !ats;
    // Behind the last dot.
    let ending = all & !(u32::MAX >> (dots & domain).leading_zeros().min(31));
    (letters | digits | hyphens | dots | ats | symbols) & all == all
        && domain & symbols == 0
        && ats.is_power_of_two()
        && local != 0
        // No dot at either end of the two parts, nor beside another.
        && dots & (1 | ats >> 1 | ats << 1 | dots << 1) == 0
        // No label of the domain begins or ends with a hyphen.
        && hyphens & domain & (ats << 1 | dots << 1 | dots >> 1) == 0
        && dots & domain != 0
        && ending.count_ones() >= 2
        && ending & !letters == 0
}

/// The whole grammar in one pass; [`explain`] finds the rule for those few that fail.
#[inline]
fn is_valid(text: &[u8]) -> bool {
    let mut bytes = text.iter();
    let mut previous = DOT;
    let mut local = 0;
    loop {
        let Some(&byte) = bytes.next() else { return false };
        let class = class(byte);
        match class {
            BAD => return false,
            AT => break,
            DOT if previous == DOT => return false,
            _ => {}
        }
        previous = class;
        local += 1;
    }
    (1..=MAX_EMAIL_LOCAL_BYTES).contains(&local)
        && previous != DOT
        && text.len() <= MAX_EMAIL_BYTES
        && is_domain(bytes.as_slice())
}

#[inline]
fn is_domain(domain: &[u8]) -> bool {
    let mut previous = DOT;
    let mut label = 0;
    let mut only_letters = true;
    let mut labels = 1;
    for &byte in domain {
        let class = class(byte);
        match class {
            LETTER => label += 1,
            DIGIT => {
                only_letters = false;
                label += 1;
            }
            HYPHEN => {
                if previous == DOT {
                    return false;
                }
                only_letters = false;
                label += 1;
            }
            DOT => {
                if previous == DOT || previous == HYPHEN || label > MAX_DOMAIN_LABEL_BYTES {
                    return false;
                }
                labels += 1;
                label = 0;
                only_letters = true;
            }
            _ => return false,
        }
        previous = class;
    }
    labels >= 2 && only_letters && (2..=MAX_DOMAIN_LABEL_BYTES).contains(&label)
}

/// Which rule an invalid address breaks: what a person would name first.
#[cold]
fn explain(text: &[u8]) -> Rule {
    let has = |wanted: u8| text.contains(&wanted);
    let ats = text.iter().filter(|byte| **byte == b'@').count();
    let starts_mailto = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"mailto:"));
    if starts_mailto {
        return Rule::EmailMailto;
    }
    if ats > 1 && text.iter().any(|byte| matches!(byte, b',' | b';' | b' ' | b'/' | b'|' | b'\n' | b'\r')) {
        return Rule::EmailSeveral;
    }
    if has(b'<') || has(b'>') {
        return Rule::EmailDisplayName;
    }
    if ats != 1 {
        return Rule::EmailNoAt;
    }
    if !text.is_ascii() {
        return Rule::EmailNotAscii;
    }
    if has(b'\'') {
        return Rule::EmailApostrophe;
    }
    if text.iter().any(|byte| class(*byte) == BAD) {
        return Rule::EmailCharacter;
    }
    let local = text.split(|byte| *byte == b'@').next().unwrap_or_default();
    if local.len() > MAX_EMAIL_LOCAL_BYTES || text.len() > MAX_EMAIL_BYTES {
        return Rule::EmailTooLong;
    }
    if local.is_empty() {
        return Rule::EmailNoAt;
    }
    if local.first() == Some(&b'.') || local.last() == Some(&b'.') || local.windows(2).any(|pair| pair == b"..") {
        return Rule::EmailDots;
    }
    Rule::EmailDomain
}

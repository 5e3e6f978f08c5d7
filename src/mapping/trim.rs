//! Blanks at the ends of values, as JavaScript's `trim` sees them.

/// Removes white space of any script from both ends (ECMAScript's WhiteSpace and LineTerminator).
#[inline]
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(b'!'..=b'~'), Some(b'!'..=b'~')) => text,
        _ => trim_with(text, is_blank),
    }
}

/// The same, and characters that show nothing: zero-width spaces and joiners, as spreadsheets leave them
/// around addresses.
#[inline]
pub(crate) fn trim_invisible(text: &[u8]) -> &[u8] {
    match (text.first(), text.last()) {
        (Some(b'!'..=b'~'), Some(b'!'..=b'~')) => text,
        _ => trim_with(text, |letter| is_blank(letter) || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2060}')),
    }
}

fn trim_with(text: &[u8], blank: impl Fn(char) -> bool) -> &[u8] {
    // Values are valid UTF-8: the decoder refused every other record.
    core::str::from_utf8(text).map_or(text, |text| text.trim_matches(blank).as_bytes())
}

fn is_blank(letter: char) -> bool {
    // JavaScript trims U+FEFF, which Unicode does not call white space, and not U+0085, which it does.
    letter == '\u{feff}' || (letter.is_whitespace() && letter != '\u{85}')
}

//! What quotes can do to a table: hide line ends, stand doubled, and never close.

/// How a refused record with an open quote went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// A closing quote was followed by text.
    Misplaced,
    /// The source ended inside the quote.
    UnclosedAtEnd,
    /// The record reached its greatest length, being there.
    AtLimit(Place),
}

/// Where in a record a byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the first one of a cell.
    CellStart,
    /// In an unquoted value, behind its first byte.
    Unquoted,
    /// In a quoted value.
    Quoted,
    /// Behind a quote that closes the value, or is the first of a doubled one.
    BehindQuote,
}

/// A refused record that was inside a quote at every line end from its first up to `reach`.
///
/// Any later record that is inside a quote at one of those line ends goes on exactly as that one did. Knowing
/// this keeps a hostile file, where every line opens a quote, from being scanned once for each of its lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doom {
    /// The offset up to which it was scanned.
    pub(super) reach: u64,
    /// What became of it there.
    pub(super) fate: Fate,
}

/// Line ends in a stretch of bytes; a CRLF is one.
pub(super) fn count_line_ends(bytes: &[u8]) -> u64 {
    let mut before = 0;
    let mut lines = 0;
    for byte in bytes {
        lines += u64::from(*byte == b'\r' || (*byte == b'\n' && before != b'\r'));
        before = *byte;
    }
    lines
}

/// Makes one quote of each two, in place, and answers what is left. What becomes free is filled with quotes,
/// so that no half of a character remains in it.
pub(super) fn undouble(bytes: &mut [u8]) -> usize {
    let cells = core::cell::Cell::from_mut(bytes).as_slice_of_cells();
    let mut target = cells.iter();
    let mut source = cells.iter();
    let mut length = 0;
    while let Some(byte) = source.next() {
        if byte.get() == b'"' {
            source.next();
        }
        if let Some(place) = target.next() {
            place.set(byte.get());
            length += 1;
        }
    }
    target.for_each(|place| place.set(b'"'));
    length
}

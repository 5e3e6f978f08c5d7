//! A profile as the source gave it: where it stands, and its cells.

use crate::checkpoint::Tape;
use crate::text::Text;

/// Where a record stands in its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Number of the profile, from 1. Headers and blank lines are not counted; refused records are.
    pub row: u64,
    /// Line of the record's first byte, from 1. A quoted value may span lines, so this may exceed `row + 1`.
    pub line: u64,
    /// Bytes from the start of the source to the record's first byte, a byte order mark included.
    pub offset: u64,
}

impl Position {
    pub(crate) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.count(&mut self.row)?;
        tape.count(&mut self.line)?;
        tape.count(&mut self.offset)
    }
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CellKind {
    /// Absent: a missing key, or JSON `null`.
    #[default]
    Missing,
    /// Text, also that of a JSON number or boolean, with the digits it came with.
    Text,
    /// A JSON object or array, which no contact property can hold.
    Nested,
    /// JSON text with half of a surrogate pair, which no UTF-8 can hold.
    LoneSurrogate,
}

/// One cell: its place in the record's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// First byte in the decoder's buffer.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What it holds.
    pub kind: CellKind,
}

/// One decoded record, borrowed from its decoder.
///
/// Its bytes are valid UTF-8; they stay bytes because the mapping works on bytes.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    position: Position,
    bytes: &'a [u8],
    cells: &'a [Cell],
}

impl<'a> Profile<'a> {
    /// A view of `cells` over `bytes`.
    #[must_use]
    pub fn new(position: Position, bytes: &'a [u8], cells: &'a [Cell]) -> Self {
        Self { position, bytes, cells }
    }

    /// Where the record stands.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The text of a column; empty when it is missing or cannot be text.
    #[must_use]
    #[inline(always)]
    pub fn text(&self, column: usize) -> &'a [u8] {
        self.cells.get(column).and_then(|cell| self.bytes.get(cell.start..cell.end)).unwrap_or_default()
    }

    /// The same with whatever follows it in the record's buffer; `None` when it is missing or cannot be text.
    #[must_use]
    #[inline(always)]
    pub fn text_in_room(&self, column: usize) -> Option<Text<'a>> {
        let cell = self.cells.get(column)?;
        let room = self.bytes.get(cell.start..)?;
        (cell.kind == CellKind::Text).then(|| Text::new(room, cell.end.wrapping_sub(cell.start)))
    }

    /// What a column holds; `Missing` beyond the last one.
    #[must_use]
    #[inline(always)]
    pub fn kind(&self, column: usize) -> CellKind {
        self.cells.get(column).map_or(CellKind::Missing, |cell| cell.kind)
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.cells.len()
    }
}

/// How a source is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// NDJSON when the first byte that is not blank is `{`, CSV otherwise.
    #[default]
    Auto,
    /// Cells between delimiters, RFC 4180, with a header line.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// What is known about a source before it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceOptions {
    /// How it is written.
    pub format: Format,
    /// The delimiter of CSV; detected among `,` `;` tab and `|` when absent.
    pub delimiter: Option<u8>,
}

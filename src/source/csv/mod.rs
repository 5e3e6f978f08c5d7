//! Tables with one record a line, as RFC 4180 has them.

mod scan;

use super::buffer::Buffer;
use super::quotes::{Doom, Fate, Place, count_line_ends, undouble};
use super::{Outcome, Refusal};
use crate::limits::{MAX_COLUMNS, MAX_RECORD_BYTES};
use crate::masks::{Marks, below_lowest};
use crate::profile::{Cell, CellKind, Position};
use crate::rejection::Rule;
use crate::text::first_invalid;
pub(in crate::source) use scan::Found;
use scan::{SPARE_CELLS, State};

/// The reader of one table. All places are those of the buffer.
#[derive(Debug)]
pub(super) struct Csv {
    delimiter: u8,
    /// One for each column, and some that are written in one go with them.
    cells: Vec<Cell>,
    /// Whether a column's doubled quotes are to be undone; empty until the columns are chosen.
    decode: Vec<bool>,
    row: u64,
    line: u64,
    /// The byte before `buffer.start` is a CR that ended a line: an LF now belongs to it.
    after_cr: bool,
    /// Dropping bytes up to the next line end.
    skipping: bool,
    /// The last scan ended for want of bytes: everything before `until` is scanned.
    starved: bool,

    /// First byte of the block that `marks` are of.
    at: usize,
    /// One past the last byte of that block.
    until: usize,
    /// Marks not yet dealt with.
    marks: Marks,

    /// Closed cells of the record.
    count: usize,
    /// First byte of the open cell, behind its opening quote if it has one.
    from: usize,
    state: State,
    /// There was a byte outside ASCII.
    high: bool,
    /// The cell that was open at the first line end inside quotes.
    broken: Option<usize>,
    /// The scan jumped over a part that an earlier record had scanned: the cells are not known.
    jumped: bool,
    /// Cells with doubled quotes.
    escaped: Vec<usize>,
    doom: Option<Doom>,
}

impl Csv {
    /// A reader that begins at `start`, the header's first byte, on line `line`.
    pub(super) fn new(delimiter: u8, start: usize, line: u64) -> Self {
        Self {
            delimiter,
            cells: vec![Cell { start: 0, end: 0, kind: CellKind::Text }; MAX_COLUMNS + SPARE_CELLS],
            decode: Vec::new(),
            row: 0,
            line,
            after_cr: false,
            skipping: false,
            starved: false,
            at: start,
            until: start,
            marks: Marks::default(),
            count: 0,
            from: start,
            state: State::Plain,
            high: false,
            broken: None,
            jumped: false,
            escaped: Vec::new(),
            doom: None,
        }
    }

    /// A reader that goes on at a record of a table with so many columns.
    pub(super) fn resume(delimiter: u8, columns: usize, first: Position) -> Self {
        let mut csv = Self::new(delimiter, 0, first.line);
        csv.cells.truncate(columns + SPARE_CELLS);
        csv.row = first.row.saturating_sub(1);
        csv
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// How many columns there are; while the header is read, how many there may be.
    fn columns(&self) -> usize {
        self.cells.len() - SPARE_CELLS
    }

    pub(super) fn cells(&self) -> &[Cell] {
        self.cells.get(..self.columns()).unwrap_or_default()
    }

    /// The byte up to which a failed scan came.
    pub(super) fn scanned(&self) -> usize {
        self.until
    }

    /// The first byte of the cell that was open when the scan ended.
    pub(super) fn open_cell(&self) -> usize {
        self.from
    }

    pub(super) fn select(&mut self, columns: &[usize]) {
        self.decode = vec![false; self.columns()];
        for column in columns {
            if let Some(decode) = self.decode.get_mut(*column) {
                *decode = true;
            }
        }
    }

    /// Bytes were fed, and the kept ones moved `shift` bytes to the front.
    pub(super) fn moved(&mut self, shift: usize, start: usize) {
        self.until = if self.starved { self.until - shift } else { start };
        self.at = self.until;
        self.marks = Marks::default();
        self.from -= shift;
        if let State::Closed(quote) = &mut self.state {
            *quote -= shift;
        }
        if shift > 0 {
            for cell in self.cells.iter_mut().take(self.count) {
                cell.start -= shift;
                cell.end -= shift;
            }
        }
    }

    /// The next record.
    #[inline]
    pub(super) fn step(&mut self, buffer: &mut Buffer) -> Outcome {
        if self.skipping && !self.skip(buffer) {
            self.starved = true;
            return if buffer.finished { Outcome::End } else { Outcome::NeedBytes };
        }
        match self.scan(buffer) {
            Found::Record(end) => self.complete(buffer, end),
            Found::Misplaced(at) => self.misplaced(buffer, at),
            Found::Unclosed => self.unclosed(buffer),
            Found::TooLong => self.too_long(buffer),
            Found::Starved => Outcome::NeedBytes,
            Found::End => Outcome::End,
        }
    }

    /// Begins the record again, now without jumping.
    fn rescan(&mut self, start: usize) {
        self.doom = None;
        self.restart(start);
    }

    /// Scans from `start` on, whatever was scanned before.
    fn restart(&mut self, start: usize) {
        self.at = start;
        self.until = start;
        self.marks = Marks::default();
        self.begin(start);
    }

    /// Begins a record whose marks may be there already.
    #[inline]
    fn begin(&mut self, start: usize) {
        self.count = 0;
        self.from = start;
        self.state = State::Plain;
        self.high = false;
        self.broken = None;
        self.jumped = false;
        self.escaped.clear();
    }

    /// Passes a line without bytes; the LF of a CRLF looks like one.
    #[inline]
    fn blank_line(&mut self, buffer: &mut Buffer, end: usize) {
        let byte = buffer.byte(end);
        if !(self.after_cr && byte == b'\n') {
            self.line += 1;
        }
        self.after_cr = byte == b'\r';
        buffer.start = end + 1;
        self.from = end + 1;
    }

    /// Drops bytes to behind the next line end; `false` when it is not there yet.
    fn skip(&mut self, buffer: &mut Buffer) -> bool {
        while self.marks.lines == 0 {
            buffer.start = self.until;
            if !self.load(buffer) {
                self.begin(buffer.start);
                return false;
            }
        }
        let before = below_lowest(self.marks.lines);
        let end = self.at + self.marks.lines.trailing_zeros() as usize;
        self.take_through(before);
        self.marks.high &= !before;
        self.skipping = false;
        self.pass(buffer, end);
        self.begin(buffer.start);
        true
    }

    /// Moves the start of the next record behind the line end at `end`, or to the end of the source.
    #[inline]
    fn pass(&mut self, buffer: &mut Buffer, end: usize) {
        buffer.start = end;
        if end < buffer.filled {
            self.after_cr = buffer.byte(end) == b'\r';
            self.line += 1;
            buffer.start = end + 1;
        }
    }

    fn position(&self, buffer: &Buffer) -> Position {
        Position { row: self.row, line: self.line, offset: buffer.offset(buffer.start) }
    }

    /// Closes the last cell of a record that ends at `end`.
    #[inline]
    pub(super) fn close_record(&mut self, end: usize) -> usize {
        self.close_cell(if let State::Closed(quote) = self.state { quote } else { end });
        self.count
    }

    #[inline(always)]
    fn complete(&mut self, buffer: &mut Buffer, end: usize) -> Outcome {
        let start = buffer.start;
        self.row += 1;
        let position = self.position(buffer);
        let count = self.close_record(end);
        let fault = if self.high { self.invalid_utf8(buffer, start, end).map(|(_, column)| column) } else { None };
        if self.broken.is_some() {
            self.line += count_line_ends(buffer.slice(start, end));
        }
        self.pass(buffer, end);
        let refusal = |rule, column| Outcome::Refused(Refusal { position, rule, column });
        let outcome = match fault {
            Some(column) => refusal(Rule::InvalidUtf8, column),
            None if count < self.columns() => refusal(Rule::TooFewCells, None),
            None if count > self.columns() => refusal(Rule::TooManyCells, None),
            None => {
                if !self.escaped.is_empty() {
                    self.undouble(buffer);
                }
                Outcome::Profile(position)
            }
        };
        self.begin(buffer.start);
        outcome
    }

    /// Where a record is not UTF-8: the byte, and the cell if it is one of the columns.
    pub(super) fn invalid_utf8(&self, buffer: &Buffer, start: usize, end: usize) -> Option<(usize, Option<usize>)> {
        let at = start + first_invalid(buffer.text(start, end))?;
        let column = self.cells().iter().take(self.count).position(|cell| cell.start <= at && at < cell.end);
        Some((at, column))
    }

    /// Undoes doubled quotes in the cells that will be read.
    fn undouble(&mut self, buffer: &mut Buffer) {
        for column in &self.escaped {
            let chosen = self.decode.is_empty() || self.decode.get(*column) == Some(&true);
            if let (true, Some(cell)) = (chosen, self.cells.get_mut(*column)) {
                let bytes = buffer.bytes_mut().get_mut(cell.start..cell.end).unwrap_or_default();
                cell.end = cell.start + undouble(bytes);
            }
        }
    }

    /// The names in the cells of the header, which ends at `end`; every later record must have as many.
    pub(super) fn names(&mut self, buffer: &mut Buffer, end: usize) -> Vec<String> {
        self.line += count_line_ends(buffer.slice(buffer.start, end));
        self.cells.truncate(self.count + SPARE_CELLS);
        self.cells.shrink_to_fit();
        self.undouble(buffer);
        let text = |cell: &Cell| core::str::from_utf8(buffer.slice(cell.start, cell.end)).unwrap_or_default();
        let names = self.cells().iter().map(|cell| text(cell).trim_ascii().to_owned()).collect();
        self.pass(buffer, end);
        self.begin(buffer.start);
        names
    }

    #[cold]
    fn misplaced(&mut self, buffer: &mut Buffer, at: usize) -> Outcome {
        self.learn(buffer.offset(at), Fate::Misplaced);
        self.recover(buffer, Rule::QuoteMisplaced)
    }

    #[cold]
    fn unclosed(&mut self, buffer: &mut Buffer) -> Outcome {
        let at_limit = self.until > buffer.start + MAX_RECORD_BYTES;
        let fate = if at_limit { Fate::AtLimit(Place::Quoted) } else { Fate::UnclosedAtEnd };
        self.learn(buffer.offset(self.until), fate);
        self.recover(buffer, Rule::QuoteUnclosed)
    }

    /// Refuses a record that is too long, though no quote is open: all of it, unless it has line ends inside
    /// quotes. Those are more likely a quote gone wrong, and rows behind it.
    #[cold]
    fn too_long(&mut self, buffer: &mut Buffer) -> Outcome {
        let until = self.until;
        let all = self.broken.is_none();
        self.learn(buffer.offset(until), Fate::AtLimit(self.place()));
        let outcome = self.recover(buffer, Rule::RecordTooLong);
        if all {
            buffer.start = until;
            self.restart(until);
        }
        outcome
    }

    /// Remembers what became of a record with line ends inside quotes. A fate that it shares with an earlier one
    /// is not news: that one reached as far.
    fn learn(&mut self, reach: u64, fate: Fate) {
        if self.broken.is_some() && self.doom.is_none_or(|doom| reach > doom.reach) {
            self.doom = Some(Doom { reach, fate });
        }
    }

    /// Refuses the record up to its first line end. The cell named is the one that was open there: what went
    /// wrong later only shows that a quote opened in it.
    fn recover(&mut self, buffer: &mut Buffer, rule: Rule) -> Outcome {
        self.row += 1;
        let column = if rule == Rule::RecordTooLong { usize::MAX } else { self.broken.unwrap_or(self.count) };
        let refusal =
            Refusal { position: self.position(buffer), rule, column: (column < self.columns()).then_some(column) };
        self.restart(buffer.start);
        self.skipping = true;
        Outcome::Refused(refusal)
    }
}

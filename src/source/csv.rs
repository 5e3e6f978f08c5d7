//! Tables with one record a line, as RFC 4180 has them.

use super::buffer::Buffer;
use super::quotes::{Doom, Fate, Place, count_line_ends, undouble};
use super::{Outcome, Refusal};
use crate::limits::{MAX_COLUMNS, MAX_RECORD_BYTES};
use crate::masks::{BLOCK, Marks, below_lowest};
use crate::profile::{Cell, CellKind, Position};
use crate::rejection::Rule;
use crate::text::first_invalid;

/// Where the scan stands within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Outside quotes.
    Plain,
    /// Inside quotes.
    Inside,
    /// Just behind a quote that closes the value, or is the first of a doubled one; where that quote stands.
    Closed(usize),
}

/// What ended a scan.
pub(super) enum Found {
    /// A record that ends before this byte: its line end, or the end of the source.
    Record(usize),
    /// Something else than a separator at this byte behind a closing quote.
    Misplaced(usize),
    /// A quote that is not closed within the longest record, or within the source.
    Unclosed,
    /// A record longer than the longest one, outside quotes.
    TooLong,
    /// More bytes are needed.
    Starved,
    /// The source was decoded to its end.
    End,
}

/// What the marks of one block led to.
enum Event {
    LineEnd(usize),
    Misplaced(usize),
    Unclosed,
    Exhausted,
}

/// The reader of one table. All places are those of the buffer.
#[derive(Debug)]
pub(super) struct Csv {
    delimiter: u8,
    /// One for each column; while the header is read, as many as there may be.
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
            cells: vec![Cell { start: 0, end: 0, kind: CellKind::Text }; MAX_COLUMNS],
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
        csv.cells.truncate(columns);
        csv.row = first.row.saturating_sub(1);
        csv
    }

    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
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
        self.decode = vec![false; self.cells.len()];
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

    /// Scans to the end of the record, of the fed bytes, or of what a record may be.
    #[inline(never)]
    pub(super) fn scan(&mut self, buffer: &mut Buffer) -> Found {
        self.starved = false;
        loop {
            let event =
                if self.marks.quotes == 0 && self.state == State::Plain { self.plain() } else { self.careful(buffer) };
            match event {
                Event::LineEnd(end) if end == buffer.start && self.count == 0 => self.blank_line(buffer, end),
                Event::LineEnd(_) if self.jumped => self.rescan(buffer.start),
                Event::LineEnd(end) => return Found::Record(end),
                Event::Misplaced(at) => return Found::Misplaced(at),
                Event::Unclosed => return Found::Unclosed,
                Event::Exhausted => {
                    if !self.load(buffer)
                        && let Some(found) = self.out_of_bytes(buffer)
                    {
                        return found;
                    }
                }
            }
        }
    }

    /// Loads the next block; `false` when there is none, or when the record is too long for one more.
    #[inline(never)]
    fn load(&mut self, buffer: &Buffer) -> bool {
        self.high |= self.marks.high != 0;
        let from = self.until;
        let until = (from + BLOCK).min(buffer.filled).min(buffer.start + MAX_RECORD_BYTES + 1);
        let block = buffer.bytes().get(from..).and_then(|bytes| bytes.first_chunk());
        let (Some(block), true) = (block, until > from) else {
            self.marks = Marks::default();
            return false;
        };
        self.marks = Marks::table(block, self.delimiter);
        if until - from < BLOCK {
            self.marks.truncate(until - from);
        }
        self.at = from;
        self.until = until;
        true
    }

    /// Deals with a block outside quotes that has none: no byte of it needs a second look.
    #[inline(always)]
    fn plain(&mut self) -> Event {
        let before = below_lowest(self.marks.lines);
        let mut delimiters = self.marks.delimiters & before;
        let (at, mut count, mut from) = (self.at, self.count, self.from);
        while delimiters != 0 {
            let end = at + delimiters.trailing_zeros() as usize;
            if let Some(cell) = self.cells.get_mut(count) {
                cell.start = from;
                cell.end = end;
            }
            count += 1;
            from = end + 1;
            delimiters &= delimiters - 1;
        }
        (self.count, self.from) = (count, from);
        self.marks.delimiters &= !before;
        if self.marks.lines == 0 {
            return Event::Exhausted;
        }
        self.line_end(before)
    }

    /// Takes the lowest mark, which is a line end; `before` are the bits below it.
    #[inline(always)]
    fn line_end(&mut self, before: u64) -> Event {
        self.high |= self.marks.high & before != 0;
        self.marks.high &= !before;
        let end = self.at + self.marks.lines.trailing_zeros() as usize;
        self.marks.lines &= self.marks.lines.wrapping_sub(1);
        Event::LineEnd(end)
    }

    /// Deals with a block that has quotes, or begins inside them, mark by mark.
    fn careful(&mut self, buffer: &Buffer) -> Event {
        loop {
            let event = match self.state {
                State::Inside => self.inside(buffer),
                State::Plain => self.outside(None),
                State::Closed(quote) => self.outside(Some(quote)),
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    /// Goes to the next quote inside quotes.
    fn inside(&mut self, buffer: &Buffer) -> Option<Event> {
        let before = below_lowest(self.marks.quotes);
        let lines = self.marks.lines & before;
        if lines != 0 && self.broken.is_none() {
            self.broken = Some(self.count);
            let line_end = buffer.offset(self.at + lines.trailing_zeros() as usize);
            return self.shared_fate(buffer, line_end);
        }
        if self.marks.quotes == 0 {
            return Some(Event::Exhausted);
        }
        self.state = State::Closed(self.at + self.marks.quotes.trailing_zeros() as usize);
        self.take_through(before);
        None
    }

    /// Deals with the next mark outside quotes; `quote` is the one that the mark must directly follow.
    fn outside(&mut self, quote: Option<usize>) -> Option<Event> {
        let marks = self.marks.delimiters | self.marks.quotes | self.marks.lines;
        let at = if marks == 0 { self.until } else { self.at + marks.trailing_zeros() as usize };
        if let Some(quote) = quote
            && quote + 1 < at
        {
            return Some(Event::Misplaced(quote + 1));
        }
        if marks == 0 {
            return Some(Event::Exhausted);
        }
        let before = below_lowest(marks);
        let lowest = marks & marks.wrapping_neg();
        if self.marks.quotes & lowest != 0 {
            match quote {
                Some(_) => {
                    self.state = State::Inside;
                    if self.count < self.cells.len() && self.escaped.last() != Some(&self.count) {
                        self.escaped.push(self.count);
                    }
                }
                None if at == self.from => {
                    self.state = State::Inside;
                    self.from = at + 1;
                }
                // A quote inside an unquoted value is text like any other.
                None => {}
            }
        } else if self.marks.delimiters & lowest != 0 {
            self.close_cell(quote.unwrap_or(at));
            self.from = at + 1;
            self.state = State::Plain;
        } else {
            return Some(self.line_end(before));
        }
        self.take_through(before);
        None
    }

    /// Drops the lowest mark and all below it.
    fn take_through(&mut self, before: u64) {
        let keep = !(before | before.wrapping_add(1));
        self.marks.delimiters &= keep;
        self.marks.quotes &= keep;
        self.marks.lines &= keep;
    }

    #[inline(always)]
    fn close_cell(&mut self, end: usize) {
        if let Some(cell) = self.cells.get_mut(self.count) {
            cell.start = self.from;
            cell.end = end;
        }
        self.count += 1;
    }

    /// What is known already about a record that is inside a quote at `line_end`.
    fn shared_fate(&mut self, buffer: &Buffer, line_end: u64) -> Option<Event> {
        let doom = self.doom?;
        if line_end >= doom.reach {
            self.doom = None;
            return None;
        }
        match doom.fate {
            Fate::Misplaced => Some(Event::Misplaced((doom.reach - buffer.base) as usize)),
            Fate::UnclosedAtEnd => Some(Event::Unclosed),
            Fate::AtLimit(place) => {
                self.jump((doom.reach - buffer.base) as usize, place);
                None
            }
        }
    }

    /// Goes on at `at`, which an earlier record reached in the same way. The cells before it remain unknown.
    fn jump(&mut self, at: usize, place: Place) {
        self.jumped = true;
        self.marks = Marks::default();
        self.until = at;
        self.at = at;
        self.from = if place == Place::CellStart { at } else { at - 1 };
        self.state = match place {
            Place::CellStart | Place::Unquoted => State::Plain,
            Place::Quoted => State::Inside,
            Place::BehindQuote => State::Closed(at - 1),
        };
    }

    fn place(&self) -> Place {
        match self.state {
            State::Plain if self.from == self.until => Place::CellStart,
            State::Plain => Place::Unquoted,
            State::Inside => Place::Quoted,
            State::Closed(_) => Place::BehindQuote,
        }
    }

    /// There is no block to load: what that means for the record.
    fn out_of_bytes(&mut self, buffer: &mut Buffer) -> Option<Found> {
        let inside = self.state == State::Inside;
        if self.until > buffer.start + MAX_RECORD_BYTES {
            return Some(if inside { Found::Unclosed } else { Found::TooLong });
        }
        if !buffer.finished {
            self.starved = true;
            return Some(Found::Starved);
        }
        if buffer.held() == 0 {
            return Some(Found::End);
        }
        if inside {
            return Some(Found::Unclosed);
        }
        if self.jumped {
            self.rescan(buffer.start);
            return None;
        }
        Some(Found::Record(buffer.filled))
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
            None if count < self.cells.len() => refusal(Rule::TooFewCells, None),
            None if count > self.cells.len() => refusal(Rule::TooManyCells, None),
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
        let column = self.cells.iter().take(self.count).position(|cell| cell.start <= at && at < cell.end);
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
        self.cells.truncate(self.count);
        self.cells.shrink_to_fit();
        self.undouble(buffer);
        let text = |cell: &Cell| core::str::from_utf8(buffer.slice(cell.start, cell.end)).unwrap_or_default();
        let names = self.cells.iter().map(|cell| text(cell).trim_ascii().to_owned()).collect();
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
            Refusal { position: self.position(buffer), rule, column: (column < self.cells.len()).then_some(column) };
        self.restart(buffer.start);
        self.skipping = true;
        Outcome::Refused(refusal)
    }
}

//! The scan of a table: from the marks of blocks to the cells of a record.

use super::super::buffer::Buffer;
use super::super::quotes::{Fate, Place};
use super::Csv;
use crate::limits::MAX_RECORD_BYTES;
use crate::masks::{BLOCK, Marks, below_lowest};
use crate::profile::Cell;

/// Where the scan stands within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Outside quotes.
    Plain,
    /// Inside quotes.
    Inside,
    /// Just behind a quote that closes the value, or is the first of a doubled one; where that quote stands.
    Closed(usize),
}

/// What ended a scan.
pub(in crate::source) enum Found {
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
    /// The block that was loaded has quotes.
    Quotes,
    Exhausted,
}

/// Cells that are written in one go: more than most blocks have.
pub(super) const SPARE_CELLS: usize = 8;

impl Csv {
    /// Scans to the end of the record, of the fed bytes, or of what a record may be.
    #[inline(never)]
    pub(in crate::source) fn scan(&mut self, buffer: &mut Buffer) -> Found {
        self.starved = false;
        loop {
            let event = if self.marks.quotes == 0 && self.state == State::Plain {
                self.plain(buffer)
            } else {
                self.careful(buffer)
            };
            match event {
                Event::LineEnd(end) if end == buffer.start && self.count == 0 => self.blank_line(buffer, end),
                Event::LineEnd(_) if self.jumped => self.rescan(buffer.start),
                Event::LineEnd(end) => return Found::Record(end),
                Event::Misplaced(at) => return Found::Misplaced(at),
                Event::Unclosed => return Found::Unclosed,
                Event::Quotes => {}
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
    pub(super) fn load(&mut self, buffer: &Buffer) -> bool {
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

    /// Deals with blocks outside quotes that have none: no byte of them needs a second look.
    #[inline(always)]
    fn plain(&mut self, buffer: &Buffer) -> Event {
        // In registers as long as the loop goes.
        let (mut at, mut until, mut marks) = (self.at, self.until, self.marks);
        let (mut count, mut from, mut high) = (self.count, self.from, self.high);
        let limit = buffer.filled.min(buffer.start + MAX_RECORD_BYTES + 1);
        let line_end = loop {
            let before = below_lowest(marks.lines);
            let mut delimiters = marks.delimiters & before;
            let found = delimiters.count_ones() as usize;
            let mut written = count;
            while delimiters != 0 {
                // More cells than there are delimiters: writing over what is wrong costs less than a loop whose
                // number of rounds no processor can guess.
                let Some(cells) = self.cells.get_mut(written..).and_then(<[Cell]>::first_chunk_mut::<SPARE_CELLS>)
                else {
                    break;
                };
                let mut close = |cell: &mut Cell| {
                    let end = at.wrapping_add(delimiters.trailing_zeros() as usize);
                    cell.start = from;
                    cell.end = end;
                    from = end.wrapping_add(1);
                    delimiters &= delimiters.wrapping_sub(1);
                };
                let [a, b, c, d, e, f, g, h] = cells;
                close(a);
                close(b);
                close(c);
                close(d);
                close(e);
                close(f);
                close(g);
                close(h);
                written += SPARE_CELLS;
            }
            if found > 0 {
                let delimiters = marks.delimiters & before;
                from = at + BLOCK - delimiters.leading_zeros() as usize;
                count += found;
            }
            marks.delimiters &= !before;
            if marks.lines != 0 {
                break Some(before);
            }
            let next = buffer.bytes().get(until..).and_then(|bytes| bytes.first_chunk());
            let Some(next) = next.filter(|_| until + BLOCK <= limit) else { break None };
            high |= marks.high != 0;
            marks = Marks::table(next, self.delimiter);
            at = until;
            until += BLOCK;
            if marks.quotes != 0 {
                break None;
            }
        };
        (self.at, self.until, self.marks) = (at, until, marks);
        (self.count, self.from, self.high) = (count, from, high);
        match line_end {
            Some(before) => self.line_end(before),
            None if marks.quotes != 0 => Event::Quotes,
            None => Event::Exhausted,
        }
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
                    if self.count < self.columns() && self.escaped.last() != Some(&self.count) {
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
    pub(super) fn take_through(&mut self, before: u64) {
        let keep = !(before | before.wrapping_add(1));
        self.marks.delimiters &= keep;
        self.marks.quotes &= keep;
        self.marks.lines &= keep;
    }

    #[inline(always)]
    pub(super) fn close_cell(&mut self, end: usize) {
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

    pub(super) fn place(&self) -> Place {
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
}

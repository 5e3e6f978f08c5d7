//! JSON with one object a line.

use super::buffer::Buffer;
use super::json::{self, Form, Members, Value};
use super::{Outcome, Refusal, SourceError};
use crate::limits::{MAX_COLUMNS, MAX_RECORD_BYTES, MAX_SAMPLE_BYTES, NDJSON_SAMPLE_RECORDS};
use crate::masks::{BLOCK, SHORT, below_lowest, first, line_ends};
use crate::profile::{Cell, CellKind, Position};
use crate::rejection::Rule;
use crate::text::{Distinct, ShortText, first_invalid};

/// The search for the next LF, which goes on where the bytes ended.
#[derive(Clone, Copy, Debug, Default)]
struct LineScan {
    /// First byte not yet looked at.
    at: usize,
    /// There was a byte outside ASCII.
    high: bool,
}

impl LineScan {
    /// The next LF before `limit`.
    #[inline]
    fn find(&mut self, buffer: &Buffer, limit: usize) -> Option<usize> {
        let end = buffer.filled.min(limit);
        while self.at < end {
            let length = BLOCK.min(end - self.at);
            let block = buffer.bytes().get(self.at..).and_then(|bytes| bytes.first_chunk())?;
            let (lines, high) = line_ends(block);
            let lines = lines & first(length);
            let before = below_lowest(lines);
            self.high |= high & first(length) & before != 0;
            if lines != 0 {
                return Some(self.at + lines.trailing_zeros() as usize);
            }
            self.at += length;
        }
        None
    }
}

/// A column's name as it usually stands in the text: at most 15 bytes, then a quote.
#[derive(Clone, Copy, Debug)]
struct Pattern {
    text: ShortText,
    /// Bytes of the name.
    length: usize,
}

impl Pattern {
    /// `None` when the name cannot be compared so.
    fn of(name: &str) -> Option<Self> {
        let plain = name.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        let text = ShortText::new(&[name.as_bytes(), b"\""].concat())?;
        (plain && !name.is_empty()).then_some(Self { text, length: name.len() })
    }
}

/// The columns, to be found by key.
#[derive(Debug, Default)]
struct Columns {
    patterns: Vec<Option<Pattern>>,
    by_name: Distinct,
}

/// The reader of one source. All places are those of the buffer.
#[derive(Debug)]
pub(super) struct Ndjson {
    columns: Columns,
    cells: Vec<Cell>,
    /// Whether a column's escapes are to be undone; empty until the columns are chosen.
    decode: Vec<bool>,
    /// Cells that are more than their bytes, each with its start: a later one of the same key replaces it.
    special: Vec<(usize, usize)>,
    row: u64,
    line: u64,
    /// The record at `buffer.start` was begun: blanks before it are passed.
    begun: bool,
    /// Dropping bytes up to the next line end.
    skipping: bool,
    scan: LineScan,
    sample: Sample,
}

/// The first records, looked at for their keys.
#[derive(Debug, Default)]
struct Sample {
    scan: LineScan,
    /// First byte of the next line.
    start: usize,
    records: usize,
    lines: u64,
    names: Vec<String>,
    by_name: Distinct,
}

impl Ndjson {
    /// A reader that begins on line `line`.
    pub(super) fn new(line: u64) -> Self {
        Self {
            columns: Columns::default(),
            cells: Vec::new(),
            decode: Vec::new(),
            special: Vec::new(),
            row: 0,
            line,
            begun: false,
            skipping: false,
            scan: LineScan::default(),
            sample: Sample::default(),
        }
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(super) fn select(&mut self, columns: &[usize]) {
        self.decode = vec![false; self.cells.len()];
        for column in columns {
            if let Some(decode) = self.decode.get_mut(*column) {
                *decode = true;
            }
        }
    }

    /// The kept bytes moved `shift` bytes to the front. Places before them are not in use.
    pub(super) fn moved(&mut self, shift: usize) {
        self.scan.at = self.scan.at.saturating_sub(shift);
        self.sample.scan.at = self.sample.scan.at.saturating_sub(shift);
        self.sample.start = self.sample.start.saturating_sub(shift);
    }

    /// The keys of the first objects, in order of first sight; `None` while more bytes are needed.
    pub(super) fn sample(&mut self, buffer: &mut Buffer) -> Result<Option<Vec<String>>, SourceError> {
        let fresh = !self.begun;
        if !self.begin(buffer) {
            return Ok(None);
        }
        if fresh {
            self.sample.start = buffer.start;
            self.sample.scan.at = buffer.start;
        }
        let limit = buffer.start + MAX_SAMPLE_BYTES + 1;
        while self.sample.records < NDJSON_SAMPLE_RECORDS {
            let end = match self.sample.scan.find(buffer, limit) {
                Some(end) => end,
                None if self.sample.scan.at >= limit && self.sample.lines == 0 => {
                    return Err(SourceError {
                        code: "first_record_too_long",
                        message: "The first object is larger than 1 MiB.".to_owned(),
                        line: self.line,
                        column: 1,
                    });
                }
                None if self.sample.scan.at >= limit => break,
                None if !buffer.finished => return Ok(None),
                None if self.sample.start >= buffer.filled => break,
                None => buffer.filled,
            };
            self.sample.line(buffer, end).map_err(|()| SourceError {
                code: "too_many_columns",
                message: "The first objects have more than 4,096 different keys.".to_owned(),
                line: self.line + self.sample.lines,
                column: 1,
            })?;
        }
        let Sample { names, by_name, .. } = core::mem::take(&mut self.sample);
        self.name_columns(&names, by_name);
        Ok(Some(names))
    }

    fn name_columns(&mut self, names: &[String], by_name: Distinct) {
        self.cells = vec![Cell::default(); names.len()];
        self.columns = Columns { patterns: names.iter().map(|name| Pattern::of(name)).collect(), by_name };
    }

    /// A reader that goes on at a record of a source with these columns.
    pub(super) fn resume(columns: &[String], first: Position) -> Self {
        let mut ndjson = Self::new(first.line);
        let mut by_name = Distinct::default();
        for name in columns {
            by_name.insert(name.as_bytes());
        }
        ndjson.name_columns(columns, by_name);
        ndjson.row = first.row.saturating_sub(1);
        ndjson
    }

    /// Passes blanks and blank lines; `false` when no record has begun yet.
    fn begin(&mut self, buffer: &mut Buffer) -> bool {
        while !self.begun && buffer.start < buffer.filled {
            match buffer.byte(buffer.start) {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => {
                    self.begun = true;
                    self.scan = LineScan { at: buffer.start, high: false };
                    break;
                }
            }
            buffer.start += 1;
        }
        self.begun
    }

    /// The next record.
    pub(super) fn step(&mut self, buffer: &mut Buffer) -> Outcome {
        let ready = (!self.skipping || self.skip(buffer)) && self.begin(buffer);
        if !ready {
            return if buffer.finished { Outcome::End } else { Outcome::NeedBytes };
        }
        let limit = buffer.start + MAX_RECORD_BYTES + 1;
        match self.scan.find(buffer, limit) {
            Some(end) => self.complete(buffer, end),
            None if self.scan.at >= limit => self.too_long(buffer),
            None if buffer.finished => self.complete(buffer, buffer.filled),
            None => Outcome::NeedBytes,
        }
    }

    /// Drops bytes to behind the next LF; `false` when it is not there yet.
    fn skip(&mut self, buffer: &mut Buffer) -> bool {
        match self.scan.find(buffer, usize::MAX) {
            Some(end) => {
                buffer.start = end + 1;
                self.line += 1;
                self.skipping = false;
                true
            }
            None => {
                buffer.start = self.scan.at;
                false
            }
        }
    }

    /// Whether no record is begun.
    pub(super) fn is_between(&self) -> bool {
        !self.begun && !self.skipping
    }

    /// The position of an object that is no line of JSON but counts as one.
    pub(super) fn pass(&mut self, offset: u64) -> Position {
        self.row += 1;
        self.line += 1;
        Position { row: self.row, line: self.line - 1, offset }
    }

    fn too_long(&mut self, buffer: &mut Buffer) -> Outcome {
        self.row += 1;
        let position = Position { row: self.row, line: self.line, offset: buffer.offset(buffer.start) };
        buffer.start = self.scan.at;
        self.begun = false;
        self.skipping = true;
        Outcome::Refused(Refusal { position, rule: Rule::RecordTooLong, column: None })
    }

    fn complete(&mut self, buffer: &mut Buffer, end: usize) -> Outcome {
        let start = buffer.start;
        self.row += 1;
        let position = Position { row: self.row, line: self.line, offset: buffer.offset(start) };
        let fault = self.parse(buffer, start, end);
        buffer.start = end;
        if end < buffer.filled {
            buffer.start = end + 1;
            self.line += 1;
        }
        self.begun = false;
        if let Some((rule, column)) = fault {
            return Outcome::Refused(Refusal { position, rule, column });
        }
        if !self.special.is_empty() {
            self.finish_special(buffer);
        }
        Outcome::Profile(position)
    }

    /// Finds the cells of a line, or why it has none.
    #[inline]
    fn parse(&mut self, buffer: &Buffer, start: usize, end: usize) -> Option<(Rule, Option<usize>)> {
        self.cells.fill(Cell::default());
        self.special.clear();
        let mut record = Record {
            columns: &self.columns,
            cells: &mut self.cells,
            special: &mut self.special,
            next: 0,
            column: usize::MAX,
        };
        let checked = json::line(buffer.bytes(), start, end, &mut record);
        if self.scan.high
            && let Some(at) = first_invalid(buffer.text(start, end))
        {
            let at = start + at;
            let holds = |cell: &Cell| cell.start <= at && at < cell.end;
            return Some((Rule::InvalidUtf8, self.cells.iter().position(holds).filter(|_| checked.is_ok())));
        }
        checked.err().map(|rule| (rule, None))
    }

    /// Undoes escapes in the cells that will be read, and takes the text from those that have none.
    fn finish_special(&mut self, buffer: &mut Buffer) {
        for (column, start) in &self.special {
            let chosen = self.decode.is_empty() || self.decode.get(*column) == Some(&true);
            match self.cells.get_mut(*column) {
                Some(cell) if cell.start != *start => {}
                Some(cell) if cell.kind != CellKind::Text => cell.end = cell.start,
                Some(cell) if chosen => {
                    let bytes = buffer.bytes_mut().get_mut(cell.start..cell.end).unwrap_or_default();
                    cell.end = cell.start + json::unescape(bytes);
                }
                _ => {}
            }
        }
    }
}

/// Where the members of one record go.
struct Record<'a> {
    columns: &'a Columns,
    cells: &'a mut [Cell],
    special: &'a mut Vec<(usize, usize)>,
    /// The column whose key is expected: objects of one source mostly have their keys in one order.
    next: usize,
    /// The column of the last key; none of them when it is no column.
    column: usize,
}

impl Members for Record<'_> {
    #[inline(always)]
    fn expected(&mut self, window: &[u8; SHORT]) -> Option<usize> {
        let pattern = self.columns.patterns.get(self.next).copied().flatten()?;
        if !pattern.text.begins(window) {
            return None;
        }
        self.column = self.next;
        self.next += 1;
        Some(pattern.length)
    }

    fn key(&mut self, key: &[u8], form: Form) {
        let column = match form {
            Form::Plain => self.columns.by_name.get(key),
            Form::Lone => None,
            Form::Escaped => {
                let mut key = key.to_vec();
                let length = json::unescape(&mut key);
                key.truncate(length);
                self.columns.by_name.get(&key)
            }
        };
        self.column = column.unwrap_or(usize::MAX);
        if let Some(column) = column {
            self.next = column + 1;
        }
    }

    #[inline(always)]
    fn value(&mut self, value: Value) {
        if let Some(cell) = self.cells.get_mut(self.column) {
            let end = if value.kind == CellKind::Missing { value.start } else { value.end };
            *cell = Cell { start: value.start, end, kind: value.kind };
            if value.escaped || matches!(value.kind, CellKind::Nested | CellKind::LoneSurrogate) {
                self.special.push((self.column, value.start));
            }
        }
    }
}

/// The keys of one record.
#[derive(Default)]
struct Keys(Vec<String>);

impl Members for Keys {
    fn expected(&mut self, _: &[u8; SHORT]) -> Option<usize> {
        None
    }

    fn key(&mut self, key: &[u8], form: Form) {
        let mut key = key.to_vec();
        if form == Form::Escaped {
            let length = json::unescape(&mut key);
            key.truncate(length);
        }
        // No name can hold half of a surrogate pair.
        if let (true, Ok(key)) = (form != Form::Lone, String::from_utf8(key)) {
            self.0.push(key);
        }
    }

    fn value(&mut self, _: Value) {}
}

impl Sample {
    /// Takes the keys of the line up to `end`, if it is an object; fails when there are too many.
    fn line(&mut self, buffer: &Buffer, end: usize) -> Result<(), ()> {
        let line = buffer.slice(self.start, end);
        let mut keys = Keys::default();
        let blank = line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        let good = !blank
            && json::line(buffer.bytes(), self.start, end, &mut keys).is_ok()
            && (!self.scan.high || first_invalid(buffer.text(self.start, end)).is_none());
        if good {
            for key in keys.0 {
                if self.by_name.insert(key.as_bytes()) {
                    self.names.push(key);
                }
            }
        }
        if self.names.len() > MAX_COLUMNS {
            return Err(());
        }
        self.records += usize::from(!blank);
        self.lines += 1;
        self.start = end + 1;
        self.scan = LineScan { at: self.start, high: false };
        Ok(())
    }
}

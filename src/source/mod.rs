//! Reading a source: bytes become profiles, whatever pieces the bytes come in.
//!
//! Tables (RFC 4180) and JSON with one object a line. A record that cannot be read costs that one record.

mod buffer;
mod csv;
mod json;
mod ndjson;
mod opening;
mod quotes;
mod values;

pub use crate::profile::{Format, SourceOptions};
use crate::profile::{Position, Profile};
use crate::rejection::Rule;
use buffer::Buffer;
use csv::Csv;
use ndjson::Ndjson;
use opening::{Opened, Opening};
pub use values::VALUE_SEPARATOR;
use values::Values;

/// The source as a whole cannot be read: nothing can be exported from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// The stable code.
    pub code: &'static str,
    /// What is wrong, and what to do, in plain words.
    pub message: String,
    /// The line, from 1.
    pub line: u64,
    /// The byte of that line, from 1.
    pub column: u64,
}

/// A record that could not be read; it counts as a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where it stands.
    pub position: Position,
    /// What is wrong with it.
    pub rule: Rule,
    /// The column in which it went wrong, from 0, where that is known.
    pub column: Option<usize>,
}

/// What the decoder has for its caller.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// A record.
    Profile(Profile<'a>),
    /// A record that could not be read.
    Refused(Refusal),
    /// Feed more bytes, or say that there are no more.
    NeedBytes,
    /// All records were given.
    End,
}

/// A step before the profile is borrowed from the buffer.
enum Outcome {
    Profile(Position),
    Refused(Refusal),
    NeedBytes,
    End,
}

#[derive(Debug)]
enum Stage {
    Opening(Opening),
    Csv(Box<Csv>),
    Ndjson(Box<Ndjson>),
}

/// Decodes a source that comes in pieces. Its results are the same for every way of cutting the source.
///
/// It holds the bytes of one record and of what was fed and not yet asked for, nothing else.
#[derive(Debug)]
pub struct Decoder {
    options: SourceOptions,
    buffer: Buffer,
    stage: Stage,
    /// Set when the names are known, or why they never will be.
    columns: Option<Result<Vec<String>, SourceError>>,
    /// The reader of objects that came as values.
    values: Option<Box<Values>>,
}

impl Decoder {
    /// A decoder at the start of a source.
    #[must_use]
    pub fn new(options: SourceOptions) -> Self {
        Self {
            options,
            buffer: Buffer::default(),
            stage: Stage::Opening(Opening::new(options.format, options.delimiter)),
            columns: None,
            values: None,
        }
    }

    /// A decoder that goes on with the record at `first`, in a source of which format and names are known.
    #[must_use]
    pub fn resume(options: SourceOptions, columns: Vec<String>, first: Position) -> Self {
        let stage = match options.format {
            Format::Ndjson => Stage::Ndjson(Box::new(Ndjson::resume(&columns, first))),
            _ => Stage::Csv(Box::new(Csv::resume(options.delimiter.unwrap_or(b','), columns.len(), first))),
        };
        let buffer = Buffer::from_offset(first.offset);
        Self { options, buffer, stage, columns: Some(Ok(columns)), values: None }
    }

    /// Room for `length` more bytes of the source, to be filled by the caller. Filling it is feeding it.
    ///
    /// After [`Decoder::finish`] the bytes are ignored.
    pub fn space(&mut self, length: usize) -> &mut [u8] {
        self.make_room(length);
        self.buffer.take_room(length)
    }

    /// Feeds bytes by copying them.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.space(bytes.len()).copy_from_slice(bytes);
    }

    /// Whether the source is NDJSON of which the names are known and all lines decoded: objects may then be fed by
    /// their values too.
    #[must_use]
    pub fn takes_values(&self) -> bool {
        let between = matches!(&self.stage, Stage::Ndjson(ndjson) if ndjson.is_between());
        between && matches!(self.columns, Some(Ok(_))) && self.buffer.held() == 0 && !self.buffer.finished
    }

    /// Feeds `rows` objects by their values in the columns `columns`, each with a [`VALUE_SEPARATOR`] behind it; the
    /// other columns are missing. `false`, and nothing fed, when the text does not hold as many values, or is not
    /// UTF-8, or the decoder does not [take values](Self::takes_values): feed the objects as JSON then.
    pub fn feed_values(&mut self, text: &[u8], columns: &[usize], rows: usize) -> bool {
        let Some(Ok(names)) = &self.columns else { return false };
        let all = names.len();
        if !self.takes_values() || !values::holds(text, rows.saturating_mul(columns.len())) {
            return false;
        }
        self.feed(text);
        let values = self.values.get_or_insert_with(|| Box::new(Values::new(columns, all)));
        values.begin(&self.buffer, rows);
        true
    }

    /// The next object of those that came as values.
    #[inline(never)]
    fn next_value(&mut self) -> Option<Position> {
        let (Some(values), Stage::Ndjson(ndjson)) = (&mut self.values, &mut self.stage) else { return None };
        if values.is_done() {
            return None;
        }
        let offset = self.buffer.offset(self.buffer.start);
        values.step(&mut self.buffer);
        Some(ndjson.pass(offset))
    }

    /// No more bytes will come.
    pub fn finish(&mut self) {
        self.make_room(0);
        self.buffer.finish();
    }

    fn make_room(&mut self, length: usize) {
        if matches!(self.columns, Some(Err(_))) {
            self.buffer.start = self.buffer.filled;
            self.buffer.make_room(length);
            return;
        }
        let shift = self.buffer.make_room(length);
        match &mut self.stage {
            Stage::Opening(opening) => opening.moved(shift),
            Stage::Csv(csv) => csv.moved(shift, self.buffer.start),
            Stage::Ndjson(ndjson) => ndjson.moved(shift),
        }
    }

    /// The names of the columns; `None` until enough bytes have come.
    ///
    /// Those of a table are its header's. Those of JSON are the keys of the first objects, in order of first
    /// sight; a key that comes up later is not a column.
    ///
    /// # Errors
    /// When the source as a whole cannot be read. The answer then stays the same.
    pub fn columns(&mut self) -> Result<Option<&[String]>, SourceError> {
        if self.columns.is_none() {
            self.columns = self.open().transpose();
        }
        match &self.columns {
            Some(Ok(names)) => Ok(Some(names)),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(None),
        }
    }

    fn open(&mut self) -> Result<Option<Vec<String>>, SourceError> {
        if let Stage::Opening(opening) = &mut self.stage {
            match opening.look(&mut self.buffer)? {
                Some(Opened::Csv(csv)) => self.stage = Stage::Csv(csv),
                Some(Opened::Ndjson { line }) => self.stage = Stage::Ndjson(Box::new(Ndjson::new(line))),
                None => return Ok(None),
            }
        }
        match &mut self.stage {
            Stage::Opening(_) => Ok(None),
            Stage::Csv(csv) => opening::read_header(csv, &mut self.buffer),
            Stage::Ndjson(ndjson) => ndjson.sample(&mut self.buffer),
        }
    }

    /// Chooses the columns that will be read with [`Profile::text`]; all of them before this is called. The
    /// others may be left undecoded: their quotes stay doubled, their JSON stays escaped.
    pub fn select(&mut self, columns: &[usize]) {
        match &mut self.stage {
            Stage::Opening(_) => {}
            Stage::Csv(csv) => csv.select(columns),
            Stage::Ndjson(ndjson) => ndjson.select(columns),
        }
    }

    /// The next record. Before [`Decoder::columns`] gave the names this only asks for bytes.
    #[inline]
    pub fn next_step(&mut self) -> Step<'_> {
        if !matches!(self.columns, Some(Ok(_))) {
            return Step::NeedBytes;
        }
        if self.values.is_some()
            && let Some(position) = self.next_value()
        {
            let cells = self.values.as_ref().map(|values| values.cells()).unwrap_or_default();
            return Step::Profile(Profile::new(position, self.buffer.bytes(), cells));
        }
        let (outcome, cells) = match &mut self.stage {
            Stage::Opening(_) => return Step::NeedBytes,
            Stage::Csv(csv) => (csv.step(&mut self.buffer), csv.cells()),
            Stage::Ndjson(ndjson) => (ndjson.step(&mut self.buffer), ndjson.cells()),
        };
        match outcome {
            Outcome::Profile(position) => Step::Profile(Profile::new(position, self.buffer.bytes(), cells)),
            Outcome::Refused(refusal) => Step::Refused(refusal),
            Outcome::NeedBytes => Step::NeedBytes,
            Outcome::End => Step::End,
        }
    }

    /// Bytes held and not yet decoded.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.held()
    }

    /// The format: as asked for, or as found once the names are known.
    #[must_use]
    pub fn format(&self) -> Format {
        match &self.stage {
            Stage::Opening(_) => self.options.format,
            Stage::Csv(_) => Format::Csv,
            Stage::Ndjson(_) => Format::Ndjson,
        }
    }

    /// The delimiter of a table: as asked for, or as found once the names are known.
    #[must_use]
    pub fn delimiter(&self) -> Option<u8> {
        match &self.stage {
            Stage::Opening(_) => self.options.delimiter,
            Stage::Csv(csv) => Some(csv.delimiter()),
            Stage::Ndjson(_) => None,
        }
    }
}

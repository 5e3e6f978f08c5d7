//! What must be known before the first record: the encoding, the format, the delimiter, the names.

use super::buffer::Buffer;
use super::csv::{Csv, Found};
use super::quotes::count_line_ends;
use super::{Format, SourceError};
use crate::limits::{MAX_COLUMNS, MAX_RECORD_BYTES};

const BOM: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF16: [&[u8]; 2] = [&[0xFF, 0xFE], &[0xFE, 0xFF]];

const EMPTY: &str = "The source is empty: it has no header and no profile.";

/// Delimiters that are recognized, the first one winning a tie.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Mark,
    Format,
    Delimiter,
}

/// What the opening has found so far.
#[derive(Debug)]
pub(super) struct Opening {
    stage: Stage,
    /// First byte not yet looked at.
    at: usize,
    /// Lines before `buffer.start`, and how many of them an LF ended: JSON knows no other line end.
    lines: u64,
    line_feeds: u64,
    /// The last line end was a CR.
    after_cr: bool,
    format: Format,
    delimiter: Option<u8>,
    tally: Tally,
}

/// Delimiters counted in the header line.
#[derive(Debug, Default)]
struct Tally {
    counts: [u64; 4],
    inside: bool,
    /// A quote at this byte opens a value, or doubles the one before it.
    not_first: bool,
}

/// How the source is to be read.
pub(super) enum Opened {
    Csv(Box<Csv>),
    Ndjson { line: u64 },
}

impl Opening {
    pub(super) fn new(format: Format, delimiter: Option<u8>) -> Self {
        Self {
            stage: Stage::Mark,
            at: 0,
            lines: 0,
            line_feeds: 0,
            after_cr: false,
            format,
            delimiter,
            tally: Tally::default(),
        }
    }

    /// The kept bytes moved `shift` bytes to the front.
    pub(super) fn moved(&mut self, shift: usize) {
        self.at -= shift;
    }

    /// Looks at the bytes that came; `None` while more of them are needed.
    pub(super) fn look(&mut self, buffer: &mut Buffer) -> Result<Option<Opened>, SourceError> {
        if self.stage == Stage::Mark && !self.pass_mark(buffer)? {
            return Ok(None);
        }
        if self.stage == Stage::Format && !self.pass_blanks(buffer)? {
            return Ok(None);
        }
        if self.format == Format::Ndjson {
            return Ok(Some(Opened::Ndjson { line: self.line_feeds + 1 }));
        }
        if self.delimiter.is_none() && !self.count_delimiters(buffer) {
            return Ok(None);
        }
        let delimiter = self.delimiter.unwrap_or_else(|| self.tally.winner());
        Ok(Some(Opened::Csv(Box::new(Csv::new(delimiter, buffer.start, self.lines + 1)))))
    }

    /// Passes the byte order mark; `false` when it is not certain yet whether there is one.
    fn pass_mark(&mut self, buffer: &mut Buffer) -> Result<bool, SourceError> {
        let fail = |code, message: &str| Err(SourceError { code, message: message.to_owned(), line: 1, column: 1 });
        if let Some(delimiter) = self.delimiter
            && (!delimiter.is_ascii() || matches!(delimiter, b'"' | b'\r' | b'\n' | 0))
        {
            return fail("bad_delimiter", "The delimiter must be an ASCII character, no quote and no line end.");
        }
        let bytes = buffer.slice(buffer.start, buffer.filled);
        if UTF16.iter().any(|mark| bytes.starts_with(mark)) {
            return fail("utf16", "The file is UTF-16. Save it as UTF-8.");
        }
        let unsure = |mark: &[u8]| bytes.len() < mark.len() && mark.starts_with(bytes);
        if !buffer.finished && (unsure(BOM) || UTF16.into_iter().any(unsure)) {
            return Ok(false);
        }
        if bytes.starts_with(BOM) {
            buffer.start += BOM.len();
        }
        self.at = buffer.start;
        self.stage = Stage::Format;
        Ok(true)
    }

    /// Passes blank lines and settles the format by the first byte that is not blank; `false` when there is none
    /// yet. What is kept begins with the line of that byte.
    fn pass_blanks(&mut self, buffer: &mut Buffer) -> Result<bool, SourceError> {
        while self.at < buffer.filled {
            match buffer.byte(self.at) {
                b' ' | b'\t' => {}
                byte @ (b'\r' | b'\n') => {
                    let second = byte == b'\n' && self.after_cr && self.at == buffer.start;
                    self.lines += u64::from(!second);
                    self.line_feeds += u64::from(byte == b'\n');
                    self.after_cr = byte == b'\r';
                    buffer.start = self.at + 1;
                }
                byte => {
                    self.settle(byte, buffer.start);
                    return Ok(true);
                }
            }
            self.at += 1;
            if self.at - buffer.start > MAX_RECORD_BYTES {
                if self.format != Format::Ndjson {
                    // Nothing but blanks: too long a header, as its reader will say.
                    self.settle(b' ', buffer.start);
                    return Ok(true);
                }
                buffer.start = self.at;
            }
        }
        if buffer.finished {
            return Err(SourceError { code: "empty_source", message: EMPTY.to_owned(), line: 1, column: 1 });
        }
        Ok(false)
    }

    fn settle(&mut self, byte: u8, start: usize) {
        if self.format == Format::Auto {
            self.format = if byte == b'{' { Format::Ndjson } else { Format::Csv };
        }
        self.at = start;
        self.stage = Stage::Delimiter;
    }

    /// Counts the candidates outside quotes in the header line; `false` when its end is not there yet.
    fn count_delimiters(&mut self, buffer: &Buffer) -> bool {
        let end = buffer.filled.min(buffer.start + MAX_RECORD_BYTES + 1);
        for byte in buffer.slice(self.at, end) {
            self.at += 1;
            if self.tally.ends_with(*byte) {
                return true;
            }
        }
        buffer.finished || end < buffer.filled
    }
}

impl Tally {
    /// Counts one byte; `true` when it ends the line.
    fn ends_with(&mut self, byte: u8) -> bool {
        if byte == b'"' {
            if self.inside {
                self.inside = false;
                self.not_first = false;
            } else if !self.not_first {
                self.inside = true;
            }
            return false;
        }
        if self.inside {
            return false;
        }
        let candidate = CANDIDATES.iter().position(|candidate| *candidate == byte);
        if let Some(count) = candidate.and_then(|index| self.counts.get_mut(index)) {
            *count += 1;
        }
        self.not_first = candidate.is_none();
        byte == b'\r' || byte == b'\n'
    }

    fn winner(&self) -> u8 {
        let mut best = (0, b',');
        for (count, candidate) in self.counts.iter().zip(CANDIDATES) {
            if *count > best.0 {
                best = (*count, candidate);
            }
        }
        best.1
    }
}

/// Reads the header of a table; `None` while more bytes are needed.
pub(super) fn read_header(csv: &mut Csv, buffer: &mut Buffer) -> Result<Option<Vec<String>>, SourceError> {
    let found = csv.scan(buffer);
    let start = buffer.start;
    let reach = match found {
        Found::Starved => return Ok(None),
        Found::Record(end) => end,
        Found::Misplaced(at) => at + 1,
        Found::Unclosed | Found::TooLong => csv.scanned(),
        Found::End => start,
    };
    if let Some(nul) = buffer.slice(start, reach).iter().position(|byte| *byte == 0) {
        let message = "The header holds a NUL byte: this is not a text file, or it is UTF-16. Save it as UTF-8 text.";
        return Err(error(csv, buffer, "binary", message, start + nul));
    }
    let (code, message, at) = match found {
        Found::Record(end) => {
            let count = csv.close_record(end);
            if let Some((at, _)) = csv.invalid_utf8(buffer, start, end) {
                ("header_invalid_utf8", "The header is not valid UTF-8. Save the file as UTF-8.", at)
            } else if let Some(last) = csv.cells().last().filter(|_| count > MAX_COLUMNS) {
                ("too_many_columns", "The header names more than 4,096 columns.", last.end + 1)
            } else {
                return Ok(Some(csv.names(buffer, end)));
            }
        }
        Found::Misplaced(at) => ("header_quote", "Text follows a closing quote in the header.", at),
        Found::Unclosed => ("header_quote", "A quote in the header is never closed.", csv.open_cell() - 1),
        Found::TooLong => ("header_too_long", "The header is longer than 1 MiB.", start),
        Found::End | Found::Starved => ("empty_source", EMPTY, start),
    };
    Err(error(csv, buffer, code, message, at))
}

/// An error at a byte of the header, whose first line is the reader's current one.
fn error(csv: &Csv, buffer: &Buffer, code: &'static str, message: &str, at: usize) -> SourceError {
    let before = buffer.slice(buffer.start, at);
    let in_line = before.iter().rev().take_while(|byte| !matches!(byte, b'\r' | b'\n')).count();
    SourceError {
        code,
        message: message.to_owned(),
        line: csv.line() + count_line_ends(before),
        column: in_line as u64 + 1,
    }
}

//! Where an encoder stands, so that another one can go on from there.

use super::progress::{Counts, OmissionCount};
use crate::checkpoint::Tape;
use crate::contact::Omission;
use crate::limits::{MAX_CHECKPOINT_BYTES, MAX_COLUMNS, MAX_FIELDS};
use crate::profile::{Format, Position, SourceOptions};

/// Omissions are counted by target and reason: each field, and the phone.
const MAX_OMISSIONS: usize = (MAX_FIELDS + 1) * Omission::ALL.len();

/// A place between two records.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Bookmark {
    /// How the source is written, once that was found out.
    pub(super) source: SourceOptions,
    pub(super) columns: Vec<String>,
    /// The record to read first, and the batches before the one that it begins.
    pub(super) first: Position,
    pub(super) taken: u64,
    /// The last record that is counted, and what was packed up to it.
    pub(super) last: Position,
    pub(super) open: u64,
    pub(super) batches: u64,
    /// Whether the source ended there, so that the last batch was packed.
    pub(super) ended: bool,
    pub(super) counts: Counts,
    pub(super) omissions: Vec<OmissionCount>,
}

impl Bookmark {
    pub(super) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        let mut ndjson = self.source.format == Format::Ndjson;
        tape.flag(&mut ndjson)?;
        let mut delimiter = self.source.delimiter.map(u64::from);
        tape.option(&mut delimiter, Tape::number)?;
        let format = if ndjson { Format::Ndjson } else { Format::Csv };
        let delimiter = delimiter.and_then(|byte| u8::try_from(byte).ok());
        self.source = SourceOptions { format, delimiter };
        tape.list(&mut self.columns, MAX_COLUMNS, |tape, name| tape.text(name, MAX_CHECKPOINT_BYTES))?;
        self.first.fields(tape)?;
        tape.count(&mut self.taken)?;
        self.last.fields(tape)?;
        tape.count(&mut self.open)?;
        tape.count(&mut self.batches)?;
        tape.flag(&mut self.ended)?;
        self.counts.fields(tape)?;
        tape.list(&mut self.omissions, MAX_OMISSIONS, |tape, omission| omission.fields(tape))?;
        (self.first.row <= self.last.row && self.taken <= self.batches && self.last.row > 0).then_some(())
    }
}

impl Counts {
    fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        for count in [&mut self.read, &mut self.accepted, &mut self.rejected, &mut self.duplicate, &mut self.excluded] {
            tape.count(count)?;
        }
        self.rejected_by_rule.fields(tape)
    }
}

impl OmissionCount {
    fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.text(&mut self.target, MAX_CHECKPOINT_BYTES)?;
        let place = Omission::ALL.iter().position(|omission| omission.code() == self.code).unwrap_or_default();
        let mut place = place as u64;
        tape.number(&mut place)?;
        let omission = Omission::ALL.get(usize::try_from(place).ok()?)?;
        (self.code, self.reason) = (omission.code(), omission.reason());
        tape.count(&mut self.count)?;
        tape.number(&mut self.first_row)
    }
}

//! From bytes to batches: decoding, mapping, de-duplication and packing, without any remote.

use super::bookmark::Bookmark;
use super::packing::{Context, Group, Packed, Tally};
use super::progress::{Counts, OmissionCount};
use crate::audience::Seen;
use crate::delivery::batch::{Batch, Packer};
use crate::error::{Category, Stop};
use crate::mapping::Program;
use crate::plan::{Automations, Plan};
use crate::profile::Position;
use crate::rejection::Rejection;
use crate::source::{Decoder, Refusal, SourceError, SourceOptions, Step};

/// How an encoder reports.
#[derive(Clone, Copy, Debug, Default)]
pub struct EncoderOptions {
    /// Makes the hashes of this run its own.
    pub seed: u64,
    /// Whether rejections show whole values.
    pub reveal: bool,
    /// Whether rejections are only counted.
    pub count_only: bool,
}

/// Turns the bytes of a source into batches.
pub struct Encoder {
    plan: Plan,
    options: EncoderOptions,
    decoder: Decoder,
    program: Option<Program>,
    columns: Vec<String>,
    seen: Seen,
    packer: Packer,
    tally: Tally,
    group: Group,
    /// The last record decoded, and whether the source ended behind it.
    last: Position,
    ended: bool,
    replay: Option<Replay>,
}

/// Records that were counted before a resume are read again for their contacts, and not counted again.
#[derive(Debug)]
struct Replay {
    until: Position,
    /// Contacts that are then in the open batch, and batches before it.
    open: u64,
    batches: u64,
    ended: bool,
    /// Takes what is counted meanwhile.
    tally: Tally,
}

/// What an encoder needs or has.
#[derive(Debug)]
pub enum Advance {
    /// A batch.
    Batch(Batch),
    /// More bytes, or the word that there are none.
    NeedBytes,
    /// All is told.
    End,
}

impl Encoder {
    /// An encoder at the start of a source.
    #[must_use]
    pub fn new(plan: Plan, options: EncoderOptions) -> Self {
        Self {
            decoder: Decoder::new(plan.source),
            packer: Packer::new(plan.automations == Automations::Exclude),
            seen: Seen::new(options.seed),
            program: None,
            columns: Vec::new(),
            tally: Tally::default(),
            group: Group::default(),
            last: Position::default(),
            ended: false,
            replay: None,
            options,
            plan,
        }
    }

    /// An encoder that goes on where another one was, with the addresses of all batches before its first one. It
    /// reads again from [`Bookmark::first`] on, and packs the same batches from the same records.
    ///
    /// # Errors
    /// The columns do not fit the plan.
    pub(super) fn resume(
        plan: Plan,
        options: EncoderOptions,
        seen: Seen,
        bookmark: Bookmark,
    ) -> Result<Self, Vec<crate::error::Issue>> {
        let Bookmark { source, columns, first, taken, last, open, batches, ended, counts, omissions } = bookmark;
        let program = Program::bind(&plan, &columns)?;
        let mut decoder = Decoder::resume(source, columns.clone(), first);
        decoder.select(program.columns());
        let mut encoder = Self::new(plan, options);
        encoder.packer.skip_to(taken);
        encoder.replay = Some(Replay { until: last, open, batches, ended, tally: Tally::default() });
        encoder.tally = Tally { counts, omissions, rejections: Vec::new() };
        Ok(Self { decoder, program: Some(program), columns, seen, last, ..encoder })
    }

    /// Where the encoder stands; `earliest` is the first contact of the earliest batch that is still needed, and
    /// its number. `None` until the first record was decoded. Whatever it stands for must be told before: see
    /// [`Encoder::settle`].
    pub(super) fn bookmark(&self, earliest: Option<(u64, Position)>) -> Option<Bookmark> {
        let batches = self.packer.taken();
        let open = self.packer.entries().first().map(|entry| (batches + 1, entry.position));
        let (number, first) = earliest.or(open).unwrap_or((batches + 1, self.last));
        (self.last.row > 0).then(|| Bookmark {
            source: SourceOptions { format: self.decoder.format(), delimiter: self.decoder.delimiter() },
            columns: self.columns.clone(),
            first,
            taken: number - 1,
            last: self.last,
            open: self.packer.len() as u64,
            batches,
            ended: self.ended,
            counts: self.tally.counts.clone(),
            omissions: self.tally.omissions.clone(),
        })
    }

    /// Whether records that were counted before are being read again.
    pub(super) fn replaying(&self) -> bool {
        self.replay.is_some()
    }

    /// A number that stands for a body's bytes, within this run.
    pub(super) fn fingerprint(&self, body: &[u8]) -> u64 {
        self.seen.hash(body)
    }

    /// The hash by which a batch id is known among those of addresses, which hold no NUL; `false` when it is there.
    pub(super) fn see_batch_id(&mut self, id: &str) -> (u64, bool) {
        let hash = self.seen.hash(&[b"\0", id.as_bytes()].concat());
        (hash, self.seen.insert(hash))
    }

    /// Lets an address go out more than once, and remembers none; to be called before anything is fed.
    pub fn keep_duplicates(&mut self) {
        self.seen = Seen::forgetful(self.options.seed);
    }

    /// Room for the next bytes of the source; filling it is feeding it.
    pub fn space(&mut self, length: usize) -> &mut [u8] {
        self.decoder.space(length)
    }

    /// Feeds bytes of the source.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.decoder.feed(bytes);
    }

    /// The columns whose values [`Encoder::feed_values`] takes, in their order; `None` while it takes none.
    #[must_use]
    pub fn value_columns(&self) -> Option<Vec<&str>> {
        let program = self.program.as_ref().filter(|_| self.decoder.takes_values())?;
        program.columns().iter().map(|column| self.columns.get(*column).map(String::as_str)).collect()
    }

    /// Feeds objects by their values, as [`Decoder::feed_values`] takes them.
    pub fn feed_values(&mut self, text: &[u8], rows: usize) -> bool {
        let Some(program) = self.program.as_ref() else { return false };
        self.decoder.feed_values(text, program.columns(), rows)
    }

    /// Says that the source has ended.
    pub fn finish(&mut self) {
        self.decoder.finish();
    }

    /// Decodes until a batch is full, bytes are missing or the source is at its end.
    ///
    /// # Errors
    /// The source as a whole cannot be exported: it is empty or unreadable, or lacks a mapped column.
    pub fn advance(&mut self) -> Result<Advance, Stop> {
        if self.program.is_none() && !self.bind()? {
            return Ok(Advance::NeedBytes);
        }
        loop {
            let full = match self.decoder.next_step() {
                Step::NeedBytes => return Ok(Advance::NeedBytes),
                Step::End => return self.end(),
                Step::Refused(refusal) => {
                    self.last = refusal.position;
                    self.refuse(refusal);
                    None
                }
                Step::Profile(profile) => {
                    let Some(program) = self.program.as_mut() else { return Ok(Advance::NeedBytes) };
                    self.last = profile.position();
                    let tally = self.replay.as_mut().map_or(&mut self.tally, |replay| &mut replay.tally);
                    tally.counts.read += 1;
                    let context = Context { columns: &self.columns, options: self.options };
                    let (packer, seen, group) = (&mut self.packer, &mut self.seen, &mut self.group);
                    Packed { packer, seen, tally, group }.profile(program, &profile, &context)
                }
            };
            if self.replay.is_some() {
                self.end_replay()?;
            }
            if let Some(batch) = full {
                return Ok(Advance::Batch(batch));
            }
        }
    }

    /// Ends the reading again at the record where it was before, once all is found as it was.
    #[cold]
    #[inline(never)]
    fn end_replay(&mut self) -> Result<(), Stop> {
        let Some((until, ended)) = self.replay.as_ref().map(|replay| (replay.until, replay.ended)) else {
            return Ok(());
        };
        // One that was read to the end of its source ends there again, and no record later.
        let there = if ended { self.ended || self.last.row > until.row } else { self.last.row >= until.row };
        if !there {
            return Ok(());
        }
        self.settle();
        let Some(replay) = self.replay.take() else { return Ok(()) };
        let same = self.last == until && self.open_contacts() == replay.open && self.packer.taken() == replay.batches;
        if same { Ok(()) } else { Err(source_changed()) }
    }

    /// Compiles the mapping once the columns are known; `false` while they are not.
    #[cold]
    #[inline(never)]
    fn bind(&mut self) -> Result<bool, Stop> {
        let Some(columns) = self.decoder.columns().map_err(|error| source_stop(&error))? else {
            return Ok(false);
        };
        let columns = columns.to_vec();
        let program = Program::bind(&self.plan, &columns).map_err(Stop::settings)?;
        self.decoder.select(program.columns());
        self.columns = columns;
        self.program = Some(program);
        Ok(true)
    }

    #[cold]
    #[inline(never)]
    fn end(&mut self) -> Result<Advance, Stop> {
        if self.tally.counts.read == 0 {
            return Err(Stop::new(
                "no_profiles",
                Category::Source,
                "The source has column names but no profiles.",
                "Check that the segment has members and that its export has finished.",
            ));
        }
        self.settle();
        let last = self.packer.take();
        self.ended = true;
        self.end_replay()?;
        if self.replay.is_some() {
            return Err(source_changed());
        }
        Ok(last.map_or(Advance::End, Advance::Batch))
    }

    /// Looks up the addresses that still wait for it, so that every rejection is told.
    pub fn settle(&mut self) {
        let Some(program) = self.program.as_ref() else { return };
        let tally = self.replay.as_mut().map_or(&mut self.tally, |replay| &mut replay.tally);
        let (packer, seen, group) = (&mut self.packer, &mut self.seen, &mut self.group);
        let context = Context { columns: &self.columns, options: self.options };
        Packed { packer, seen, tally, group }.settle(program, &context);
    }

    #[inline(never)]
    fn refuse(&mut self, refusal: Refusal) {
        let tally = self.replay.as_mut().map_or(&mut self.tally, |replay| &mut replay.tally);
        tally.counts.read += 1;
        tally.counts.reject(refusal.rule);
        if !self.options.count_only {
            tally.rejections.push(Rejection {
                position: refusal.position,
                source_id: None,
                column: refusal.column.and_then(|column| self.columns.get(column).cloned()),
                rule: refusal.rule,
                reason: refusal.rule.reason().to_owned(),
                value: None,
            });
        }
    }

    /// Takes the body of a batch that is no longer needed, to write another one into it.
    pub fn reuse(&mut self, body: Vec<u8>) {
        self.packer.reuse(body);
    }

    /// What was read and refused so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.tally.counts
    }

    /// Contacts in the batch that is still open.
    #[must_use]
    pub fn open_contacts(&self) -> u64 {
        self.packer.len() as u64
    }

    /// Bytes held that belong to no batch yet.
    #[must_use]
    pub fn open_bytes(&self) -> usize {
        self.packer.bytes() + self.decoder.buffered()
    }

    /// The rejections since the last call, in the order of the source. Those behind a contact that may still
    /// turn out to be a duplicate come with a later call.
    pub fn take_rejections(&mut self) -> Vec<Rejection> {
        let open = self.packer.len() - self.group.hashes.len().min(self.packer.len());
        let Some(first) = self.packer.entries().get(open) else { return core::mem::take(&mut self.tally.rejections) };
        let ready = self.tally.rejections.partition_point(|rejection| rejection.position.row < first.position.row);
        let later = self.tally.rejections.split_off(ready);
        core::mem::replace(&mut self.tally.rejections, later)
    }

    /// The column of the address, when it is just one.
    #[must_use]
    pub fn email_column(&self) -> Option<&str> {
        let column = self.program.as_ref()?.email_column()?;
        self.columns.get(column).map(String::as_str)
    }

    /// The values left out of contacts, by target and reason.
    #[must_use]
    pub fn omissions(&self) -> &[OmissionCount] {
        &self.tally.omissions
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

pub(super) fn source_changed() -> Stop {
    Stop::new(
        "source_changed",
        Category::Source,
        "The source is not the one that this run began with.",
        "Give the run the source it began with, unchanged, or start it anew.",
    )
}

fn source_stop(error: &SourceError) -> Stop {
    let message = format!(
        "{} (line {}, column {})",
        error.message.strip_suffix('.').unwrap_or(&error.message),
        error.line,
        error.column
    );
    Stop::new(error.code, Category::Source, &(message + "."), "Correct the source; nothing was sent.")
}

//! The state machine of a run: the only place that knows all the others.
//!
//! It is told what happened and says what to do. [`Export::handle_input`] takes one input;
//! [`Export::poll_output`] is drained until it answers `Wait` or `Finish`. The same inputs in the same order
//! give the same outputs.

mod bookmark;
mod discovery;
mod encoder;
mod import;
mod in_flight;
mod keeping;
mod outcome;
mod packing;
mod progress;
mod remote;
mod report;
mod saved;
mod sending;

pub use discovery::{Account, Discovery, Wanted};
pub use encoder::{Advance, Encoder, EncoderOptions};
pub use keeping::Keep;
pub use progress::{Counts, OmissionCount, Progress, RunResult, Summary, WaitReason};
pub use remote::{Remote, Request};

use crate::activecampaign::answer::{Judgement, judge};
use crate::activecampaign::bulk_import;
use crate::checkpoint::Log;
use crate::error::{Category, Misuse, Stop};
use crate::limits::{
    EARLY_STOP_PROFILES, FORBIDDEN_PAUSE_MILLIS, LATE_MILLIS, MAX_IN_FLIGHT_BATCHES, MAX_IN_FLIGHT_BYTES,
    MAX_READY_BATCHES,
};
use crate::plan::Plan;
use crate::rejection::Rejection;
use crate::time::Timestamp;
use in_flight::{InFlight, Purpose};
use keeping::Keeping;
use std::collections::VecDeque;

/// What the host tells.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The next bytes of the source.
    Bytes(&'a [u8]),
    /// The source is complete.
    EndOfSource,
    /// The source broke off: an error, or fewer bytes than it said.
    SourceFailed,
    /// An answer came, whole and within its bounds.
    Response {
        /// The request's id.
        id: u64,
        /// The status; 0 where a browser hides a redirect.
        status: u16,
        /// The `Retry-After` header.
        retry_after: Option<&'a str>,
        /// The body.
        body: &'a [u8],
    },
    /// No answer came.
    Unanswered {
        /// The request's id.
        id: u64,
        /// Whether it can have reached the account.
        sent: Sent,
    },
    /// The state with this number is stored, for good.
    Stored {
        /// The state's number.
        number: u64,
    },
    /// The state with this number is not stored.
    NotStored {
        /// The state's number.
        number: u64,
        /// Another process holds the run now.
        taken_over: bool,
    },
    /// The time of the last `Wait` has come. A spurious wake does nothing.
    Wake,
    /// Send nothing new; settle what is on its way.
    Cancel,
}

/// Whether a request that got no answer can have been applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Surely not: the connection was refused, or the name not found.
    No,
    /// Nobody knows.
    Unknown,
}

/// What the host is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<F = Summary> {
    /// Send a request and tell its answer.
    Send(Request),
    /// A profile will not be delivered.
    Reject(Rejection),
    /// Store a state; tell when it is stored. One at a time. What came before it, rejections above all, belongs to
    /// it and is stored with it, all or nothing.
    Store(Store),
    /// Where the run stands.
    Report(Progress),
    /// Nothing to do until something happens.
    Wait(Wait),
    /// The end.
    Finish(F),
}

impl<F> Output<F> {
    /// The same output, with what the end brings put aside: one driver then serves every machine.
    #[must_use]
    pub fn without_end(self, end: &mut Option<F>) -> Output<()> {
        match self {
            Self::Send(request) => Output::Send(request),
            Self::Reject(rejection) => Output::Reject(rejection),
            Self::Store(store) => Output::Store(store),
            Self::Report(progress) => Output::Report(progress),
            Self::Wait(wait) => Output::Wait(wait),
            Self::Finish(finish) => {
                *end = Some(finish);
                Output::Finish(())
            }
        }
    }
}

/// A state to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// By which the host tells that it is stored.
    pub number: u64,
    /// The checkpoint, which replaces the one before.
    pub checkpoint: Vec<u8>,
    /// Bytes to be added to the log before, often none.
    pub log: Vec<u8>,
    /// The log's length then. What a process left behind this length counts for nothing.
    pub log_bytes: u64,
}

/// What the machine waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// When to wake it, if nothing happens before.
    pub until: Option<Timestamp>,
    /// Why it waits.
    pub reason: WaitReason,
    /// Whether it has room for bytes of the source.
    pub wants_bytes: bool,
    /// Open requests.
    pub in_flight: u32,
}

/// How a run is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExportOptions {
    /// From the host's random source: jitter and hashes of this run.
    pub seed: u64,
    /// Whether rejections show whole values.
    pub reveal: bool,
    /// The source's length in bytes, where the host knows it; a shorter source is a broken one.
    pub source_bytes: Option<u64>,
    /// How states are kept; without it no state is handed out, and a run that dies begins anew.
    pub keep: Option<Keep>,
}

/// One run of an export.
pub struct Export {
    encoder: Encoder,
    remote: Remote,
    in_flight: InFlight,
    options: ExportOptions,
    outcome: outcome::Outcome,
    index_base: Option<import::IndexBase>,
    /// The contact that was sent alone to learn the base, and whether counting from one was proven wrong by it.
    suspect: Option<u64>,
    one_disproved: bool,
    outputs: VecDeque<Output>,
    keeping: Option<Keeping>,
    /// Parts of batches whose records are still to be read again after a resume.
    awaiting: Vec<saved::Piece>,
    /// The last batch that was packed before a resume.
    packed_before: u64,
    /// The source is not what the state was kept of: nothing of what was on its way can be settled.
    lost: bool,
    source: SourceState,
    source_offset: u64,
    source_bytes: u64,
    wants_bytes: bool,
    cancelled: bool,
    stop: Option<Stop>,
    started: Timestamp,
    reported: Option<Progress>,
    /// The time of the last input, and when it asked to be woken at the latest.
    told: Timestamp,
    wake_due: Timestamp,
    finished: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SourceState {
    Open,
    /// All bytes are here; profiles may still wait to be decoded.
    Ended,
    /// All profiles are packed.
    Drained,
}

impl Export {
    /// A run that starts from the first byte of its source. `remote` carries the account's windows from
    /// whatever was asked before, so that the run does not exceed them.
    #[must_use]
    pub fn new(plan: Plan, options: ExportOptions, remote: Option<Remote>, now: Timestamp) -> Self {
        let resolved = plan.resolved;
        let seed = saved::hash_seed(options.keep.as_ref(), options.seed);
        let encoder = Encoder::new(plan, EncoderOptions { seed, reveal: options.reveal, ..EncoderOptions::default() });
        let remote = remote.unwrap_or_else(|| Remote::new(options.seed));
        let now = remote.pace().tell(now);
        let mut export = Self::build(encoder, remote, options, now);
        export.keeping = options.keep.map(|keep| Keeping::new(keep, Log::default()));
        if !resolved {
            export.stop = Some(Stop::new(
                "unresolved",
                Category::Misuse,
                "The plan was made without the account's lists and fields.",
                "Read the account first and pass it to the plan.",
            ));
        }
        export.go_on(now);
        export
    }

    fn build(encoder: Encoder, remote: Remote, options: ExportOptions, now: Timestamp) -> Self {
        Self {
            encoder,
            remote,
            in_flight: InFlight::default(),
            outcome: outcome::Outcome::default(),
            index_base: None,
            suspect: None,
            one_disproved: false,
            options,
            outputs: VecDeque::new(),
            keeping: None,
            awaiting: Vec::new(),
            packed_before: 0,
            lost: false,
            source: SourceState::Open,
            source_offset: 0,
            source_bytes: 0,
            wants_bytes: true,
            cancelled: false,
            stop: None,
            started: now,
            reported: None,
            told: now,
            wake_due: now,
            finished: false,
        }
    }

    /// The first byte of the source that the host must supply; always a record's first.
    #[must_use]
    pub fn source_offset(&self) -> u64 {
        self.source_offset
    }

    /// Takes one input.
    ///
    /// # Errors
    /// The outputs were not drained, the run has finished, or the input does not fit what is open.
    pub fn handle_input(&mut self, now: Timestamp, input: &Input<'_>) -> Result<(), Misuse> {
        if self.finished {
            return Err(Misuse::Finished);
        }
        if !self.outputs.is_empty() {
            return Err(Misuse::Undrained);
        }
        let now = self.awake(now);
        match input {
            Input::Bytes(bytes) => {
                if self.source != SourceState::Open {
                    return Err(Misuse::SourceEnded);
                }
                self.source_bytes += bytes.len() as u64;
                self.encoder.feed(bytes);
            }
            Input::EndOfSource => self.source_ended(),
            Input::SourceFailed => self.source_failed("The source broke off while it was being read."),
            Input::Response { id, status, retry_after, body } => {
                let (purpose, sent) = self.in_flight.requests.remove(*id).ok_or(Misuse::UnknownRequest)?;
                let judgement = judge(*status, body);
                let bulk = matches!(purpose, Purpose::Import(_));
                // The importer's own limit names no time; a 429 is the account's, whatever was asked.
                self.remote.judged(&judgement, *retry_after, bulk && *status != 429, now);
                self.key_judged(&judgement, sent, now);
                match purpose {
                    Purpose::Import(unit) => self.import_answered(unit, bulk_import::read(judgement), now),
                    Purpose::Info(unit) => self.info_answered(unit, judgement, now),
                    Purpose::Lookup(unit, entry) => self.lookup_answered(unit, entry, &judgement, now),
                    Purpose::Probe => self.probe_answered(&judgement),
                }
                self.learned(bulk);
                self.give_up(now);
            }
            Input::Unanswered { id, sent } => {
                let (purpose, _) = self.in_flight.requests.remove(*id).ok_or(Misuse::UnknownRequest)?;
                let import = matches!(purpose, Purpose::Import(_));
                self.remote.unanswered(now);
                match purpose {
                    Purpose::Import(unit) => self.import_unanswered(unit, *sent, now),
                    Purpose::Info(unit) => self.poll_again(unit, now),
                    Purpose::Lookup(unit, entry) => self.look_up_again(unit, entry, true, now),
                    Purpose::Probe => {}
                }
                self.learned(import);
                self.give_up(now);
            }
            Input::Stored { number } => self.stored(*number, now)?,
            Input::NotStored { number, taken_over } => self.not_stored(*number, *taken_over)?,
            Input::Wake => {}
            Input::Cancel => self.cancelled = true,
        }
        self.go_on(now);
        Ok(())
    }

    /// The time by the account's clock. A host that woke up much later than it was asked to may have slept, or had its
    /// clock set forward.
    fn awake(&mut self, now: Timestamp) -> Timestamp {
        let now = self.remote.pace().tell(now);
        let doubtful = now.since(self.told);
        if now.since(self.wake_due.max(self.told)) > LATE_MILLIS {
            self.remote.overslept(doubtful, now);
            self.in_flight.overslept(doubtful);
            self.outcome.loose_until = self.outcome.loose_until.postponed(doubtful, now);
        }
        self.told = now;
        now
    }

    /// The next output, to `Wait` or `Finish`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn source_ended(&mut self) {
        if self.source != SourceState::Open {
            return;
        }
        let expected = self.options.source_bytes.unwrap_or(self.source_bytes);
        if self.source_bytes != expected {
            let message = format!("The source ended after {} bytes; it had said {expected}.", self.source_bytes);
            return self.source_failed(&message);
        }
        self.source = SourceState::Ended;
        self.encoder.finish();
    }

    fn source_failed(&mut self, message: &str) {
        self.source = SourceState::Drained;
        if self.encoder.replaying() {
            self.lose();
        }
        // Whoever cancels a run lets its source go, too.
        if self.cancelled {
            return;
        }
        let remedy =
            "Make the source complete and run the export again. Profiles that were delivered are updated in place.";
        let stop = Stop::new("source_failed", Category::Source, message, remedy);
        self.stop.get_or_insert(stop.retryable());
    }

    /// Whether nothing new is sent.
    fn winding_down(&self) -> bool {
        self.cancelled || self.stop.is_some()
    }

    /// Whether what the account has taken can still be followed to its end.
    fn can_settle(&self) -> bool {
        let fatal = |stop: &Stop| !matches!(stop.category, Category::Source | Category::Settings);
        !self.lost && !self.stop.as_ref().is_some_and(fatal)
    }

    /// Nothing of what was on its way can be settled by this process; the stored state stays as it is.
    fn lose(&mut self) {
        self.lost = true;
        if let Some(keeping) = &mut self.keeping {
            keeping.close();
        }
    }

    /// An answer came: what it changed is to be stored. A look at an outcome that is still open changes nothing.
    fn learned(&mut self, import: bool) {
        let settled = self.outcome.settled();
        if let Some(keeping) = &mut self.keeping {
            keeping.learned(import, settled);
        }
    }

    /// Stops once the account has been unusable for too long.
    fn give_up(&mut self, now: Timestamp) {
        if self.stop.is_none() {
            self.stop = self.remote.gave_up(now);
        }
    }

    /// A key that is refused again after a pause is to blame; once may be a whim of the service, whose other
    /// answers to requests of the same moment then say no more.
    fn key_judged(&mut self, judgement: &Judgement, sent: Timestamp, now: Timestamp) {
        match (judgement, self.outcome.forbidden_at) {
            (Judgement::Forbidden, None) => {
                self.outcome.forbidden_at = Some(now);
                self.remote.hold_until(now.plus(FORBIDDEN_PAUSE_MILLIS));
            }
            (Judgement::Forbidden, Some(first)) if sent > first => {
                self.stop.get_or_insert(remote::key_refused());
            }
            (Judgement::Fine(_), Some(first)) if sent > first => self.outcome.forbidden_at = None,
            _ => {}
        }
    }

    /// Does all that can be done now, and ends in `Wait` or `Finish`.
    fn go_on(&mut self, now: Timestamp) {
        self.fill(now);
        self.blame_the_account();
        self.blame_the_mapping();
        self.send_all(now);
        if self.winding_down() {
            self.encoder.settle();
            self.recall();
        }
        self.tell_rejections();
        self.store();
        let idle = self.in_flight.requests.is_empty();
        let done = if self.winding_down() {
            // What was on its way before a resume is known once its records are read again, cancelled or not.
            let reading = self.encoder.replaying() && self.source != SourceState::Drained;
            let unsettled = reading || self.in_flight.units.values().any(|unit| unit.is_taken());
            !(self.can_settle() && unsettled)
        } else {
            self.source == SourceState::Drained && self.in_flight.units.is_empty()
        };
        if idle && done && self.last_state_stored() {
            return self.finish(now);
        }
        let (wait, due) = self.wait(now);
        self.wake_due = due;
        let progress = Progress { waiting: Some(wait.reason), ..self.progress() };
        if self.reported != Some(progress) {
            self.reported = Some(progress);
            self.outputs.push_back(Output::Report(progress));
        }
        self.outputs.push_back(Output::Wait(wait));
    }

    /// Stops when more profiles are rejected than the definition allows: that looks like a wrong column, and nobody
    /// wants to read about it a million times.
    fn blame_the_mapping(&mut self) {
        let Some(most) = self.encoder.plan().max_rejected_percent else { return };
        let Progress { read, rejected, .. } = self.progress();
        let enough = read >= EARLY_STOP_PROFILES || self.source == SourceState::Drained;
        if self.winding_down() || self.encoder.replaying() || !enough || rejected * 100 <= most * read {
            return;
        }
        let mut rules = self.encoder.counts().rejected_by_rule;
        rules.add_all(&self.outcome.rejected_by_rule);
        let usual = rules.iter().max_by_key(|(_, count)| *count).map_or("", |(rule, _)| rule.code());
        self.stop = Some(Stop::new(
            "too_many_rejected",
            Category::Source,
            &format!("{rejected} of {read} profiles were rejected; the definition allows {most} %. Most: {usual}."),
            "This looks like a wrong column in the mapping, or a broken source: correct it and start the run anew. If \
             the profiles are as they should be, raise `maxRejectedPercent` and run the export again.",
        ));
    }

    fn tell_rejections(&mut self) {
        let rejections = self.encoder.take_rejections();
        self.outputs.extend(rejections.into_iter().map(Output::Reject));
    }

    /// Packs batches until enough are ready, the memory is used, or bytes are missing.
    fn fill(&mut self, now: Timestamp) {
        self.wants_bytes = false;
        while (self.encoder.replaying() || !self.winding_down()) && self.source != SourceState::Drained {
            let full = self.in_flight.ready() >= MAX_READY_BATCHES
                || self.in_flight.units.len() >= MAX_IN_FLIGHT_BATCHES
                || self.in_flight.bytes() >= MAX_IN_FLIGHT_BYTES;
            if full && !self.encoder.replaying() {
                break;
            }
            match self.encoder.advance() {
                Ok(Advance::Batch(batch)) if batch.number <= self.packed_before => self.restore(&batch, now),
                Ok(Advance::Batch(batch)) => {
                    if let Some(keeping) = &mut self.keeping {
                        keeping.packed(&batch);
                    }
                    self.in_flight.add(batch, now);
                }
                Ok(Advance::NeedBytes) => {
                    self.wants_bytes = self.source == SourceState::Open;
                    break;
                }
                Ok(Advance::End) => self.source = SourceState::Drained,
                Err(stop) => {
                    self.source = SourceState::Drained;
                    if stop.code == "source_changed" {
                        self.lose();
                    }
                    self.stop.get_or_insert(stop);
                }
            }
        }
        if !self.awaiting.is_empty() && !self.encoder.replaying() && !self.lost {
            self.lose();
            self.source = SourceState::Drained;
            self.stop = Some(encoder::source_changed());
        }
    }
}

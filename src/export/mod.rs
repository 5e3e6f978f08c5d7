//! The state machine of a run: the only place that knows all the others.
//!
//! It is told what happened and says what to do. [`Export::handle_input`] takes one input;
//! [`Export::poll_output`] is drained until it answers `Wait` or `Finish`. The same inputs in the same order
//! give the same outputs.

mod discovery;
mod encoder;
mod import;
mod in_flight;
mod outcome;
mod progress;
mod remote;

pub use discovery::{Account, Discovery, Wanted};
pub use encoder::{Advance, Encoder, EncoderOptions};
pub use progress::{Counts, OmissionCount, Progress, RunResult, Summary, WaitReason};
pub use remote::{Remote, Request};

use crate::activecampaign::answer::{Judgement, judge};
use crate::activecampaign::{account, bulk_import, contacts, import_info};
use crate::delivery::rate::Kind;
use crate::error::{Category, Misuse, Stop};
use crate::limits::{
    FORBIDDEN_PAUSE_MILLIS, MAX_IN_FLIGHT_BATCHES, MAX_IN_FLIGHT_BYTES, MAX_READY_BATCHES,
    MULTI_CONTACT_REQUESTS_PER_MINUTE,
};
use crate::plan::Plan;
use crate::rejection::{Rejection, Rule, shown};
use crate::time::{Clock, Timestamp};
use in_flight::{InFlight, Purpose, State};
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
    /// Where the run stands.
    Report(Progress),
    /// Nothing to do until something happens.
    Wait(Wait),
    /// The end.
    Finish(F),
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
}

/// One run of an export.
pub struct Export {
    clock: Clock,
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
    source: SourceState,
    source_bytes: u64,
    wants_bytes: bool,
    cancelled: bool,
    stop: Option<Stop>,
    started: Timestamp,
    reported: Option<Progress>,
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
        let encoder_options = EncoderOptions { seed: options.seed, reveal: options.reveal, count_only: false };
        let mut clock = Clock::default();
        let now = clock.tell(now);
        let mut export = Self {
            clock,
            encoder: Encoder::new(plan, encoder_options),
            remote: remote.unwrap_or_else(|| Remote::new(options.seed)),
            in_flight: InFlight::default(),
            outcome: outcome::Outcome::default(),
            index_base: None,
            suspect: None,
            one_disproved: false,
            options,
            outputs: VecDeque::new(),
            source: SourceState::Open,
            source_bytes: 0,
            wants_bytes: true,
            cancelled: false,
            stop: None,
            started: now,
            reported: None,
            finished: false,
        };
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
        let now = self.clock.tell(now);
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
                self.remote.judged(&judgement, *retry_after, bulk, now);
                self.key_judged(&judgement, sent, now);
                match purpose {
                    Purpose::Import(unit) => self.import_answered(unit, bulk_import::read(judgement), now),
                    Purpose::Info(unit) => self.info_answered(unit, judgement, now),
                    Purpose::Lookup(unit, entry) => self.lookup_answered(unit, entry, &judgement, now),
                    Purpose::Probe => self.probe_answered(&judgement),
                }
                self.give_up(now);
            }
            Input::Unanswered { id, sent } => {
                let (purpose, _) = self.in_flight.requests.remove(*id).ok_or(Misuse::UnknownRequest)?;
                self.remote.unanswered(now);
                match purpose {
                    Purpose::Import(unit) => self.import_unanswered(unit, *sent, now),
                    Purpose::Info(unit) => self.poll_again(unit, now),
                    Purpose::Lookup(unit, entry) => self.look_up_again(unit, entry, true, now),
                    Purpose::Probe => {}
                }
                self.give_up(now);
            }
            Input::Wake => {}
            Input::Cancel => self.cancelled = true,
        }
        self.go_on(now);
        Ok(())
    }

    /// The next output, to `Wait` or `Finish`.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Where the run stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let counts = self.encoder.counts();
        Progress {
            read: counts.read,
            pending: self.encoder.open_contacts() + self.in_flight.untaken(),
            queued: self.in_flight.queued(),
            delivered: self.outcome.delivered,
            rejected: counts.rejected + self.outcome.rejected,
            duplicate: counts.duplicate,
            excluded: counts.excluded,
            unchanged: 0,
            unverified: self.outcome.unverified,
            resent: self.outcome.resent,
            batches: self.outcome.batches,
            requests: self.remote.requests(),
            source_bytes: self.source_bytes,
            remaining_millis: self.remaining_millis(),
            waiting: None,
        }
    }

    /// What is left at the account's rate, from the share of the source read so far.
    fn remaining_millis(&self) -> Option<u64> {
        let batches = self.outcome.batches.max(1);
        let total = match self.source {
            SourceState::Open => {
                let size = self.options.source_bytes?;
                (self.source_bytes > 0).then(|| batches.saturating_mul(size) / self.source_bytes)?
            }
            _ => batches + self.in_flight.ready() as u64,
        };
        let per_minute = MULTI_CONTACT_REQUESTS_PER_MINUTE as u64;
        // A batch settles some six seconds after it went out.
        let settling = if self.in_flight.units.is_empty() { 0 } else { 6_000 };
        Some(total.saturating_sub(batches) * 60_000 / per_minute + settling)
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
        self.stop.as_ref().is_none_or(|stop| matches!(stop.category, Category::Source | Category::Settings))
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
        self.send_all(now);
        if self.winding_down() {
            self.encoder.settle();
        }
        let rejections = self.encoder.take_rejections();
        self.outputs.extend(rejections.into_iter().map(Output::Reject));
        let idle = self.in_flight.requests.is_empty();
        let done = if self.winding_down() {
            let unsettled = self.in_flight.units.values().any(|unit| unit.is_taken());
            !(self.can_settle() && unsettled)
        } else {
            self.source == SourceState::Drained && self.in_flight.units.is_empty()
        };
        if idle && done {
            return self.finish(now);
        }
        let wait = self.wait(now);
        let progress = Progress { waiting: Some(wait.reason), ..self.progress() };
        if self.reported != Some(progress) {
            self.reported = Some(progress);
            self.outputs.push_back(Output::Report(progress));
        }
        self.outputs.push_back(Output::Wait(wait));
    }

    /// Packs batches until enough are ready, the memory is used, or bytes are missing.
    fn fill(&mut self, now: Timestamp) {
        self.wants_bytes = false;
        while !self.winding_down() && self.source != SourceState::Drained {
            let full = self.in_flight.ready() >= MAX_READY_BATCHES
                || self.in_flight.units.len() >= MAX_IN_FLIGHT_BATCHES
                || self.in_flight.bytes() >= MAX_IN_FLIGHT_BYTES;
            if full {
                return;
            }
            match self.encoder.advance() {
                Ok(Advance::Batch(batch)) => self.in_flight.add(batch, now),
                Ok(Advance::NeedBytes) => {
                    self.wants_bytes = self.source == SourceState::Open;
                    return;
                }
                Ok(Advance::End) => self.source = SourceState::Drained,
                Err(stop) => {
                    self.source = SourceState::Drained;
                    self.stop.get_or_insert(stop);
                }
            }
        }
    }

    /// Sends whatever may go: batches first, since their window is the narrow one, then outcomes, then look-ups.
    fn send_all(&mut self, now: Timestamp) {
        while let Some((due, purpose)) = self.next_request() {
            if due > now {
                return;
            }
            self.send(purpose, now);
        }
    }

    /// The request that is due first, and when it may go.
    fn next_request(&self) -> Option<(Timestamp, Purpose)> {
        let mut best: Option<(Timestamp, u64, Purpose)> = None;
        // Of requests that may go at once, the one of the lowest rank goes.
        let mut offer = |due: Timestamp, kind: Kind, rank: u64, purpose: Purpose| {
            let Some(opens_at) = self.remote.opens_at(kind) else { return };
            let due = due.max(opens_at);
            if best.as_ref().is_none_or(|(at, other, _)| (due, rank) < (*at, *other)) {
                best = Some((due, rank, purpose));
            }
        };
        // While the remote fails, whether it is back is asked without a batch that may be what makes it fail.
        let asking_first = if self.remote.in_trouble() { 0 } else { 2_000_000 };
        if self.outcome.probe_wanted()
            && !self.in_flight.requests.values().any(|(purpose, _)| *purpose == Purpose::Probe)
        {
            offer(Timestamp::default(), Kind::Other, 0, Purpose::Probe);
        }
        let (sends, settles) = (!self.winding_down(), self.can_settle());
        for (id, unit) in self.in_flight.units.iter() {
            match &unit.state {
                // What has failed least goes first, then the smallest: a half of a refused batch is the likeliest to
                // be taken, and shows that the account is not to blame.
                State::Ready(at) if sends && !self.waits(unit) => {
                    let size = if unit.suspect { unit.contacts() } else { 1_000 };
                    offer(*at, unit.kind(), 1 + u64::from(unit.troubles) * 10_000 + size, Purpose::Import(id));
                }
                State::Taken(taken) if settles && !taken.polling => {
                    offer(taken.next_poll, Kind::Other, asking_first, Purpose::Info(id));
                }
                State::Checking(checking) if settles && !checking.looking => {
                    if let Some(entry) = checking.queue.last() {
                        offer(checking.next_lookup, Kind::Other, asking_first + 1, Purpose::Lookup(id, *entry));
                    }
                }
                _ => {}
            }
        }
        best.map(|(due, _, purpose)| (due, purpose))
    }

    /// Whether a unit waits for another one's answer, which tells how contacts are counted.
    fn waits(&self, unit: &in_flight::Unit) -> bool {
        let open = |id: u64| self.in_flight.units.get(id).is_some_and(|other| !other.is_taken());
        self.index_base.is_none() && unit.waits_for.is_some_and(open)
    }

    fn send(&mut self, purpose: Purpose, now: Timestamp) {
        let (kind, call) = match &purpose {
            Purpose::Probe => (Kind::Other, account::user_call()),
            Purpose::Import(id) | Purpose::Info(id) | Purpose::Lookup(id, _) => {
                let list = self.encoder.plan().mapping.subscribe.is_none().then(|| self.encoder.plan().list);
                let Some(unit) = self.in_flight.units.get_mut(*id) else { return };
                let resent = if unit.sent { unit.contacts() } else { 0 };
                let kind = unit.kind();
                match (&purpose, &mut unit.state) {
                    (Purpose::Import(_), state) => {
                        *state = State::Sending;
                        unit.sent = true;
                        self.outcome.batches += 1;
                        self.outcome.resent += resent;
                        (kind, bulk_import::call(unit.batch.body().to_vec()))
                    }
                    (Purpose::Info(_), State::Taken(taken)) => {
                        taken.polling = true;
                        taken.polls += 1;
                        (Kind::Other, import_info::call(&taken.batch_id))
                    }
                    (Purpose::Lookup(_, entry), State::Checking(checking)) => {
                        checking.looking = true;
                        let email = unit.batch.entries().get(*entry).map(|entry| unit.batch.email(entry));
                        let email = String::from_utf8_lossy(email.unwrap_or_default());
                        (Kind::Other, contacts::call(&email, list))
                    }
                    _ => return,
                }
            }
        };
        let id = self.remote.send(kind, now);
        self.in_flight.requests.insert(id, (purpose, now));
        self.outputs.push_back(Output::Send(Request { id, call }));
    }

    fn wait(&self, now: Timestamp) -> Wait {
        let next = self.next_request();
        let in_flight = u32::try_from(self.in_flight.requests.len()).unwrap_or(u32::MAX);
        let reason = if self.remote.throttled_until() > now {
            WaitReason::Throttled
        } else if self.remote.in_trouble() {
            WaitReason::Unavailable
        } else {
            match &next {
                Some((_, Purpose::Import(id))) => {
                    let first_try = self.in_flight.units.get(*id).is_some_and(|unit| unit.attempts == 0);
                    if first_try { WaitReason::RateWindow } else { WaitReason::Backoff }
                }
                Some((_, Purpose::Info(_) | Purpose::Lookup(..))) => WaitReason::Processing,
                _ if in_flight > 0 => WaitReason::Answer,
                _ => WaitReason::Source,
            }
        };
        Wait { until: next.map(|(due, _)| self.clock.host_time(due)), reason, wants_bytes: self.wants_bytes, in_flight }
    }

    fn finish(&mut self, now: Timestamp) {
        self.finished = true;
        // What may have been applied without an answer is neither delivered nor "not sent".
        let unknown = |unit: &in_flight::Unit| unit.fate_unknown && !unit.is_taken();
        let lost: Vec<u64> = self.in_flight.units.iter().filter(|(_, unit)| unknown(unit)).map(|(id, _)| id).collect();
        for id in lost {
            self.unverified(id);
        }
        let progress = self.progress();
        let result = if self.stop.is_some() {
            RunResult::Blocked
        } else if self.cancelled && (self.source != SourceState::Drained || progress.pending + progress.queued > 0) {
            RunResult::Cancelled
        } else if progress.unverified > 0 {
            RunResult::Incomplete
        } else if progress.rejected > 0 {
            RunResult::CompletedWithRejections
        } else {
            RunResult::Succeeded
        };
        let mut rejected_by_rule = self.encoder.counts().rejected_by_rule;
        rejected_by_rule.add_all(&self.outcome.rejected_by_rule);
        let progress = Progress { remaining_millis: None, ..progress };
        if progress.read > 0 && self.reported != Some(progress) {
            self.outputs.push_back(Output::Report(progress));
        }
        self.outputs.push_back(Output::Finish(Summary {
            result,
            progress,
            rejected_by_rule,
            omissions: self.encoder.omissions().to_vec(),
            stop: self.stop.take(),
            duration_millis: now.since(self.started),
        }));
    }

    /// Counts and reports a contact that the account refused.
    fn reject_entry(&mut self, unit: u64, entry: usize, rule: Rule, reason: &str) {
        let Some(unit) = self.in_flight.units.get(unit) else { return };
        let Some(contact) = unit.batch.entries().get(entry) else { return };
        let rejection = Rejection {
            position: contact.position,
            source_id: contact.source_id.as_deref().map(str::to_owned).filter(|id| !id.is_empty()),
            column: self.encoder.email_column().filter(|_| rule == Rule::FailedInImport).map(str::to_owned),
            rule,
            reason: if reason.is_empty() { rule.reason().to_owned() } else { reason.to_owned() },
            value: shown(unit.batch.email(contact), self.options.reveal),
        };
        self.outcome.reject(rule);
        self.outputs.push_back(Output::Reject(rejection));
    }
}

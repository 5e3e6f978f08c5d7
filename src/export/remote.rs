//! The account as a whole: its windows, its throttles and its outages, whatever the single request was for.

use crate::activecampaign::Call;
use crate::activecampaign::answer::Judgement;
use crate::checkpoint::Tape;
use crate::delivery::pace::Pace;
use crate::delivery::rate::Kind;
use crate::delivery::retry::{RetryBudget, backoff_millis, retry_after_millis};
use crate::error::{Category, Stop};
use crate::limits::{
    BARRIER_MILLIS, MAX_OPEN_REQUESTS, OUTAGE_DEADLINE_MILLIS, OUTAGE_FAILURES, RATE_GUARD_MILLIS,
    THROTTLE_DEADLINE_MILLIS, THROTTLE_MILLIS,
};
use crate::time::{Random, Timestamp};

/// A request to be sent, with the id by which its answer comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The id.
    pub id: u64,
    /// Which windows of the account it falls under.
    pub kind: Kind,
    /// What to send.
    pub call: Call,
}

/// Paces requests and keeps the account's state.
#[derive(Clone, Debug)]
pub struct Remote {
    pace: Pace,
    retries: RetryBudget,
    pub(super) random: Random,
    next_id: u64,
    open: usize,
    failures: u32,
    troubled_since: Option<Timestamp>,
    throttles: u32,
    throttled_since: Option<Timestamp>,
    paused_until: Timestamp,
    held_until: Timestamp,
    barred_until: Timestamp,
    /// Until when nothing is sent out of care, though the account said nothing.
    careful_until: Timestamp,
    requests: u64,
}

impl Default for Remote {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Remote {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            pace: Pace::default(),
            retries: RetryBudget::default(),
            random: Random::new(seed),
            next_id: 0,
            open: 0,
            failures: 0,
            troubled_since: None,
            throttles: 0,
            throttled_since: None,
            paused_until: Timestamp::default(),
            held_until: Timestamp::default(),
            barred_until: Timestamp::default(),
            careful_until: Timestamp::default(),
            requests: 0,
        }
    }

    /// What outlives a process: the windows and the throttle, which are the account's. Failures are not: whether
    /// the account is back is found out anew.
    pub(super) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        self.pace.fields(tape)?;
        self.retries.fields(tape)?;
        self.random.fields(tape)?;
        tape.time(&mut self.held_until)?;
        tape.time(&mut self.barred_until)?;
        tape.count(&mut self.requests)?;
        tape.count(&mut self.next_id)
    }

    /// The latest moment that it knows of.
    pub(super) fn latest(&self) -> Timestamp {
        self.pace.latest().max(self.held_until).max(self.barred_until).max(self.retries.opens_at())
    }

    /// What a new run takes over: the windows and what still holds them, and nothing of the counts.
    pub(super) fn for_the_next(self) -> Self {
        Self { requests: 0, ..self }
    }

    /// After a run of which nobody can say what it sent: no batch goes out for as long as one of it may be on its way.
    #[must_use]
    pub fn after_the_unknown(now: Timestamp) -> Self {
        let mut remote = Self::default();
        let now = remote.pace.tell(now);
        remote.bar_until(now.plus(BARRIER_MILLIS));
        remote
    }

    /// Asks within these windows from now on, together with all others that have a share in them.
    pub fn share(&mut self, pace: &Pace) {
        pace.join(&self.pace);
        self.pace = pace.clone();
    }

    /// The account's clock and windows.
    #[must_use]
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Goes on after another process. Its last second is not known in full, since not every request is stored
    /// before it goes out; and this one made `asked` requests since, within the same windows.
    pub(super) fn go_on(&mut self, asked: u64, now: Timestamp) {
        self.requests += asked;
        self.careful_until = now.plus(1_000 + RATE_GUARD_MILLIS);
        self.pace.change(|limiter| limiter.close_until(self.careful_until));
    }

    /// When a request of this kind may go; `None` while an answer must come first.
    pub(super) fn opens_at(&self, kind: Kind) -> Option<Timestamp> {
        // While the remote is in trouble one request at a time finds out whether it is back.
        let most = if self.in_trouble() { 1 } else { MAX_OPEN_REQUESTS };
        let barred = if kind == Kind::Other { Timestamp::default() } else { self.barred_until };
        (self.open < most).then(|| self.pace.opens_at(kind).max(self.paused_until).max(self.held_until).max(barred))
    }

    /// When a batch may go out again whose fate is unknown.
    pub(super) fn retry_opens_at(&self) -> Timestamp {
        self.retries.opens_at()
    }

    /// A batch of unknown fate goes out again.
    pub(super) fn retried(&mut self, now: Timestamp) {
        self.retries.spend(now);
    }

    /// The host woke up much later than it was asked to: it slept, or its clock was set forward. Only a second clock
    /// could tell which, so the windows are kept as if nothing had passed; that costs a minute at most.
    pub(super) fn overslept(&mut self, millis: u64, now: Timestamp) {
        self.pace.change(|limiter| limiter.doubt(millis, now));
        self.held_until = self.held_until.postponed(millis, now);
        self.barred_until = self.barred_until.postponed(millis, now);
        for since in [&mut self.troubled_since, &mut self.throttled_since].into_iter().flatten() {
            *since = since.plus(millis);
        }
    }

    /// Makes room for a request; gives its id.
    pub(super) fn send(&mut self, kind: Kind, now: Timestamp) -> u64 {
        self.pace.change(|limiter| limiter.record(kind, now));
        self.open += 1;
        self.next_id += 1;
        self.next_id
    }

    /// A request goes onto the wire.
    pub(super) fn launched(&mut self) {
        self.requests += 1;
    }

    /// A batch goes out later than room was made for it, if there is room now.
    pub(super) fn delayed(&mut self, kind: Kind, from: Timestamp, now: Timestamp) -> bool {
        self.pace.change(|limiter| limiter.forget(kind, from));
        let open = self.pace.opens_at(kind) <= now;
        if open {
            self.pace.change(|limiter| limiter.record(kind, now));
        }
        open
    }

    /// A batch may have gone out at any time up to now.
    pub(super) fn may_have_sent(&mut self, kind: Kind, now: Timestamp) {
        self.pace.change(|limiter| limiter.record(kind, now));
    }

    /// A request that was made room for never goes out.
    pub(super) fn recalled(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// Notes what an answer says of the account as a whole. `importer` tells the importer's throttle, which
    /// names no time, from the general one.
    pub(super) fn judged(&mut self, judgement: &Judgement, retry_after: Option<&str>, importer: bool, now: Timestamp) {
        self.open = self.open.saturating_sub(1);
        match judgement {
            Judgement::Throttled => {
                self.throttles += 1;
                self.throttled_since.get_or_insert(now);
                let own =
                    if importer { THROTTLE_MILLIS } else { 1_000 + backoff_millis(&mut self.random, self.throttles) };
                let told = retry_after.and_then(|header| retry_after_millis(header, now)).unwrap_or(own);
                self.pace.change(|limiter| limiter.close_until(now.plus(told.max(if importer { own } else { 1_000 }))));
            }
            Judgement::Trouble | Judgement::Unreadable | Judgement::LoginPage => self.failed(retry_after, now),
            _ => self.answered(),
        }
    }

    /// Notes that no answer came.
    pub(super) fn unanswered(&mut self, now: Timestamp) {
        self.open = self.open.saturating_sub(1);
        self.failed(None, now);
    }

    fn answered(&mut self) {
        self.failures = 0;
        self.throttles = 0;
        self.troubled_since = None;
        self.throttled_since = None;
        self.paused_until = Timestamp::default();
    }

    fn failed(&mut self, retry_after: Option<&str>, now: Timestamp) {
        self.failures += 1;
        self.troubled_since.get_or_insert(now);
        if self.in_trouble() {
            let pause = backoff_millis(&mut self.random, self.failures);
            let told = retry_after.and_then(|header| retry_after_millis(header, now)).unwrap_or(0);
            self.paused_until = now.plus(pause.max(told));
        }
    }

    /// Sends nothing until then, whatever is answered meanwhile.
    pub(super) fn hold_until(&mut self, until: Timestamp) {
        self.held_until = self.held_until.max(until);
    }

    /// Sends no batch until then: one of an earlier run may still be waiting to be applied.
    pub(super) fn bar_until(&mut self, until: Timestamp) {
        self.barred_until = self.barred_until.max(until);
    }

    /// Until when no batch is sent because of an earlier run.
    pub(super) fn barred_until(&self) -> Timestamp {
        self.barred_until
    }

    /// Whether the remote as a whole fails, so that no single batch is to blame.
    pub(super) fn in_trouble(&self) -> bool {
        self.failures >= OUTAGE_FAILURES
    }

    /// Until when the account said to wait.
    pub(super) fn throttled_until(&self) -> Timestamp {
        let closed = self.pace.closed_until();
        if closed > self.careful_until { closed } else { Timestamp::default() }
    }

    /// Until when nothing at all is sent, because the account or its key said so.
    pub(super) fn closed_until(&self) -> Timestamp {
        self.pace.closed_until().max(self.held_until)
    }

    /// Requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    /// A pause before another try, in milliseconds.
    pub(super) fn backoff(&mut self, failures: u32) -> u64 {
        backoff_millis(&mut self.random, failures)
    }

    /// Why the run must stop for now, when the account has been unusable for too long. To be asked after a
    /// failure: time alone, such as a laptop's sleep or a long `Retry-After`, proves nothing.
    pub(super) fn gave_up(&self, now: Timestamp) -> Option<Stop> {
        let longer = |since: Option<Timestamp>, count: u32, most: u64| {
            count >= OUTAGE_FAILURES && since.is_some_and(|since| now.since(since) >= most)
        };
        if longer(self.troubled_since, self.failures, OUTAGE_DEADLINE_MILLIS) {
            let minutes = OUTAGE_DEADLINE_MILLIS / 60_000;
            let message = format!("The account has given no usable answer for {minutes} minutes.");
            let remedy = "Check the hostname and ActiveCampaign's status page, then run the export again.";
            return Some(Stop::new("remote_unavailable", Category::Remote, &message, remedy).retryable());
        }
        if longer(self.throttled_since, self.throttles, THROTTLE_DEADLINE_MILLIS) {
            let minutes = THROTTLE_DEADLINE_MILLIS / 60_000;
            let message = format!("The account has answered \"too many requests\" for {minutes} minutes.");
            let remedy =
                "Find the other integrations that use this account's 5 requests a second, then run the export again.";
            return Some(Stop::new("rate_limited", Category::Remote, &message, remedy).retryable());
        }
        None
    }
}

/// The key was refused, by a 401, a 403 or a page.
pub(super) fn key_refused() -> Stop {
    Stop::new(
        "key_refused",
        Category::Credentials,
        "The account refused the key.",
        "Copy the key again from Settings > Developer of this account; it may have been changed, or belong to \
         another account or to a user without rights. An expired or suspended account refuses its keys too.",
    )
}

/// What stops a run whatever was asked; `None` for answers that a caller can deal with.
pub(super) fn fatal(judgement: &Judgement) -> Option<Stop> {
    let remote = |code, message: &str, remedy: &str| Some(Stop::new(code, Category::Remote, message, remedy));
    match judgement {
        Judgement::PlanLimit => remote(
            "plan_limit",
            "The account's plan does not allow this.",
            "Check the plan and its contact limit under Settings > Billing.",
        ),
        Judgement::Redirect => remote(
            "redirected",
            "The host answered with a redirect, which is never followed with a key.",
            "Check the hostname under Settings > Developer: the account may have moved or be suspended.",
        ),
        Judgement::NotFound => remote(
            "not_found",
            "The host does not know ActiveCampaign's API.",
            "Check the hostname under Settings > Developer.",
        ),
        _ => None,
    }
}

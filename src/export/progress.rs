//! The truth about a run: every profile in exactly one bucket, at every moment.

use crate::error::Stop;
use crate::json::{Json, Writer};
use crate::rejection::{Rule, RuleCounts};

/// What the source held, before anything was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Profiles read.
    pub read: u64,
    /// Contacts packed.
    pub accepted: u64,
    /// Profiles that broke a rule.
    pub rejected: u64,
    /// Profiles with the address of an earlier one.
    pub duplicate: u64,
    /// Profiles whose consent column does not say yes.
    pub excluded: u64,
    /// Rejected profiles by rule.
    pub rejected_by_rule: RuleCounts,
}

impl Counts {
    /// Counts one rejected profile.
    pub fn reject(&mut self, rule: Rule) {
        self.rejected += 1;
        self.rejected_by_rule.add(rule);
    }
}

/// Values that were left out of contacts which went out all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OmissionCount {
    /// `phone`, or the title of a custom field.
    pub target: String,
    /// A stable code.
    pub code: &'static str,
    /// What was wrong, in plain words.
    pub reason: &'static str,
    /// How many values.
    pub count: u64,
    /// Row of the first one.
    pub first_row: u64,
}

impl Json for OmissionCount {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("target", &self.target);
            json.member("code", &self.code);
            json.member("reason", &self.reason);
            json.member("count", &self.count);
            json.member("firstRow", &self.first_row);
        });
    }
}

/// Where a run stands. `read = pending + queued + delivered + rejected + duplicate + excluded + unchanged +
/// unverified`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Profiles read from the source.
    pub read: u64,
    /// Read, and not yet taken by the account.
    pub pending: u64,
    /// Taken by the account, outcome not yet known.
    pub queued: u64,
    /// Their import has ended, and its answer, or a look-up where that falls short, accounts for them.
    pub delivered: u64,
    /// Refused, here or there.
    pub rejected: u64,
    /// Same address as an earlier profile.
    pub duplicate: u64,
    /// Without consent; not sent.
    pub excluded: u64,
    /// Not sent because nothing changed since the last run.
    pub unchanged: u64,
    /// Sent, and no answer says what became of them.
    pub unverified: u64,
    /// Contacts that went out more than once.
    pub resent: u64,
    /// Bulk requests sent.
    pub batches: u64,
    /// Requests of any kind.
    pub requests: u64,
    /// Bytes read from the source.
    pub source_bytes: u64,
    /// Milliseconds that the rest will take, where it can be told.
    pub remaining_millis: Option<u64>,
    /// Why nothing is being sent right now, when nothing is.
    pub waiting: Option<WaitReason>,
}

impl Progress {
    /// Whether the buckets add up to the profiles read.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.buckets() == self.read
    }

    /// The sum of the eight buckets.
    pub(super) fn buckets(&self) -> u64 {
        let buckets = [
            self.pending,
            self.queued,
            self.delivered,
            self.rejected,
            self.duplicate,
            self.excluded,
            self.unchanged,
            self.unverified,
        ];
        buckets.iter().sum()
    }

    /// Writes the members of its object.
    fn members(&self, json: &mut Writer) {
        let counts = [
            ("read", self.read),
            ("pending", self.pending),
            ("queued", self.queued),
            ("delivered", self.delivered),
            ("rejected", self.rejected),
            ("duplicate", self.duplicate),
            ("excluded", self.excluded),
            ("unchanged", self.unchanged),
            ("unverified", self.unverified),
            ("resent", self.resent),
            ("batches", self.batches),
            ("requests", self.requests),
            ("sourceBytes", self.source_bytes),
        ];
        for (name, count) in counts {
            json.member(name, &count);
        }
        json.optional("remainingMillis", &self.remaining_millis);
        json.optional("waiting", &self.waiting.map(WaitReason::name));
    }
}

impl Json for Progress {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| self.members(json));
    }
}

/// Why a run waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// For bytes of the source.
    Source,
    /// For an answer to an open request.
    Answer,
    /// For the account's rate window.
    RateWindow,
    /// The account said that there were too many requests.
    Throttled,
    /// For ActiveCampaign to process what it has taken.
    Processing,
    /// Before trying again after a failure.
    Backoff,
    /// The account has not answered for a while.
    Unavailable,
    /// For the state to be stored, without which nothing is sent.
    Storing,
    /// Until nothing of an earlier run can still be on its way.
    PreviousRun,
}

impl WaitReason {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Answer => "answer",
            Self::RateWindow => "rate_window",
            Self::Throttled => "throttled",
            Self::Processing => "processing",
            Self::Backoff => "backoff",
            Self::Unavailable => "unavailable",
            Self::Storing => "storing",
            Self::PreviousRun => "previous_run",
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunResult {
    /// Nothing rejected, nothing unverified.
    Succeeded,
    /// Every profile has a known end; some are rejected.
    CompletedWithRejections,
    /// Some profiles are unverified: nobody can say.
    Incomplete,
    /// Somebody must act; `stop` says who. Running it again goes on.
    Blocked,
    /// Cancelled: what was on its way was settled, the rest was not sent.
    Cancelled,
}

impl RunResult {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::CompletedWithRejections => "completed_with_rejections",
            Self::Incomplete => "incomplete",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How it ended.
    pub result: RunResult,
    /// The counts.
    pub progress: Progress,
    /// Rejected profiles by rule.
    pub rejected_by_rule: RuleCounts,
    /// Values left out of contacts that went out.
    pub omissions: Vec<OmissionCount>,
    /// Why it could not go on, for `blocked`.
    pub stop: Option<Stop>,
    /// Milliseconds from the first input to the last.
    pub duration_millis: u64,
}

impl Json for Summary {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("result", &self.result.name());
            self.progress.members(json);
            json.member("rejectedByRule", &self.rejected_by_rule);
            json.member("omissions", &self.omissions);
            json.optional("stop", &self.stop);
            json.member("durationMillis", &self.duration_millis);
        });
    }
}

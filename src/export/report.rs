//! What a run tells of itself: where it stands, how it ended, whom the account refused.

use super::{Export, Output, Progress, RunResult, SourceState, Summary, in_flight, saved};
use crate::activecampaign::answer::without_values;
use crate::limits::MULTI_CONTACT_REQUESTS_PER_MINUTE;
use crate::rejection::{Rejection, Rule, shown};
use crate::time::Timestamp;

impl Export {
    /// Where the run stands.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let counts = self.encoder.counts();
        let awaited = self.awaiting.iter().map(saved::Piece::counts).filter(|(_, taken)| *taken);
        let queued = self.in_flight.queued() + awaited.map(|(contacts, _)| contacts).sum::<u64>();
        let mut progress = Progress {
            read: counts.read,
            pending: self.encoder.open_contacts() + self.in_flight.untaken(),
            queued,
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
        };
        // Until the records are read again, what is not known otherwise is what was not sent.
        if self.encoder.replaying() || self.lost {
            progress.pending = 0;
            progress.pending = progress.read.saturating_sub(progress.buckets());
        }
        progress
    }

    /// What is left at the account's rate, from the share of the source read so far.
    fn remaining_millis(&self) -> Option<u64> {
        // The batches are those of all sessions then, and the bytes those of this one: no share of anything.
        if self.encoder.replaying() || self.lost {
            return None;
        }
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

    /// Tells the end, and what of it nobody knows.
    pub(super) fn finish(&mut self, now: Timestamp) {
        self.finished = true;
        // What may have been applied without an answer is neither delivered nor "not sent".
        let unknown = |unit: &in_flight::Unit| unit.fate_unknown && !unit.is_taken();
        let lost: Vec<u64> = self.in_flight.units.iter().filter(|(_, unit)| unknown(unit)).map(|(id, _)| id).collect();
        // A state that cannot be gone on with leaves what it was sending as unknown as that.
        self.outcome.unverified += self.awaiting.iter().filter_map(saved::Piece::in_doubt).sum::<u64>();
        let left = !self.in_flight.units.is_empty();
        for id in lost {
            self.unverified(id, now);
        }
        let progress = self.progress();
        let result = if self.stop.is_some() {
            RunResult::Blocked
        } else if self.cancelled
            && (left || self.source != SourceState::Drained || progress.pending + progress.queued > 0)
        {
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
    pub(super) fn reject_entry(&mut self, unit: u64, entry: usize, rule: Rule, reason: &str) {
        let Some(unit) = self.in_flight.units.get(unit) else { return };
        let Some(contact) = unit.batch.entries().get(entry) else { return };
        let rejection = Rejection {
            position: contact.position,
            source_id: unit.batch.source_id(contact).map(str::to_owned),
            column: self.encoder.email_column().filter(|_| rule == Rule::FailedInImport).map(str::to_owned),
            rule,
            reason: match reason {
                "" => rule.reason().to_owned(),
                said => without_values(said, unit.batch.json(contact)),
            },
            value: shown(unit.batch.email(contact), self.options.reveal),
        };
        self.outcome.reject(rule);
        self.outputs.push_back(Output::Reject(rejection));
    }
}

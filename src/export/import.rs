//! What the importer answered to a batch, and what follows from it.

use super::in_flight::{State, Taken};
use super::remote::{fatal, key_refused};
use super::{Export, Sent};
use crate::activecampaign::answer::Judgement;
use crate::activecampaign::bulk_import;
use crate::error::{Category, Stop};
use crate::limits::{FIRST_POLL_MILLIS, FORBIDDEN_PAUSE_MILLIS, MAX_ATTEMPTS, MAX_REFUSALS, REFUSALS_WITHOUT_SUCCESS};
use crate::rejection::Rule;
use crate::time::Timestamp;

/// From where a refusal counts the contacts that it names. The evidence says one; it is learned all the same,
/// because a wrong guess would reject an innocent contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IndexBase {
    Zero,
    One,
}

impl Export {
    pub(super) fn import_answered(&mut self, id: u64, answer: bulk_import::Taken, now: Timestamp) {
        if !matches!(answer, bulk_import::Taken::Other(Judgement::Forbidden)) {
            self.outcome.forbidden = 0;
        }
        match answer {
            bulk_import::Taken::Queued(batch_id) => self.taken(id, batch_id, now),
            bulk_import::Taken::Named(named) => self.named(id, &named, now),
            bulk_import::Taken::Refused(text) => self.refused(id, &text, now),
            bulk_import::Taken::Other(Judgement::Throttled) => self.ready(id, now),
            bulk_import::Taken::Other(Judgement::TooLarge) => self.too_large(id, now),
            bulk_import::Taken::Other(Judgement::Forbidden) => {
                self.forbidden();
                self.ready(id, now.plus(FORBIDDEN_PAUSE_MILLIS));
            }
            bulk_import::Taken::Other(Judgement::LoginPage) => {
                self.outcome.page_seen();
                self.ambiguous(id, now);
            }
            bulk_import::Taken::Other(other) => match fatal(&other) {
                Some(stop) => {
                    self.stop.get_or_insert(stop);
                    self.ready(id, now);
                }
                None => self.ambiguous(id, now),
            },
        }
    }

    pub(super) fn import_unanswered(&mut self, id: u64, sent: Sent, now: Timestamp) {
        match sent {
            Sent::Unknown => self.ambiguous(id, now),
            Sent::No => {
                let pause = self.remote.backoff(1);
                self.ready(id, now.plus(pause));
            }
        }
    }

    /// A key that was refused twice in a row is to blame; once may be a whim of the service.
    pub(super) fn forbidden(&mut self) {
        self.outcome.forbidden += 1;
        if self.outcome.forbidden >= crate::limits::FORBIDDEN_TRIES {
            self.stop.get_or_insert(key_refused());
        }
    }

    pub(super) fn ready(&mut self, id: u64, at: Timestamp) {
        if let Some(unit) = self.in_flight.units.get_mut(id) {
            unit.state = State::Ready(at);
        }
    }

    /// Queued, which says nothing yet about any contact. One id for two batches cannot tell them apart: both go
    /// out again, under ids of their own.
    fn taken(&mut self, id: u64, batch_id: String, now: Timestamp) {
        self.outcome.ever_taken = true;
        self.outcome.pages = 0;
        let twin = self.in_flight.units.iter().find_map(|(other, unit)| match &unit.state {
            State::Taken(taken) if taken.batch_id == batch_id && other != id => Some(other),
            _ => None,
        });
        if let Some(twin) = twin {
            self.try_again(twin, now);
            return self.try_again(id, now);
        }
        if let Some(unit) = self.in_flight.units.get_mut(id) {
            let next_poll = now.plus(FIRST_POLL_MILLIS);
            unit.state = State::Taken(Taken { batch_id, since: now, next_poll, polls: 0, polling: false });
        }
    }

    /// Neither delivered nor not. While the remote as a whole is in trouble no batch is to blame for it.
    fn ambiguous(&mut self, id: u64, now: Timestamp) {
        if self.remote.in_trouble() {
            return self.ready(id, now);
        }
        self.try_again(id, now);
    }

    /// Sends a batch once more, the same bytes, or gives it up as unverified.
    pub(super) fn try_again(&mut self, id: u64, now: Timestamp) {
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        unit.attempts += 1;
        let attempts = unit.attempts;
        if attempts >= MAX_ATTEMPTS {
            return self.unverified(id);
        }
        let pause = self.remote.backoff(attempts);
        self.ready(id, now.plus(pause));
    }

    /// The whole batch was refused because of contacts that the answer names: those are rejected, the rest goes
    /// out again. A contact is rejected only when the counting is known, or when it was alone.
    fn named(&mut self, id: u64, named: &[(u64, String)], now: Timestamp) {
        let Some(unit) = self.in_flight.units.get(id) else { return };
        let count = unit.contacts();
        if count == 1 {
            let base = if named.iter().any(|(index, _)| *index == 0) { IndexBase::Zero } else { IndexBase::One };
            self.index_base = Some(base);
            let reason = named.first().map_or("", |(_, reason)| reason.as_str()).to_owned();
            self.reject_entry(id, 0, Rule::RefusedByAccount, &reason);
            self.in_flight.units.remove(id);
            return;
        }
        let has = |wanted: u64| named.iter().any(|(index, _)| *index == wanted);
        let base = match self.index_base {
            Some(base) => Some(base),
            None if has(0) => Some(IndexBase::Zero),
            None if has(count) => Some(IndexBase::One),
            None => None,
        };
        let first = u64::from(base != Some(IndexBase::Zero));
        if !named.iter().all(|(index, _)| (first..first + count).contains(index)) {
            return self.refused(id, "", now);
        }
        self.index_base = base;
        let entry = |index: u64| usize::try_from(index - first).unwrap_or(usize::MAX);
        if base.is_none() {
            // The first suspect alone settles how contacts are counted.
            let suspect = named.first().map_or(0, |(index, _)| entry(*index));
            let (alone, rest) = match self.in_flight.units.get(id) {
                Some(unit) => {
                    (unit.batch.subset(|index, _| index == suspect), unit.batch.subset(|index, _| index != suspect))
                }
                None => (None, None),
            };
            return self.in_flight.replace(id, [alone, rest], now);
        }
        let mut refused = vec![false; usize::try_from(count).unwrap_or(0)];
        for (index, reason) in named {
            match refused.get_mut(entry(*index)) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            self.reject_entry(id, entry(*index), Rule::RefusedByAccount, reason);
        }
        let rest = self
            .in_flight
            .units
            .get(id)
            .and_then(|unit| unit.batch.subset(|index, _| refused.get(index) == Some(&false)));
        self.in_flight.replace(id, [rest], now);
    }

    /// The whole batch was refused without a usable name: it is halved until the contact stands alone, unless
    /// nothing is ever taken, when the mapping or the account is at fault.
    fn refused(&mut self, id: u64, text: &str, now: Timestamp) {
        self.outcome.refusals += 1;
        let hopeless = !self.outcome.ever_taken && self.outcome.refusals >= REFUSALS_WITHOUT_SUCCESS;
        if hopeless || self.outcome.refusals > MAX_REFUSALS {
            let said = if text.is_empty() { String::new() } else { format!(" It said: {text}") };
            self.stop.get_or_insert(Stop::new(
                "batches_refused",
                Category::Remote,
                &format!("The account refused {} batches without naming a contact.{said}", self.outcome.refusals),
                "Check the list, the custom fields and the plan's contact limit in the account, then run the export again.",
            ));
            return self.ready(id, now);
        }
        let Some(unit) = self.in_flight.units.get(id) else { return };
        if unit.contacts() == 1 {
            self.reject_entry(id, 0, Rule::RefusedByAccount, text);
            self.in_flight.units.remove(id);
            return;
        }
        let halves = unit.batch.halves();
        self.in_flight.replace(id, halves, now);
    }

    /// Larger than the remote takes today, although within the documented bound.
    fn too_large(&mut self, id: u64, now: Timestamp) {
        let Some(unit) = self.in_flight.units.get(id) else { return };
        if unit.contacts() == 1 {
            self.reject_entry(id, 0, Rule::ContactTooLarge, "");
            self.in_flight.units.remove(id);
            return;
        }
        let halves = unit.batch.halves();
        self.in_flight.replace(id, halves, now);
    }
}

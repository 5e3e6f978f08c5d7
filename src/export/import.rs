//! What the importer answered to a batch, and what follows from it.

use super::in_flight::{State, Taken};
use super::remote::fatal;
use super::{Export, Sent, SourceState};
use crate::activecampaign::answer::{Judgement, without_values};
use crate::activecampaign::bulk_import;
use crate::error::{Category, Stop};
use crate::limits::{
    FIRST_POLL_MILLIS, MAX_ATTEMPTS, MAX_REFUSALS, POISON_FAILURES, REFUSALS_IN_A_ROW, WHOLLY_NAMED,
    WHOLLY_NAMED_IN_A_ROW,
};
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
        self.left(id);
        match answer {
            bulk_import::Taken::Queued(batch_id) => self.taken(id, batch_id, now),
            bulk_import::Taken::Named(named) => self.named(id, &named, now),
            bulk_import::Taken::Refused(text) => self.refused(id, &text, now),
            bulk_import::Taken::Other(Judgement::Throttled) => self.ready(id, now),
            bulk_import::Taken::Other(Judgement::TooLarge) => self.too_large(id, now),
            bulk_import::Taken::Other(Judgement::Forbidden) => self.ready(id, now),
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
            Sent::Unknown => {
                self.left(id);
                self.ambiguous(id, now);
            }
            Sent::No => {
                let pause = self.remote.backoff(1);
                self.ready(id, now.plus(pause));
            }
        }
    }

    fn left(&mut self, id: u64) {
        if let Some(unit) = self.in_flight.units.get_mut(id) {
            self.outcome.sent(unit);
        }
    }

    pub(super) fn ready(&mut self, id: u64, at: Timestamp) {
        if let Some(unit) = self.in_flight.units.get_mut(id) {
            unit.state = State::Ready(at);
        }
    }

    /// Queued, which says nothing yet about any contact. An id that came before cannot tell its two batches
    /// apart: what is not settled of them goes out again, under ids of their own.
    fn taken(&mut self, id: u64, batch_id: String, now: Timestamp) {
        self.outcome.passes += 1;
        self.outcome.refusals_in_a_row = 0;
        self.outcome.wholly_named = 0;
        self.outcome.pages = 0;
        let (hash, fresh) = self.encoder.see_batch_id(&batch_id);
        if !fresh {
            let twin = self.in_flight.units.iter().find_map(|(other, unit)| match &unit.state {
                State::Taken(taken) if taken.batch_id == batch_id => Some(other),
                _ => None,
            });
            if let Some(twin) = twin {
                self.try_again(twin, now);
            }
            return self.try_again(id, now);
        }
        if let Some(keeping) = &mut self.keeping {
            keeping.log(hash);
        }
        if self.suspect == Some(id) {
            self.one_disproved = true;
            self.suspect = None;
        }
        if let Some(unit) = self.in_flight.units.get_mut(id) {
            let next_poll = now.plus(FIRST_POLL_MILLIS);
            unit.troubles = 0;
            unit.state = State::Taken(Taken { batch_id, since: now, next_poll, polls: 0, polling: false });
        }
        // Others pass: contacts that were refused alone before are to blame after all; a batch of which every contact was
        // named is asked about once more.
        let refused: Vec<(u64, bool, String)> = self
            .in_flight
            .units
            .iter()
            .filter_map(|(id, unit)| match &unit.state {
                State::Refused(text) => Some((id, unit.contacts() == 1, text.clone())),
                _ => None,
            })
            .collect();
        for (id, alone, text) in refused {
            if alone {
                self.reject_entry(id, 0, Rule::RefusedByAccount, &text);
                self.in_flight.units.remove(id);
            } else {
                self.ready(id, now);
            }
        }
    }

    /// Neither delivered nor not. While the remote as a whole is in trouble no batch is to blame for it; one that
    /// fails again and again while others pass is halved, until what makes the remote fail stands alone.
    fn ambiguous(&mut self, id: u64, now: Timestamp) {
        let passes = self.outcome.passes;
        let others_fail = self.in_flight.units.iter().any(|(other, unit)| other != id && unit.troubles > 0);
        let pause = self.remote.backoff(2);
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        unit.fate_unknown = true;
        unit.troubles += 1;
        unit.passes_before.get_or_insert(passes);
        self.outcome.loose(now);
        let enough = if unit.suspect { POISON_FAILURES - 1 } else { POISON_FAILURES };
        let poisoned = unit.troubles >= enough && passes > 0 && !others_fail && !self.remote.in_trouble();
        if self.winding_down() || self.remote.in_trouble() {
            return self.ready(id, now.plus(pause));
        }
        let Some(unit) = self.in_flight.units.get(id) else { return };
        if poisoned && unit.contacts() > 1 && self.outcome.refusals < MAX_REFUSALS {
            self.outcome.refusals += 1;
            let halves = unit.batch.halves();
            self.in_flight.replace(id, halves, now);
            return;
        }
        self.try_again(id, now);
    }

    /// Sends a batch once more, the same bytes, or gives it up as unverified.
    pub(super) fn try_again(&mut self, id: u64, now: Timestamp) {
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        unit.attempts += 1;
        unit.fate_unknown = true;
        let attempts = unit.attempts;
        if attempts >= MAX_ATTEMPTS {
            return self.unverified(id, now);
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
            return self.find_base(id, named, now);
        }
        let mut refused = vec![false; usize::try_from(count).unwrap_or(0)];
        for (index, _) in named {
            if let Some(seen) = refused.get_mut(entry(*index)) {
                *seen = true;
            }
        }
        if count >= WHOLLY_NAMED && refused.iter().all(|seen| *seen) && self.suspect_the_mapping(id, named, now) {
            return;
        }
        refused.fill(false);
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
            .and_then(|unit| unit.batch.subset(&|index, _| refused.get(index) == Some(&false)));
        self.in_flight.replace(id, [rest, None], now);
    }

    /// What was said of a batch, without the values of anybody in it.
    fn without_persons(&self, id: u64, text: &str) -> String {
        let Some(unit) = self.in_flight.units.get(id).filter(|_| !text.is_empty()) else { return String::new() };
        let contacts = unit.batch.entries().iter().map(|entry| unit.batch.json(entry));
        contacts.fold(text.to_owned(), |text, contact| without_values(&text, contact))
    }

    /// Every contact of a batch was named: a field or list that is gone looks so, and is no contact's fault. They are
    /// rejected only when others were taken since.
    fn suspect_the_mapping(&mut self, id: u64, named: &[(u64, String)], now: Timestamp) -> bool {
        let passes = self.outcome.passes;
        let text = self.without_persons(id, named.first().map_or("", |(_, reason)| reason.as_str()));
        let Some(unit) = self.in_flight.units.get_mut(id) else { return false };
        if passes > *unit.passes_before.get_or_insert(passes) {
            return false;
        }
        unit.state = State::Refused(text.clone());
        self.outcome.wholly_named += 1;
        self.outcome.refusals += 1;
        if self.outcome.wholly_named >= WHOLLY_NAMED_IN_A_ROW {
            self.batches_refused(&text);
            self.ready(id, now);
        }
        true
    }

    /// One suspect alone settles how contacts are counted: by the number it is refused with. Counting from one is
    /// what the evidence says, so that suspect goes first; once it was taken, the one that counting from zero names.
    /// All others wait, since their answers could not be read.
    fn find_base(&mut self, id: u64, named: &[(u64, String)], now: Timestamp) {
        let asked = self.in_flight.units.iter().find(|(other, unit)| {
            *other != id
                && unit.suspect
                && unit.contacts() == 1
                && matches!(unit.state, State::Ready(_) | State::Sending)
        });
        if let Some((asked, _)) = asked {
            if let Some(unit) = self.in_flight.units.get_mut(id) {
                unit.waits_for = Some(asked);
                unit.state = State::Ready(now);
            }
            return;
        }
        let first = u64::from(!self.one_disproved);
        let Some(suspect) = named.iter().find_map(|(index, _)| usize::try_from(index.checked_sub(first)?).ok()) else {
            return self.refused(id, "", now);
        };
        let Some(unit) = self.in_flight.units.get(id) else { return };
        let alone = unit.batch.subset(&|index, _| index == suspect);
        let rest = unit.batch.subset(&|index, _| index != suspect);
        let waits_for = self.in_flight.replace(id, [alone, rest], now);
        self.suspect = Some(waits_for);
        if let Some(rest) = self.in_flight.units.get_mut(waits_for + 1) {
            rest.waits_for = Some(waits_for);
        }
    }

    /// The whole batch was refused without a usable name: it is halved until the contact stands alone. A contact
    /// is rejected only when others were taken since; when nothing is taken, the mapping or the account is at fault.
    fn refused(&mut self, id: u64, text: &str, now: Timestamp) {
        let text = &self.without_persons(id, text);
        self.outcome.refusals += 1;
        self.outcome.refusals_in_a_row += 1;
        let passes = self.outcome.passes;
        if self.outcome.refusals_in_a_row >= REFUSALS_IN_A_ROW || self.outcome.refusals > MAX_REFUSALS {
            self.batches_refused(text);
            return self.ready(id, now);
        }
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        let before = *unit.passes_before.get_or_insert(passes);
        if unit.contacts() > 1 {
            let halves = unit.batch.halves();
            self.in_flight.replace(id, halves, now);
        } else if passes > before {
            self.reject_entry(id, 0, Rule::RefusedByAccount, text);
            self.in_flight.units.remove(id);
        } else {
            unit.state = State::Refused(text.to_owned());
        }
    }

    /// When all that is left was refused and nothing was taken since, no contact is to blame.
    pub(super) fn blame_the_account(&mut self) {
        let refused = |unit: &super::in_flight::Unit| match &unit.state {
            State::Refused(text) => Some(text.clone()),
            _ => None,
        };
        let Some(text) = self.in_flight.units.values().next().and_then(refused) else { return };
        let all = self.in_flight.units.values().all(|unit| matches!(unit.state, State::Refused(_)));
        if all && self.source == SourceState::Drained && self.in_flight.requests.is_empty() {
            self.batches_refused(&text);
        }
    }

    fn batches_refused(&mut self, text: &str) {
        let said = if text.is_empty() { String::new() } else { format!(" It said: {text}") };
        self.stop.get_or_insert(Stop::new(
            "batches_refused",
            Category::Remote,
            &format!(
                "The account refused {} batches as a whole, and took none in between.{said}",
                self.outcome.refusals
            ),
            "Check the list, the custom fields and the plan's contact limit in the account, then run the export again.",
        ));
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

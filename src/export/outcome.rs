//! What became of a batch: accepted is not delivered.

use super::Export;
use super::in_flight::{Checking, Found, State, Unit};
use super::remote::{fatal, key_refused};
use crate::activecampaign::answer::Judgement;
use crate::activecampaign::contacts;
use crate::activecampaign::import_info::{self, Info};
use crate::checkpoint::Tape;
use crate::json;
use crate::limits::{
    BARRIER_MILLIS, FORBIDDEN_TRIES, MAX_LOOKUPS, MAX_POLL_MILLIS, MAX_STUCK_RESENDS, SETTLE_DEADLINE_MILLIS,
    SHORTFALL_SAMPLE,
};
use crate::rejection::{Rule, RuleCounts};
use crate::text::Distinct;
use crate::time::Timestamp;

/// The counts of a run beyond its source, and what it has learned about the account.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    pub(super) delivered: u64,
    pub(super) rejected: u64,
    pub(super) rejected_by_rule: RuleCounts,
    pub(super) unverified: u64,
    pub(super) resent: u64,
    pub(super) batches: u64,
    /// Imports that were taken.
    pub(super) passes: u64,
    pub(super) refusals: u32,
    pub(super) refusals_in_a_row: u32,
    /// Batches in a row of which every contact was named.
    pub(super) wholly_named: u32,
    /// When the key was first refused, since the last answer that was not a refusal.
    pub(super) forbidden_at: Option<Timestamp>,
    pub(super) pages: u32,
    /// Until when something that was sent may still be applied without anybody being told.
    pub(super) loose_until: Timestamp,
    lookups: u32,
    shortfall: Shortfall,
}

/// Whether an answer that accounts for fewer contacts than were sent means that updates are not listed.
/// The sources disagree, so the account is asked about a sample before anything is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shortfall {
    #[default]
    Unknown,
    /// A sample showed contacts that were applied and not listed.
    UpdatesUnlisted,
    /// A contact was missing: nothing is believed without looking.
    Doubted,
}

impl Outcome {
    /// What outlives a process. Refusals are counted anew: somebody may have acted on them.
    pub(super) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        let counts = [
            &mut self.delivered,
            &mut self.rejected,
            &mut self.unverified,
            &mut self.resent,
            &mut self.batches,
            &mut self.passes,
        ];
        for count in counts {
            tape.count(count)?;
        }
        self.rejected_by_rule.fields(tape)?;
        tape.time(&mut self.loose_until)?;
        tape.small(&mut self.lookups)?;
        let mut shortfall = self.shortfall as u32;
        tape.small(&mut shortfall)?;
        self.shortfall = match shortfall {
            0 => Shortfall::Unknown,
            1 => Shortfall::UpdatesUnlisted,
            2 => Shortfall::Doubted,
            _ => return None,
        };
        Some(())
    }

    /// Contacts of which the end is known, or known not to be knowable.
    pub(super) fn settled(&self) -> u64 {
        self.delivered + self.rejected + self.unverified
    }

    /// Counts a batch that left, or may have.
    pub(super) fn sent(&mut self, unit: &mut Unit) {
        self.resent += if unit.sent { unit.contacts() } else { 0 };
        unit.sent = true;
    }

    /// Notes that something sent by now may be applied unseen, for as long as a queue may hold it.
    pub(super) fn loose(&mut self, now: Timestamp) {
        self.loose_until = self.loose_until.max(now.plus(BARRIER_MILLIS));
    }

    pub(super) fn reject(&mut self, rule: Rule) {
        self.rejected += 1;
        self.rejected_by_rule.add(rule);
    }

    /// A page came where JSON was due; two in a row ask for proof that the key still works.
    pub(super) fn page_seen(&mut self) {
        self.pages += 1;
    }

    pub(super) fn probe_wanted(&self) -> bool {
        self.pages >= FORBIDDEN_TRIES
    }
}

impl Export {
    pub(super) fn probe_answered(&mut self, judgement: &Judgement) {
        match judgement {
            Judgement::Forbidden | Judgement::LoginPage => {
                self.stop.get_or_insert(key_refused());
            }
            Judgement::Throttled => {}
            _ => self.outcome.pages = 0,
        }
    }

    pub(super) fn info_answered(&mut self, id: u64, judgement: Judgement, now: Timestamp) {
        match judgement {
            Judgement::Fine(value) => match import_info::read(&value) {
                Some(Info::Completed { success, failure }) => self.completed(id, success, &failure, now),
                Some(Info::Failed) => self.try_again(id, now),
                Some(Info::Unfinished) | None => self.poll_again(id, now),
            },
            // The remote does not know the batch, or no longer: once more, then nobody can say.
            Judgement::Invalid(_) | Judgement::NotFound => self.forgotten(id, now),
            Judgement::LoginPage => {
                self.outcome.page_seen();
                self.poll_again(id, now);
            }
            other => {
                if let Some(stop) = fatal(&other) {
                    self.stop.get_or_insert(stop);
                }
                self.poll_again(id, now);
            }
        }
    }

    fn forgotten(&mut self, id: u64, now: Timestamp) {
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        unit.forgotten += 1;
        unit.fate_unknown = true;
        if unit.forgotten > 1 { self.unverified(id, now) } else { self.ready(id, now) }
    }

    /// Looks again later: after one second, growing by half, as long as the import may take.
    pub(super) fn poll_again(&mut self, id: u64, now: Timestamp) {
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        let State::Taken(taken) = &mut unit.state else { return };
        taken.polling = false;
        let pause = (1..taken.polls.min(12)).fold(1_000_u64, |pause, _| pause + pause / 2);
        taken.next_poll = now.plus(pause.min(MAX_POLL_MILLIS));
        if now.since(taken.since) < SETTLE_DEADLINE_MILLIS {
            return;
        }
        unit.stuck += 1;
        unit.fate_unknown = true;
        if unit.stuck > MAX_STUCK_RESENDS {
            self.unverified(id, now);
        } else {
            self.outcome.loose(now);
            self.ready(id, now);
        }
    }

    /// The import has ended. What it lists as failed is rejected; the rest is delivered if the answer accounts
    /// for every contact, and looked into if it does not.
    fn completed(&mut self, id: u64, success: Distinct, failure: &[String], now: Timestamp) {
        let Some(unit) = self.in_flight.units.get(id) else { return };
        let entries = unit.batch.entries();
        let mut found = vec![Found::NotLookedUp; entries.len()];
        for address in failure {
            let place = entries.iter().position(|entry| unit.batch.email(entry) == address.as_bytes());
            match place.and_then(|index| found.get_mut(index)) {
                Some(found) => *found = Found::Failed,
                // An address that was never in the batch: the answer is not about it.
                None => return self.unverified(id, now),
            }
        }
        let failures = found.iter().filter(|found| **found == Found::Failed).count();
        let (sent, told) = (entries.len(), success.len() + failures);
        if told > sent {
            return self.unverified(id, now);
        }
        if told == sent {
            self.reject_failed(id, &found);
            self.outcome.delivered += (sent - failures) as u64;
            self.in_flight.units.remove(id);
            return;
        }
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        let State::Taken(taken) = &unit.state else { return };
        // Nothing is counted before everything is known: whoever goes on after a crash begins with the answer.
        unit.state = State::Checking(Checking {
            taken: taken.clone(),
            listed: success,
            queue: Vec::new(),
            found,
            proof: false,
            next_lookup: now,
            failures: 0,
            looking: false,
        });
        self.check(id, now);
    }

    fn reject_failed(&mut self, id: u64, found: &[Found]) {
        for (index, _) in found.iter().enumerate().filter(|(_, found)| **found == Found::Failed) {
            self.reject_entry(id, index, Rule::FailedInImport, "");
        }
    }

    /// Chooses the contacts to look up next, or settles the batch.
    fn check(&mut self, id: u64, now: Timestamp) {
        let shortfall = self.outcome.shortfall;
        let allowance = usize::try_from(MAX_LOOKUPS.saturating_sub(self.outcome.lookups)).unwrap_or(0);
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        let State::Checking(checking) = &mut unit.state else { return };
        if !checking.queue.is_empty() {
            return;
        }
        let unseen = checking.count(Found::NotLookedUp);
        let total = checking.found.len() - checking.count(Found::Failed);
        let looked = total - unseen;
        let clean = checking.count(Found::Missing) == 0;
        let wanted = match shortfall {
            // One proof among a full sample, or among all there are.
            Shortfall::Unknown if clean && checking.proof && looked >= SHORTFALL_SAMPLE.min(total) => 0,
            Shortfall::Unknown if clean => SHORTFALL_SAMPLE,
            Shortfall::UpdatesUnlisted if clean && (checking.proof || looked >= SHORTFALL_SAMPLE) => 0,
            // A spot check: one contact that the answer does not list, found within a few tries.
            Shortfall::UpdatesUnlisted if clean => 1,
            _ => unseen,
        };
        let mut candidates: Vec<usize> =
            (0..checking.found.len()).filter(|index| checking.found.get(*index) == Some(&Found::NotLookedUp)).collect();
        while checking.queue.len() < wanted.min(allowance) && !candidates.is_empty() {
            let chosen = usize::try_from(self.remote.random.up_to(candidates.len() as u64 - 1)).unwrap_or(0);
            checking.queue.push(candidates.swap_remove(chosen));
        }
        checking.next_lookup = now;
        if checking.queue.is_empty() {
            self.checked(id, now);
        }
    }

    /// Settles a batch whose answer fell short, by what the look-ups showed.
    fn checked(&mut self, id: u64, now: Timestamp) {
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        let State::Checking(checking) = &unit.state else { return };
        let checking = checking.clone();
        self.reject_failed(id, &checking.found);
        self.in_flight.units.remove(id);
        let missing = checking.count(Found::Missing) as u64;
        let unseen = checking.count(Found::NotLookedUp) as u64;
        if missing == 0 && checking.proof && self.outcome.shortfall == Shortfall::Unknown {
            self.outcome.shortfall = Shortfall::UpdatesUnlisted;
        }
        let believed = missing == 0 && self.outcome.shortfall == Shortfall::UpdatesUnlisted;
        self.outcome.delivered += checking.count(Found::Applied) as u64 + if believed { unseen } else { 0 };
        let unverified = missing + if believed { 0 } else { unseen };
        self.outcome.unverified += unverified;
        if unverified > 0 {
            self.outcome.loose(now);
        }
    }

    pub(super) fn lookup_answered(&mut self, id: u64, entry: usize, judgement: &Judgement, now: Timestamp) {
        let Some(unit) = self.in_flight.units.get(id) else { return };
        let Some(contact) = unit.batch.entries().get(entry) else { return };
        let email = core::str::from_utf8(unit.batch.email(contact)).unwrap_or_default().to_owned();
        let found = match judgement {
            Judgement::Fine(value) => contacts::read(value, &email),
            _ => None,
        };
        let Some(found) = found else {
            return self.look_up_again(id, entry, *judgement != Judgement::Throttled, now);
        };
        let applied = found.as_ref().is_some_and(|found| matches_sent(found, unit.batch.json(contact)));
        self.outcome.lookups += 1;
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        let State::Checking(checking) = &mut unit.state else { return };
        checking.looking = false;
        checking.failures = 0;
        checking.note(entry, if applied { Found::Applied } else { Found::Missing });
        if applied {
            let listed = |found: contacts::Found| checking.listed.get(found.id.to_string().as_bytes()).is_some();
            checking.proof |= found.is_some_and(|found| !listed(found));
        } else {
            self.outcome.shortfall = Shortfall::Doubted;
        }
        self.check(id, now);
    }

    /// The look-up itself failed; after a few tries in a row its contact counts as not found.
    pub(super) fn look_up_again(&mut self, id: u64, entry: usize, counts: bool, now: Timestamp) {
        let pause = self.remote.backoff(2);
        let Some(unit) = self.in_flight.units.get_mut(id) else { return };
        let State::Checking(checking) = &mut unit.state else { return };
        checking.looking = false;
        checking.failures += u32::from(counts);
        checking.next_lookup = now.plus(pause);
        if checking.failures > 5 && !self.remote.in_trouble() {
            checking.failures = 0;
            checking.note(entry, Found::Missing);
            self.check(id, now);
        }
    }

    /// Nobody can say what became of these contacts.
    pub(super) fn unverified(&mut self, id: u64, now: Timestamp) {
        if let Some(unit) = self.in_flight.units.remove(id) {
            self.outcome.loose(now);
            self.outcome.unverified += unit.contacts();
        }
    }
}

/// Whether the account holds what was sent: names and phone, as far as they were sent.
///
/// Not promised: a contact that was there before with the same names and phone, and that an import skipped without
/// listing it anywhere, looks like one whose custom fields arrived. A look-up does not show those.
fn matches_sent(found: &contacts::Found, sent: &[u8]) -> bool {
    let Ok(sent) = json::read(sent) else { return false };
    let same = |key: &str, held: &str| {
        sent.get(key).and_then(json::Value::as_str).is_none_or(|value| value.trim() == held.trim())
    };
    same("first_name", &found.first_name) && same("last_name", &found.last_name) && same("phone", &found.phone)
}

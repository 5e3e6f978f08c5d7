//! Batches on their way: packed, sent, taken, and settled one day.

use crate::delivery::batch::Batch;
use crate::delivery::rate::Kind;
use crate::text::Distinct;
use crate::time::Timestamp;

/// One batch and how far it has come.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) batch: Batch,
    pub(super) state: State,
    /// Sends whose fate stayed unknown, or whose import failed.
    pub(super) attempts: u32,
    /// Sends after an import that never ended.
    pub(super) stuck: u32,
    /// Sends after the remote had forgotten the batch.
    pub(super) forgotten: u32,
    /// Whether it went out at least once.
    pub(super) sent: bool,
    /// Whether a send of it may have been applied without anybody knowing.
    pub(super) fate_unknown: bool,
    /// Failures of the remote that this unit met, and the imports taken when it first failed or was refused.
    pub(super) troubles: u32,
    pub(super) passes_before: Option<u64>,
    /// Whether it was halved, so that it holds what made its whole fail.
    pub(super) suspect: bool,
    /// The unit whose answer will tell how contacts are counted; this one waits for it.
    pub(super) waits_for: Option<u64>,
    /// Stands for the body's bytes where states are kept; zero until it is needed.
    pub(super) fingerprint: u64,
}

/// Where a unit stands.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// To be sent, not before a moment.
    Ready(Timestamp),
    /// One contact, refused while nothing else was taken: the contact or the account may be to blame.
    Refused(String),
    /// On the wire.
    Sending,
    /// Taken by the account.
    Taken(Taken),
    /// Completed, while contacts are looked up because the answer does not account for all of them.
    Checking(Checking),
}

/// A batch that the account has taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Taken {
    pub(super) batch_id: String,
    pub(super) since: Timestamp,
    pub(super) next_poll: Timestamp,
    pub(super) polls: u32,
    pub(super) polling: bool,
}

/// The look-ups for a batch whose answer falls short.
#[derive(Clone, Debug)]
pub(super) struct Checking {
    /// What it was before, and is again for another process that goes on with it.
    pub(super) taken: Taken,
    /// Ids that the answer lists.
    pub(super) listed: Distinct,
    /// Entries to look up, the next one last.
    pub(super) queue: Vec<usize>,
    /// What is known of each entry.
    pub(super) found: Vec<Found>,
    /// Whether one was found as sent that the answer does not list: proof that updates are not listed.
    pub(super) proof: bool,
    pub(super) next_lookup: Timestamp,
    pub(super) failures: u32,
    pub(super) looking: bool,
}

/// What a look-up showed of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    NotLookedUp,
    /// The answer lists it as failed.
    Failed,
    /// As it was sent.
    Applied,
    /// Not there, or not as it was sent.
    Missing,
}

impl Checking {
    pub(super) fn count(&self, wanted: Found) -> usize {
        self.found.iter().filter(|found| **found == wanted).count()
    }

    /// Notes what a look-up showed.
    pub(super) fn note(&mut self, entry: usize, found: Found) {
        self.queue.retain(|index| *index != entry);
        if let Some(place) = self.found.get_mut(entry) {
            *place = found;
        }
    }
}

impl Unit {
    pub(super) fn new(batch: Batch, now: Timestamp) -> Self {
        Self {
            batch,
            state: State::Ready(now),
            attempts: 0,
            stuck: 0,
            forgotten: 0,
            sent: false,
            fate_unknown: false,
            troubles: 0,
            passes_before: None,
            suspect: false,
            waits_for: None,
            fingerprint: 0,
        }
    }

    pub(super) fn contacts(&self) -> u64 {
        self.batch.entries().len() as u64
    }

    pub(super) fn kind(&self) -> Kind {
        if self.batch.entries().len() == 1 { Kind::SingleContact } else { Kind::MultiContact }
    }

    /// Whether the account has taken it, so that its outcome is what is missing.
    pub(super) fn is_taken(&self) -> bool {
        matches!(self.state, State::Taken(_) | State::Checking(_))
    }
}

/// What an open request was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A unit's import.
    Import(u64),
    /// A unit's outcome.
    Info(u64),
    /// One contact of a unit.
    Lookup(u64, usize),
    /// Whether the key still works.
    Probe,
}

/// A few dozen things by their ids, in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Table<T>(Vec<(u64, T)>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Table<T> {
    pub(super) fn insert(&mut self, id: u64, item: T) {
        self.0.push((id, item));
    }

    pub(super) fn get(&self, id: u64) -> Option<&T> {
        self.0.iter().find(|(other, _)| *other == id).map(|(_, item)| item)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut T> {
        self.0.iter_mut().find(|(other, _)| *other == id).map(|(_, item)| item)
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<T> {
        let index = self.0.iter().position(|(other, _)| *other == id)?;
        Some(self.0.remove(index).1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.0.iter().map(|(id, item)| (*id, item))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut T)> {
        self.0.iter_mut().map(|(id, item)| (*id, item))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, item)| item)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// All units, and the requests that are open for them, each with the time at which it went out.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    pub(super) units: Table<Unit>,
    pub(super) requests: Table<(Purpose, Timestamp)>,
    pub(super) next_unit: u64,
}

impl InFlight {
    pub(super) fn add(&mut self, batch: Batch, now: Timestamp) {
        self.next_unit += 1;
        self.units.insert(self.next_unit, Unit::new(batch, now));
    }

    /// Replaces a unit by parts of it; gives the id of the first.
    pub(super) fn replace(&mut self, id: u64, parts: [Option<Batch>; 2], now: Timestamp) -> u64 {
        let first = self.next_unit + 1;
        let Some(unit) = self.units.remove(id) else { return first };
        for batch in parts.into_iter().flatten() {
            self.next_unit += 1;
            let part = Unit {
                sent: unit.sent,
                fate_unknown: unit.fate_unknown,
                passes_before: unit.passes_before,
                suspect: true,
                ..Unit::new(batch, now)
            };
            self.units.insert(self.next_unit, part);
        }
        first
    }

    /// Nobody knows whether these `millis` have passed: no import has taken too long because of them.
    pub(super) fn overslept(&mut self, millis: u64) {
        for (_, unit) in self.units.iter_mut() {
            if let State::Taken(taken) = &mut unit.state {
                taken.since = taken.since.plus(millis);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.units.values().map(|unit| unit.batch.body().len()).sum()
    }

    /// Contacts that the account has taken and not settled.
    pub(super) fn queued(&self) -> u64 {
        self.units.values().filter(|unit| unit.is_taken()).map(Unit::contacts).sum()
    }

    /// Contacts packed and not taken.
    pub(super) fn untaken(&self) -> u64 {
        self.units.values().filter(|unit| !unit.is_taken()).map(Unit::contacts).sum()
    }

    /// Units that wait to be sent.
    pub(super) fn ready(&self) -> usize {
        self.units.values().filter(|unit| matches!(unit.state, State::Ready(_))).count()
    }
}

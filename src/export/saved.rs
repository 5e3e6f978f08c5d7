//! All that a state holds, and how a run goes on from it.

use super::bookmark::Bookmark;
use super::import::IndexBase;
use super::in_flight::{InFlight, State, Taken, Unit};
use super::keeping::{Keep, Keeping};
use super::outcome::Outcome;
use super::remote::Remote;
use super::{Encoder, EncoderOptions, Export, ExportOptions};
use crate::audience::Seen;
use crate::checkpoint::{self, CheckpointKey, Log, Refusal, Tape, Use};
use crate::delivery::batch::Batch;
use crate::delivery::rate::Kind;
use crate::error::Stop;
use crate::limits::{BARRIER_MILLIS, MAX_AHEAD_MILLIS, MAX_BATCH_CONTACTS};
use crate::plan::Plan;
use crate::time::Timestamp;

/// Parts of batches that a state may hold (ours): a few dozen are in flight, each halved a few times at most.
const MAX_PIECES: usize = 1_024;

/// A run between two steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Saved {
    /// With the key, makes the hashes of this run its own.
    salt: u64,
    definition: u64,
    account: u64,
    source_bytes: Option<u64>,
    started: Timestamp,
    /// Until when something sent may be applied late, with all that is not settled.
    loose_until: Timestamp,
    remote: Remote,
    outcome: Outcome,
    /// From where refusals count contacts: zero or one, once it is known.
    index_base: Option<u64>,
    suspect: Option<u64>,
    one_disproved: bool,
    next_unit: u64,
    bookmark: Bookmark,
    log: Log,
    pieces: Vec<Piece>,
}

/// A unit without its body, which is packed again from the source.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Piece {
    pub(super) id: u64,
    /// Its batch, and which contacts of that it holds: a bit each, or none for the first `contacts`.
    pub(super) number: u64,
    picked: Vec<u8>,
    contacts: u64,
    pub(super) fingerprint: u64,
    attempts: u32,
    stuck: u32,
    forgotten: u32,
    sent: bool,
    fate_unknown: bool,
    suspect: bool,
    waits_for: Option<u64>,
    stage: Stage,
    /// When a ready one may go.
    at: Timestamp,
    taken: Taken,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Ready,
    Sending,
    Taken,
}

impl Piece {
    fn of(id: u64, unit: &Unit) -> Self {
        let (stage, at, taken) = match &unit.state {
            State::Ready(at) => (Stage::Ready, *at, Taken::default()),
            // What the account said of it is not kept; it will say it again.
            State::Refused(_) => (Stage::Ready, Timestamp::default(), Taken::default()),
            State::Sending => (Stage::Sending, Timestamp::default(), Taken::default()),
            State::Taken(taken) => (Stage::Taken, Timestamp::default(), taken.clone()),
            State::Checking(checking) => (Stage::Taken, Timestamp::default(), checking.taken.clone()),
        };
        let entries = unit.batch.entries();
        let mut picked = Vec::new();
        if entries.iter().zip(0..).any(|(entry, place)| entry.index != place) {
            for entry in entries {
                let byte = usize::from(entry.index / 8);
                picked.resize(picked.len().max(byte + 1), 0);
                if let Some(byte) = picked.get_mut(byte) {
                    *byte |= 1 << (entry.index % 8);
                }
            }
        }
        Self {
            id,
            number: unit.batch.number,
            picked,
            contacts: unit.contacts(),
            fingerprint: unit.fingerprint,
            attempts: unit.attempts,
            stuck: unit.stuck,
            forgotten: unit.forgotten,
            sent: unit.sent,
            fate_unknown: unit.fate_unknown,
            suspect: unit.suspect,
            waits_for: unit.waits_for,
            stage,
            at,
            taken,
        }
    }

    /// Whether it holds a contact of its batch.
    pub(super) fn picks(&self, index: u8) -> bool {
        match self.picked.get(usize::from(index / 8)) {
            _ if self.picked.is_empty() => u64::from(index) < self.contacts,
            Some(byte) => byte >> (index % 8) & 1 == 1,
            None => false,
        }
    }

    /// Contacts, and whether the account has taken them.
    pub(super) fn counts(&self) -> (u64, bool) {
        (self.contacts, self.stage == Stage::Taken)
    }

    /// Contacts of which nobody knows whether they were applied, unless their outcome can be asked for.
    pub(super) fn in_doubt(&self) -> Option<u64> {
        (self.stage == Stage::Sending || self.stage == Stage::Ready && self.fate_unknown).then_some(self.contacts)
    }

    /// The unit again. One that was on the wire may have been applied, or never have left: nobody knows.
    pub(super) fn go_on(self, batch: Batch, outcome: &mut Outcome, now: Timestamp) -> Unit {
        let mut unit = Unit {
            attempts: self.attempts,
            stuck: self.stuck,
            forgotten: self.forgotten,
            sent: self.sent,
            fate_unknown: self.fate_unknown,
            suspect: self.suspect,
            waits_for: self.waits_for,
            fingerprint: self.fingerprint,
            ..Unit::new(batch, now)
        };
        match self.stage {
            Stage::Ready => unit.state = State::Ready(self.at),
            Stage::Sending => {
                outcome.batches += 1;
                outcome.sent(&mut unit);
                outcome.loose(now);
                unit.fate_unknown = true;
            }
            Stage::Taken => unit.state = State::Taken(Taken { next_poll: now, polling: false, ..self.taken }),
        }
        unit
    }

    fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.count(&mut self.id)?;
        tape.count(&mut self.number)?;
        tape.bytes(&mut self.picked, MAX_BATCH_CONTACTS.div_ceil(8))?;
        tape.count(&mut self.contacts)?;
        tape.hash(&mut self.fingerprint)?;
        tape.small(&mut self.attempts)?;
        tape.small(&mut self.stuck)?;
        tape.small(&mut self.forgotten)?;
        tape.flag(&mut self.sent)?;
        tape.flag(&mut self.fate_unknown)?;
        tape.flag(&mut self.suspect)?;
        tape.option(&mut self.waits_for, Tape::number)?;
        let mut stage = self.stage as u32;
        tape.small(&mut stage)?;
        self.stage = *[Stage::Ready, Stage::Sending, Stage::Taken].get(usize::try_from(stage).ok()?)?;
        match self.stage {
            Stage::Ready => tape.time(&mut self.at),
            Stage::Sending => Some(()),
            Stage::Taken => {
                tape.text(&mut self.taken.batch_id, 100)?;
                tape.time(&mut self.taken.since)?;
                tape.small(&mut self.taken.polls)
            }
        }
    }
}

impl Saved {
    /// The state of a run whose records are all decided up to its bookmark; much of it is the run's own and goes back
    /// by [`Saved::give_back`].
    pub(super) fn of(export: &mut Export, bookmark: Bookmark) -> Option<Self> {
        let keeping = export.keeping.as_mut()?;
        let mut pieces = Vec::new();
        let mut loose_until = export.outcome.loose_until;
        for (id, unit) in export.in_flight.units.iter_mut() {
            if unit.fingerprint == 0 {
                unit.fingerprint = export.encoder.fingerprint(unit.batch.body());
            }
            if unit.sent || !matches!(unit.state, State::Ready(_)) {
                loose_until = loose_until.max(export.told.plus(BARRIER_MILLIS));
            }
            pieces.push(Piece::of(id, unit));
        }
        let (account, log) = (keeping.keep.account, core::mem::take(&mut keeping.log));
        Some(Self {
            salt: export.options.seed,
            definition: export.encoder.plan().definition,
            account,
            source_bytes: export.options.source_bytes,
            started: export.started,
            loose_until,
            remote: core::mem::take(&mut export.remote),
            outcome: core::mem::take(&mut export.outcome),
            index_base: export.index_base.map(|base| u64::from(base == IndexBase::One)),
            suspect: export.suspect,
            one_disproved: export.one_disproved,
            next_unit: export.in_flight.next_unit,
            bookmark,
            log,
            pieces,
        })
    }

    /// Gives back what [`Saved::of`] took: nothing is copied to be written.
    pub(super) fn give_back(self, export: &mut Export) {
        export.remote = self.remote;
        export.outcome = self.outcome;
        if let Some(keeping) = &mut export.keeping {
            keeping.log = self.log;
        }
    }

    fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.hash(&mut self.salt)?;
        tape.hash(&mut self.definition)?;
        tape.hash(&mut self.account)?;
        tape.option(&mut self.source_bytes, Tape::number)?;
        tape.time(&mut self.started)?;
        tape.time(&mut self.loose_until)?;
        self.remote.fields(tape)?;
        self.outcome.fields(tape)?;
        tape.option(&mut self.index_base, Tape::number)?;
        tape.option(&mut self.suspect, Tape::number)?;
        tape.flag(&mut self.one_disproved)?;
        tape.count(&mut self.next_unit)?;
        self.bookmark.fields(tape)?;
        self.log.fields(tape)?;
        tape.list(&mut self.pieces, MAX_PIECES, |tape, piece| piece.fields(tape))
    }

    /// The checkpoint; `None` when it is too large.
    pub(super) fn seal(&mut self, key: &CheckpointKey) -> Option<Vec<u8>> {
        let mut tape = Tape::Write(Vec::new());
        self.fields(&mut tape)?;
        match tape {
            Tape::Write(body) => checkpoint::seal(key, &body),
            Tape::Read(_) => None,
        }
    }

    /// Whether every profile read is in exactly one bucket.
    fn balances(&self) -> bool {
        let (counts, outcome) = (&self.bookmark.counts, &self.outcome);
        let kept = [counts.rejected, counts.duplicate, counts.excluded, self.bookmark.open];
        let sent = [outcome.delivered, outcome.rejected, outcome.unverified];
        let pieces = self.pieces.iter().map(|piece| piece.contacts);
        let mut all = kept.into_iter().chain(sent).chain(pieces);
        let whole = all.try_fold(0_u64, |sum, part| sum.checked_add(part));
        whole == Some(counts.read)
    }

    /// The latest moment that it waits for: a run never waits for long.
    fn latest(&self) -> Timestamp {
        let pieces = self.pieces.iter().map(|piece| piece.at.max(piece.taken.since)).max().unwrap_or_default();
        pieces.max(self.remote.latest()).max(self.loose_until).max(self.outcome.loose_until)
    }

    fn open(key: &CheckpointKey, framed: &[u8]) -> Result<Self, Refusal> {
        let mut tape = checkpoint::open(key, framed)?;
        let mut saved = Self::default();
        saved.fields(&mut tape).and_then(|()| tape.end()).ok_or(Refusal::Unreadable)?;
        if !saved.balances() || saved.latest() > saved.remote.pace().now().plus(MAX_AHEAD_MILLIS) {
            return Err(Refusal::Unreadable);
        }
        Ok(saved)
    }
}

/// The hashes of a run are its own, and nobody else's where a key is at hand.
pub(super) fn hash_seed(keep: Option<&Keep>, salt: u64) -> u64 {
    keep.map_or(salt, |keep| keep.key.number(Use::Seed, &salt.to_le_bytes()))
}

impl Export {
    /// A run that goes on from a stored state: the last checkpoint, and the log that was stored beside it. `remote`
    /// carries what was asked of the account since.
    ///
    /// The host must then supply the source from [`Export::source_offset`] on.
    ///
    /// # Errors
    /// Why the state is not gone on with: unreadable, newer, forged, or of another definition, account or source.
    /// Nothing is sent then, and the state is left as it is.
    pub fn resume(
        plan: Plan,
        options: ExportOptions,
        remote: Option<Remote>,
        now: Timestamp,
        checkpoint: &[u8],
        log: &[u8],
    ) -> Result<Self, Stop> {
        let keep = options.keep.ok_or_else(|| Refusal::Forged.stop())?;
        let saved = Saved::open(&keep.key, checkpoint).map_err(Refusal::stop)?;
        let refusal = match (options.source_bytes, saved.source_bytes) {
            _ if saved.account != keep.account => Some(Refusal::OtherAccount),
            _ if saved.definition != plan.definition => Some(Refusal::OtherDefinition),
            (Some(now), Some(then)) if now != then => Some(Refusal::OtherSource),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Err(refusal.stop());
        }
        let options =
            ExportOptions { seed: saved.salt, source_bytes: options.source_bytes.or(saved.source_bytes), ..options };
        let mut seen = Seen::new(hash_seed(Some(&keep), saved.salt));
        saved
            .log
            .replay(&keep.key, log, |hash| {
                seen.insert(hash);
            })
            .map_err(Refusal::stop)?;
        let (source_bytes, packed_before) = (saved.bookmark.first.offset, saved.bookmark.batches);
        let encoder_options = EncoderOptions { reveal: options.reveal, ..EncoderOptions::default() };
        let encoder = Encoder::resume(plan, encoder_options, seen, saved.bookmark).map_err(Stop::settings)?;
        let stored_at = saved.remote.pace().now();
        let asked = remote.as_ref().map_or(0, Remote::requests);
        let mut own = saved.remote;
        if let Some(remote) = remote {
            own.share(remote.pace());
        }
        let now = own.pace().tell(now);
        own.go_on(asked, now);
        let mut export = Self::build(encoder, own, options, now);
        export.started = saved.started;
        for piece in saved.pieces.iter().filter(|piece| piece.stage == Stage::Sending) {
            let kind = if piece.contacts == 1 { Kind::SingleContact } else { Kind::MultiContact };
            export.remote.may_have_sent(kind, now);
        }
        export.outcome = saved.outcome;
        export.index_base = saved.index_base.map(|one| if one == 1 { IndexBase::One } else { IndexBase::Zero });
        export.suspect = saved.suspect;
        export.one_disproved = saved.one_disproved;
        export.in_flight = InFlight { next_unit: saved.next_unit, ..InFlight::default() };
        export.keeping = Some(Keeping::new(keep, saved.log));
        // While nobody looked, no import took too long.
        let unwatched = now.since(stored_at);
        let watched =
            |piece: Piece| Piece { taken: Taken { since: piece.taken.since.plus(unwatched), ..piece.taken }, ..piece };
        export.awaiting = saved.pieces.into_iter().map(watched).collect();
        export.packed_before = packed_before;
        export.source_bytes = source_bytes;
        export.source_offset = source_bytes;
        export.go_on(now);
        Ok(export)
    }

    /// The windows of the account after an earlier run, from its last checkpoint. Where something that it sent may
    /// still be applied, no batch goes out for a while: an old payload must not land on a newer one.
    ///
    /// # Errors
    /// The checkpoint is unreadable, newer or forged.
    pub fn aftermath(keep: Keep, checkpoint: &[u8]) -> Result<Remote, Stop> {
        let saved = Saved::open(&keep.key, checkpoint).map_err(Refusal::stop)?;
        if saved.account != keep.account {
            return Ok(Remote::default());
        }
        let mut remote = saved.remote;
        remote.bar_until(saved.loose_until);
        Ok(remote.for_the_next())
    }
}

//! States are kept: before a batch goes out its intent is stored, and what was learned is stored soon after.

use super::in_flight::Purpose;
use super::in_flight::State;
use super::remote::Request;
use super::saved::{Piece, Saved};
use super::{Export, Output, Store};
use crate::checkpoint::{CheckpointKey, Log};
use crate::delivery::batch::Batch;
use crate::error::{Category, Misuse, Stop};
use crate::profile::Position;
use crate::time::Timestamp;
use std::collections::VecDeque;

/// How the states of a run are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Authenticates the checkpoints.
    pub key: CheckpointKey,
    /// Stands for the account, so that a state is never gone on with against another one.
    pub account: u64,
}

/// Packed batches, the earliest one that is needed first: what is before it needs no second reading.
#[derive(Clone, Debug)]
struct Packed {
    number: u64,
    first: Position,
    hashes: Vec<u64>,
}

/// What is stored, and what waits for it.
#[derive(Clone, Debug)]
pub(super) struct Keeping {
    pub(super) keep: Keep,
    /// The last state handed out, and whether its end is not told yet.
    number: u64,
    storing: bool,
    /// Something happened since.
    dirty: bool,
    /// No state is written any more: it would be less than what is stored.
    closed: bool,
    /// The run's last state was handed out.
    ended: bool,
    /// Contacts that are settled, as far as a state was asked for.
    settled: u64,
    /// Batches whose intent is part of the state with that number.
    held: VecDeque<(u64, Request)>,
    packed: VecDeque<Packed>,
    pub(super) log: Log,
    /// Whole blocks since the last state.
    blocks: Vec<u8>,
}

impl Keeping {
    pub(super) fn new(keep: Keep, log: Log) -> Self {
        Self {
            keep,
            number: 0,
            storing: false,
            dirty: false,
            closed: false,
            ended: false,
            settled: 0,
            held: VecDeque::new(),
            packed: VecDeque::new(),
            log,
            blocks: Vec::new(),
        }
    }

    /// Keeps a request back until the next state is stored.
    pub(super) fn hold(&mut self, request: Request) {
        self.dirty = true;
        self.held.push_back((self.number + 1, request));
    }

    /// Notes that an answer came, after which so many contacts are settled.
    pub(super) fn learned(&mut self, import: bool, settled: u64) {
        self.dirty |= import || settled != self.settled;
        self.settled = settled;
    }

    /// Whether a state is being stored.
    pub(super) fn storing(&self) -> bool {
        self.storing
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Adds a hash to the log.
    pub(super) fn log(&mut self, hash: u64) {
        if let Some(block) = self.log.push(&self.keep.key, hash) {
            self.blocks.extend_from_slice(&block);
        }
    }

    /// A batch was packed.
    pub(super) fn packed(&mut self, batch: &Batch) {
        let Some(first) = batch.entries().first() else { return };
        let hashes = batch.entries().iter().map(|entry| entry.hash).collect();
        self.packed.push_back(Packed { number: batch.number, first: first.position, hashes });
    }

    /// Moves the watermark over batches that are settled, up to the first one that is not.
    fn advance(&mut self, live: impl Fn(u64) -> bool) {
        while let Some(packed) = self.packed.pop_front_if(|packed| !live(packed.number)) {
            packed.hashes.into_iter().for_each(|hash| self.log(hash));
        }
    }

    /// The earliest batch that is needed, and its first contact.
    fn earliest(&self) -> Option<(u64, Position)> {
        self.packed.front().map(|packed| (packed.number, packed.first))
    }
}

impl Export {
    /// Hands out the state, unless one is being stored or nothing happened since the last one.
    pub(super) fn store(&mut self) {
        let Some(keeping) = &self.keeping else { return };
        if keeping.storing || keeping.closed || !keeping.dirty || self.encoder.replaying() {
            return;
        }
        // Every record up to here is decided, and what it led to is told before the state that counts it.
        self.encoder.settle();
        self.tell_rejections();
        let Some(keeping) = &mut self.keeping else { return };
        let units = &self.in_flight.units;
        keeping.advance(|number| units.values().any(|unit| unit.batch.number == number));
        let earliest = keeping.earliest();
        let key = keeping.keep.key;
        let mut saved = self.encoder.bookmark(earliest).and_then(|bookmark| Saved::of(self, bookmark));
        let checkpoint = saved.as_mut().and_then(|saved| saved.seal(&key));
        if let Some(saved) = saved {
            saved.give_back(self);
        }
        let Some(keeping) = &mut self.keeping else { return };
        keeping.dirty = false;
        match checkpoint {
            Some(checkpoint) => {
                keeping.number += 1;
                keeping.storing = true;
                let log = core::mem::take(&mut keeping.blocks);
                let log_bytes = keeping.log.stored_bytes();
                self.outputs.push_back(Output::Store(Store { number: keeping.number, checkpoint, log, log_bytes }));
            }
            // Nothing was decoded yet, so that nothing can be lost.
            None if keeping.held.is_empty() => {}
            None => self.stop_storing(Stop::new(
                "checkpoint_too_large",
                Category::Checkpoint,
                "The state of this run is larger than 1 MiB, so it cannot be kept.",
                "Shorten the names of the source's columns, or run without keeping states.",
            )),
        }
    }

    /// Whether the run's end may be told; stores its last state before.
    pub(super) fn last_state_stored(&mut self) -> bool {
        match &mut self.keeping {
            Some(keeping) if !keeping.closed && !keeping.ended => {
                if keeping.storing {
                    return false;
                }
                keeping.ended = true;
                keeping.dirty = true;
                self.store();
                self.keeping.as_ref().is_none_or(|keeping| !keeping.storing)
            }
            Some(keeping) => !keeping.storing,
            None => true,
        }
    }

    /// Batches whose intent is still being stored do not go out any more.
    pub(super) fn recall(&mut self) {
        let Some(keeping) = &mut self.keeping else { return };
        for (_, request) in core::mem::take(&mut keeping.held) {
            self.remote.recalled();
            if let Some((Purpose::Import(id), sent)) = self.in_flight.requests.remove(request.id)
                && let Some(unit) = self.in_flight.units.get_mut(id)
            {
                unit.state = State::Ready(sent);
            }
        }
    }

    /// The state is stored: what waited for it goes out.
    pub(super) fn stored(&mut self, number: u64, now: Timestamp) -> Result<(), Misuse> {
        let keeping = self.keeping.as_mut().ok_or(Misuse::UnknownStore)?;
        if !keeping.storing || keeping.number != number {
            return Err(Misuse::UnknownStore);
        }
        keeping.storing = false;
        // The account has closed meanwhile: what waited for its intent goes out when it opens.
        if self.remote.closed_until() > now {
            self.recall();
            return Ok(());
        }
        let mut released = Vec::new();
        while let Some((_, request)) = keeping.held.pop_front_if(|(in_state, _)| *in_state <= number) {
            released.push(request);
        }
        released.into_iter().for_each(|request| self.launch(request, now));
        Ok(())
    }

    /// The state could not be stored: nothing more is sent, and the last stored state stands.
    pub(super) fn not_stored(&mut self, number: u64, taken_over: bool) -> Result<(), Misuse> {
        let keeping = self.keeping.as_mut().ok_or(Misuse::UnknownStore)?;
        if !keeping.storing || keeping.number != number {
            return Err(Misuse::UnknownStore);
        }
        keeping.storing = false;
        let stop = if taken_over {
            Stop::new(
                "taken_over",
                Category::Checkpoint,
                "Another process has taken this run over; this one sends nothing more.",
                "Nothing: follow the run where it goes on.",
            )
        } else {
            Stop::new(
                "state_not_stored",
                Category::Checkpoint,
                "The state of this run could not be stored, and without it nothing is sent.",
                "Make room where the state is kept, or restore access to it, and run the export again: it goes on.",
            )
            .retryable()
        };
        self.stop_storing(stop);
        Ok(())
    }

    fn stop_storing(&mut self, stop: Stop) {
        let Some(keeping) = &mut self.keeping else { return };
        keeping.closed = true;
        self.recall();
        // Whatever else stopped the run, this one decides what may still be done.
        self.stop = Some(stop);
    }

    /// A batch that was packed before a resume was packed again from the same records: its parts go on.
    pub(super) fn restore(&mut self, batch: &Batch, now: Timestamp) {
        if let Some(keeping) = &mut self.keeping {
            keeping.packed(batch);
        }
        let (pieces, others): (Vec<Piece>, Vec<Piece>) =
            core::mem::take(&mut self.awaiting).into_iter().partition(|piece| piece.number == batch.number);
        self.awaiting = others;
        for piece in pieces {
            let part = batch.subset(&|_, entry| piece.picks(entry.index));
            let same = |part: &Batch| {
                part.entries().len() as u64 == piece.counts().0
                    && self.encoder.fingerprint(part.body()) == piece.fingerprint
            };
            match part.filter(same) {
                Some(part) => {
                    let id = piece.id;
                    let unit = piece.go_on(part, &mut self.outcome, now);
                    self.in_flight.units.insert(id, unit);
                }
                None => self.awaiting.push(piece),
            }
        }
    }
}

//! What goes out next, and why nothing does.

use super::in_flight::{self, Purpose, State};
use super::remote::Request;
use super::{Export, Output, Wait, WaitReason};
use crate::activecampaign::{Call, account, bulk_import, contacts, import_info};
use crate::delivery::rate::Kind;
use crate::limits::MAX_WAIT_MILLIS;
use crate::time::Timestamp;

impl Export {
    /// Sends whatever may go: batches first, since their window is the narrow one, then outcomes, then look-ups.
    pub(super) fn send_all(&mut self, now: Timestamp) {
        while let Some((due, purpose)) = self.next_request() {
            if due > now {
                return;
            }
            self.send(purpose, now);
        }
    }

    /// The request that is due first, and when it may go.
    fn next_request(&self) -> Option<(Timestamp, Purpose)> {
        // What was on its way is known only once the records are read again.
        if self.encoder.replaying() {
            return None;
        }
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
                    let at = if unit.fate_unknown { (*at).max(self.remote.retry_opens_at()) } else { *at };
                    offer(at, unit.kind(), 1 + u64::from(unit.troubles) * 10_000 + size, Purpose::Import(id));
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

    /// Takes a request up. A batch goes out once its intent is stored, where states are kept; the rest at once.
    fn send(&mut self, purpose: Purpose, now: Timestamp) {
        let Some((kind, call)) = self.begin(&purpose, now) else { return };
        let id = self.remote.send(kind, now);
        let import = matches!(purpose, Purpose::Import(_));
        self.in_flight.requests.insert(id, (purpose, now));
        let request = Request { id, kind, call };
        match &mut self.keeping {
            Some(keeping) if import => keeping.hold(request),
            _ => self.launch(request, now),
        }
    }

    fn begin(&mut self, purpose: &Purpose, now: Timestamp) -> Option<(Kind, Call)> {
        let list = self.encoder.plan().mapping.subscribe.is_none().then(|| self.encoder.plan().list);
        let id = match purpose {
            Purpose::Probe => return Some((Kind::Other, account::user_call())),
            Purpose::Import(id) | Purpose::Info(id) | Purpose::Lookup(id, _) => *id,
        };
        let unit = self.in_flight.units.get_mut(id)?;
        let kind = unit.kind();
        match (purpose, &mut unit.state) {
            (Purpose::Import(_), state) => {
                *state = State::Sending;
                if unit.fate_unknown {
                    self.remote.retried(now);
                }
                Some((kind, bulk_import::call(unit.batch.body().to_vec())))
            }
            (Purpose::Info(_), State::Taken(taken)) => {
                taken.polling = true;
                taken.polls += 1;
                Some((Kind::Other, import_info::call(&taken.batch_id)))
            }
            (Purpose::Lookup(_, entry), State::Checking(checking)) => {
                checking.looking = true;
                let email = unit.batch.entries().get(*entry).map(|entry| unit.batch.email(entry));
                let email = core::str::from_utf8(email.unwrap_or_default()).unwrap_or_default();
                Some((Kind::Other, contacts::call(email, list)))
            }
            _ => None,
        }
    }

    /// Lets a request go out.
    pub(super) fn launch(&mut self, request: Request, now: Timestamp) {
        if let Some((Purpose::Import(unit), held)) = self.in_flight.requests.get_mut(request.id)
            && let Some(unit) = self.in_flight.units.get_mut(*unit)
        {
            if !self.remote.delayed(unit.kind(), *held, now) {
                // Others took its room while its intent was being stored: it waits for room of its own.
                unit.state = State::Ready(now);
                self.in_flight.requests.remove(request.id);
                self.remote.recalled();
                return;
            }
            *held = now;
            self.outcome.batches += 1;
        }
        self.remote.launched();
        self.outputs.push_back(Output::Send(request));
    }

    /// What is waited for, and until when by the account's clock.
    pub(super) fn wait(&self, now: Timestamp) -> (Wait, Timestamp) {
        let next = self.next_request();
        let heartbeat = now.plus(MAX_WAIT_MILLIS);
        let in_flight = u32::try_from(self.in_flight.requests.len()).unwrap_or(u32::MAX);
        let reason = if self.remote.throttled_until() > now {
            WaitReason::Throttled
        } else if self.remote.in_trouble() {
            WaitReason::Unavailable
        } else {
            match &next {
                Some((_, Purpose::Import(_))) if self.remote.barred_until() > now => WaitReason::PreviousRun,
                Some((_, Purpose::Import(id))) => {
                    let first_try = self.in_flight.units.get(*id).is_some_and(|unit| unit.attempts == 0);
                    if first_try { WaitReason::RateWindow } else { WaitReason::Backoff }
                }
                Some((_, Purpose::Info(_) | Purpose::Lookup(..))) => WaitReason::Processing,
                _ if self.keeping.as_ref().is_some_and(|keeping| keeping.storing()) => WaitReason::Storing,
                _ if in_flight > 0 => WaitReason::Answer,
                _ => WaitReason::Source,
            }
        };
        let until = next.map_or(heartbeat, |(due, _)| due.min(heartbeat));
        let wait =
            Wait { until: Some(self.remote.pace().host_time(until)), reason, wants_bytes: self.wants_bytes, in_flight };
        (wait, until)
    }
}

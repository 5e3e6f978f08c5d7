//! The account's windows: never more than the documented number of requests in any stretch of that length.
//!
//! Sliding windows over the send times hold under fixed and under sliding windows of the remote alike, which
//! of the two it uses being unknown.

use crate::checkpoint::Tape;
use crate::limits::{
    MULTI_CONTACT_REQUESTS_PER_MINUTE, RATE_GUARD_MILLIS, REQUESTS_PER_SECOND, SINGLE_CONTACT_REQUESTS_PER_MINUTE,
};
use crate::time::Timestamp;

/// Which windows a request falls under, besides the account's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bulk import of two or more contacts.
    MultiContact,
    /// A bulk import of one contact.
    SingleContact,
    /// Anything else.
    Other,
}

impl Kind {
    /// The word that hosts know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MultiContact => "multi_contact",
            Self::SingleContact => "single_contact",
            Self::Other => "other",
        }
    }

    /// The kind of this word; whatever else is one without a window of its own.
    #[must_use]
    pub fn named(name: &str) -> Self {
        [Self::MultiContact, Self::SingleContact].into_iter().find(|kind| kind.name() == name).unwrap_or(Self::Other)
    }
}

#[derive(Clone, Debug)]
struct Window {
    limit: usize,
    span_millis: u64,
    /// The latest ones, oldest first. There are a hundred at most, so the oldest leaves a list.
    sent: Vec<Timestamp>,
}

impl Window {
    fn new(limit: usize, span_millis: u64) -> Self {
        Self { limit, span_millis: span_millis + RATE_GUARD_MILLIS, sent: Vec::new() }
    }

    /// When one more request may go.
    fn opens_at(&self) -> Timestamp {
        match self.sent.len().checked_sub(self.limit).and_then(|index| self.sent.get(index)) {
            Some(oldest) => oldest.plus(self.span_millis),
            None => Timestamp::default(),
        }
    }

    fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.times(&mut self.sent, self.limit)
    }

    /// One that is not found any more has been moved by a doubt: it then counts twice rather than not at all.
    fn forget(&mut self, at: Timestamp) {
        if let Some(place) = self.sent.iter().position(|time| *time == at) {
            self.sent.remove(place);
        }
    }

    /// The latest of both, in their order.
    fn merge(&mut self, other: &Self) {
        for time in &other.sent {
            let place = self.sent.partition_point(|own| own <= time);
            self.sent.insert(place, *time);
        }
        self.sent.drain(..self.sent.len().saturating_sub(self.limit));
    }

    fn record(&mut self, now: Timestamp) {
        // A clock that went backwards must not open the window early: times never fall.
        let now = self.sent.last().map_or(now, |last| now.max(*last));
        if self.sent.len() >= self.limit {
            self.sent.remove(0);
        }
        self.sent.push(now);
    }
}

/// All windows of one account.
#[derive(Clone, Debug)]
pub struct Limiter {
    account: Window,
    multi: Window,
    single: Window,
    closed_until: Timestamp,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

impl Limiter {
    /// The documented windows, all empty.
    #[must_use]
    pub fn new() -> Self {
        Self {
            account: Window::new(REQUESTS_PER_SECOND, 1_000),
            multi: Window::new(MULTI_CONTACT_REQUESTS_PER_MINUTE, 60_000),
            single: Window::new(SINGLE_CONTACT_REQUESTS_PER_MINUTE, 60_000),
            closed_until: Timestamp::default(),
        }
    }

    /// The earliest moment for a request of this kind; in the past when it may go at once.
    #[must_use]
    pub fn opens_at(&self, kind: Kind) -> Timestamp {
        let own = match kind {
            Kind::MultiContact => self.multi.opens_at(),
            Kind::SingleContact => self.single.opens_at(),
            Kind::Other => Timestamp::default(),
        };
        own.max(self.account.opens_at()).max(self.closed_until)
    }

    /// Notes that a request of this kind goes out now.
    pub fn record(&mut self, kind: Kind, now: Timestamp) {
        self.account.record(now);
        match kind {
            Kind::MultiContact => self.multi.record(now),
            Kind::SingleContact => self.single.record(now),
            Kind::Other => {}
        }
    }

    /// A request that was noted at one time did not go out then.
    pub fn forget(&mut self, kind: Kind, at: Timestamp) {
        self.account.forget(at);
        match kind {
            Kind::MultiContact => self.multi.forget(at),
            Kind::SingleContact => self.single.forget(at),
            Kind::Other => {}
        }
    }

    /// Closes the account for every request: the remote said that there were too many.
    pub fn close_until(&mut self, until: Timestamp) {
        self.closed_until = self.closed_until.max(until);
    }

    pub(crate) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        self.account.fields(tape)?;
        self.multi.fields(tape)?;
        self.single.fields(tape)?;
        tape.time(&mut self.closed_until)
    }

    /// The latest moment that it knows of.
    #[must_use]
    pub fn latest(&self) -> Timestamp {
        let sent =
            [&self.account, &self.multi, &self.single].into_iter().flat_map(|window| window.sent.iter().copied());
        sent.max().unwrap_or_default().max(self.closed_until)
    }

    /// Counts what another one has counted.
    pub fn merge(&mut self, other: &Self) {
        self.account.merge(&other.account);
        self.multi.merge(&other.multi);
        self.single.merge(&other.single);
        self.closed_until = self.closed_until.max(other.closed_until);
    }

    /// Nobody knows whether the last `millis` have passed: what was sent before counts as sent that much later.
    pub fn doubt(&mut self, millis: u64, now: Timestamp) {
        for window in [&mut self.account, &mut self.multi, &mut self.single] {
            window.sent.iter_mut().for_each(|time| *time = time.plus(millis).min(now));
        }
        self.closed_until = self.closed_until.postponed(millis, now);
    }

    /// Until when the account is closed.
    #[must_use]
    pub fn closed_until(&self) -> Timestamp {
        self.closed_until
    }
}

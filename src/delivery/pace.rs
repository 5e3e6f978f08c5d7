//! One account's clock and windows, shared by all that ask it from one process: the account counts their requests
//! together.

use super::rate::{Kind, Limiter};
use crate::checkpoint::Tape;
use crate::time::{Clock, Timestamp};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// A share in an account's pace. A clone shares; [`Pace::default`] begins one that nobody else knows.
#[derive(Clone, Debug, Default)]
pub struct Pace(Rc<RefCell<Shared>>);

/// A pace that ends with its last share.
#[derive(Clone, Debug)]
pub struct WeakPace(Weak<RefCell<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    clock: Clock,
    limiter: Limiter,
}

impl WeakPace {
    /// The pace, while somebody has a share in it.
    #[must_use]
    pub fn upgrade(&self) -> Option<Pace> {
        self.0.upgrade().map(Pace)
    }
}

impl Pace {
    /// The same without a share.
    #[must_use]
    pub fn downgrade(&self) -> WeakPace {
        WeakPace(Rc::downgrade(&self.0))
    }

    /// Brings in what another one knows: whatever it sent counts here, too.
    pub fn join(&self, other: &Self) {
        if !Rc::ptr_eq(&self.0, &other.0) {
            let (mut own, other) = (self.0.borrow_mut(), other.0.borrow());
            own.clock.catch_up(&other.clock);
            own.limiter.merge(&other.limiter);
        }
    }

    /// Takes the host's time; gives the account's, which never goes back.
    pub fn tell(&self, host: Timestamp) -> Timestamp {
        self.0.borrow_mut().clock.tell(host)
    }

    /// The last time that was told.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.borrow().clock.now()
    }

    /// The host's time for one of the account's.
    #[must_use]
    pub fn host_time(&self, time: Timestamp) -> Timestamp {
        self.0.borrow().clock.host_time(time)
    }

    /// See [`Limiter::opens_at`].
    #[must_use]
    pub fn opens_at(&self, kind: Kind) -> Timestamp {
        self.0.borrow().limiter.opens_at(kind)
    }

    /// See [`Limiter::closed_until`].
    #[must_use]
    pub fn closed_until(&self) -> Timestamp {
        self.0.borrow().limiter.closed_until()
    }

    /// See [`Limiter::latest`].
    #[must_use]
    pub fn latest(&self) -> Timestamp {
        self.0.borrow().limiter.latest()
    }

    /// Changes the windows.
    pub fn change(&self, change: impl FnOnce(&mut Limiter)) {
        change(&mut self.0.borrow_mut().limiter);
    }

    /// Makes room for a request of this kind; gives the host's time at which it may go out.
    pub fn turn(&self, kind: Kind, host: Timestamp) -> Timestamp {
        let now = self.tell(host);
        let at = self.opens_at(kind).max(now);
        self.change(|limiter| limiter.record(kind, at));
        self.host_time(at)
    }

    /// The windows and the clock as bytes, to be kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tape = Tape::Write(Vec::new());
        // Writing asks nothing of what is written.
        let _ = self.fields(&mut tape);
        match tape {
            Tape::Write(bytes) => bytes,
            Tape::Read(_) => Vec::new(),
        }
    }

    /// What was kept; `None` for what is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let pace = Self::default();
        let mut tape = Tape::Read(bytes);
        pace.fields(&mut tape)?;
        tape.end()?;
        Some(pace)
    }

    pub(crate) fn fields(&self, tape: &mut Tape<'_>) -> Option<()> {
        let mut shared = self.0.borrow_mut();
        shared.clock.fields(tape)?;
        shared.limiter.fields(tape)
    }
}

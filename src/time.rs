//! Time as the host tells it: milliseconds, never read from a clock here.

use crate::checkpoint::Tape;

/// Milliseconds since the Unix epoch, as the host's `now` gave them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// A moment, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The moment `millis` earlier.
    #[must_use]
    pub const fn minus(self, millis: u64) -> Self {
        Self(self.0.saturating_sub(millis))
    }

    /// The moment `millis` later.
    #[must_use]
    pub const fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The same distance ahead as before `millis` that may not have passed; what was over then stays so.
    #[must_use]
    pub fn postponed(self, millis: u64, now: Self) -> Self {
        if self > now.minus(millis) { self.plus(millis) } else { self }
    }

    /// Milliseconds from `earlier` to this moment; zero when the clock went backwards.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A clock that never goes back: a host's clock that is set back an hour must neither open a window early nor
/// make anything wait for that hour.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    last: Timestamp,
    behind_millis: u64,
}

impl Clock {
    /// Takes the host's time; gives a time that is not before the last one.
    pub fn tell(&mut self, host: Timestamp) -> Timestamp {
        let now = host.plus(self.behind_millis);
        if now < self.last {
            self.behind_millis += self.last.since(now);
            return self.last;
        }
        self.last = now;
        now
    }

    /// Is never before another clock's last time.
    pub fn catch_up(&mut self, other: &Self) {
        self.last = self.last.max(other.last);
    }

    /// The last time that was told.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.last
    }

    pub(crate) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.time(&mut self.last)?;
        tape.count(&mut self.behind_millis)
    }

    /// The host's time for a time of this clock.
    #[must_use]
    pub fn host_time(&self, time: Timestamp) -> Timestamp {
        Timestamp(time.0.saturating_sub(self.behind_millis))
    }
}

/// A small seeded generator (SplitMix64), so that jitter replays from a seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.hash(&mut self.0)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from zero up to and including `most`.
    pub fn up_to(&mut self, most: u64) -> u64 {
        match most.checked_add(1) {
            Some(bound) => self.next_u64() % bound,
            None => self.next_u64(),
        }
    }
}

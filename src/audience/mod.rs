//! Who has been seen: one address goes out once a run.

use core::hash::BuildHasher;
use foldhash::quality::FixedState;

/// Shards grow one by one, so that doubling a table never holds the whole set twice.
const SHARDS: usize = 64;
const FIRST_SLOTS: usize = 16;

/// The addresses of one run, as seeded 64-bit hashes.
///
/// Among 1,000,000 addresses the chance of one false duplicate is 2.7e-8 (half of n squared over 2^64); the
/// seed makes it different for every run, so that no file can be made to collide. 8 bytes an address, at
/// most three quarters of each shard's slots in use.
#[derive(Clone, Debug)]
pub struct Seen {
    hasher: FixedState,
    shards: Vec<Shard>,
    count: u64,
}

#[derive(Clone, Debug, Default)]
struct Shard {
    /// Zero marks a free slot; a hash of zero is stored as one.
    slots: Vec<u64>,
    used: usize,
}

impl Seen {
    /// An empty set; `seed` comes from the host.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { hasher: FixedState::with_seed(seed), shards: vec![Shard::default(); SHARDS], count: 0 }
    }

    /// A set that remembers nothing: every address is new to it, and it takes no memory.
    #[must_use]
    pub fn forgetful(seed: u64) -> Self {
        Self { shards: Vec::new(), ..Self::new(seed) }
    }

    /// The hash by which an address in its normal form is known.
    #[inline(always)]
    #[must_use]
    pub fn hash(&self, address: &[u8]) -> u64 {
        self.hasher.hash_one(address).max(1)
    }

    /// Adds an address by its hash; `false` when it was there.
    #[inline(always)]
    pub fn insert(&mut self, hash: u64) -> bool {
        let added = self.shards.get_mut(shard_of(hash)).is_none_or(|shard| shard.insert(hash));
        self.count += u64::from(added);
        added
    }

    /// Reads the slots of some hashes, one after another and none depending on another, so that the memory
    /// is on its way for all of them before the first is inserted. A table of a million addresses fits no cache.
    pub fn prefetch(&self, hashes: &[u64]) {
        let slot = |hash: &u64| {
            let slots = &self.shards.get(shard_of(*hash))?.slots;
            slots.get(slot_of(*hash, slots.len())).copied()
        };
        core::hint::black_box(hashes.iter().filter_map(slot).fold(0, u64::wrapping_add));
    }

    /// Number of addresses.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether none was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl Shard {
    #[inline(always)]
    fn insert(&mut self, hash: u64) -> bool {
        if self.used * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let added = place(&mut self.slots, hash);
        self.used += usize::from(added);
        added
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(FIRST_SLOTS);
        let old = core::mem::replace(&mut self.slots, vec![0; size]);
        for hash in old.into_iter().filter(|hash| *hash != 0) {
            place(&mut self.slots, hash);
        }
    }
}

/// The top bits choose the shard, the lower ones the slot.
#[inline(always)]
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 58).unwrap_or(0)
}

/// Where a hash is looked for first in a table whose length is a power of two.
#[inline(always)]
fn slot_of(hash: u64, slots: usize) -> usize {
    usize::try_from(hash & 0xffff_ffff).unwrap_or(0) & slots.wrapping_sub(1)
}

/// Puts a hash into a table whose length is a power of two; `false` when it is there.
#[inline(always)]
fn place(slots: &mut [u64], hash: u64) -> bool {
    let mask = slots.len().wrapping_sub(1);
    let mut index = slot_of(hash, slots.len());
    while let Some(slot) = slots.get_mut(index) {
        if *slot == 0 {
            *slot = hash;
            return true;
        }
        if *slot == hash {
            return false;
        }
        index = (index + 1) & mask;
    }
    false
}

//! What a run stores so that another process can go on with it: versioned, length-capped, authenticated, small.
//!
//! ```text
//! "ACXC" | version, 2 bytes | body length, 4 bytes | body | 16 bytes of SipHash-2-4-128 over all before, keyed
//! ```
//!
//! Beside it stands the *log*: the keyed hashes of the addresses that were packed, which alone grow with the number
//! of profiles. Whole blocks of it are stored once; what does not fill a block is in the checkpoint.
//!
//! Neither holds the API key, an address, or any value of a profile.

use crate::error::{Category, Stop};
use crate::limits::{LOG_BLOCK_HASHES, MAX_CHECKPOINT_BYTES, MAX_COUNT};
use crate::time::Timestamp;
use core::hash::Hasher;
use siphasher::sip128::{Hasher128, SipHasher24};

/// The version written; this one and the one before are read.
pub const VERSION: u16 = 1;
const MAGIC: &[u8] = b"ACXC";
const HEADER_BYTES: usize = 10;
const MAC_BYTES: usize = 16;

/// The secret that authenticates checkpoints. It comes from the host and is in no checkpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CheckpointKey([u8; 16]);

impl core::fmt::Debug for CheckpointKey {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("CheckpointKey(hidden)")
    }
}

/// What a keyed hash is for, so that one can never stand for another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    Mac = 1,
    Log,
    Unit,
    Seed,
}

impl CheckpointKey {
    /// A key of 128 secret bits.
    #[must_use]
    pub const fn new(key: [u8; 16]) -> Self {
        Self(key)
    }

    fn hash(&self, purpose: Use, parts: [&[u8]; 2]) -> u128 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(&[purpose as u8]);
        for part in parts {
            hasher.write(part);
        }
        hasher.finish128().as_u128()
    }

    /// A number that only this key makes of these bytes.
    pub(crate) fn number(&self, purpose: Use, bytes: &[u8]) -> u64 {
        self.hash(purpose, [bytes, &[]]) as u64
    }
}

/// A number that stands for a text, such as an account's name; no secret.
#[must_use]
pub fn stands_for(text: &[u8]) -> u64 {
    CheckpointKey([0; 16]).number(Use::Unit, text)
}

/// Why a checkpoint is not gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not a checkpoint, or not a whole one.
    Unreadable,
    /// A newer release wrote it.
    Newer,
    /// It was not written with this key, or was changed since.
    Forged,
    /// The definition was changed since the run began.
    OtherDefinition,
    /// It is of a run to another account.
    OtherAccount,
    /// The source has another length than the run began with.
    OtherSource,
    /// Part of the log of packed addresses is missing or was changed.
    LogDamaged,
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "checkpoint_unreadable",
            Self::Newer => "checkpoint_newer",
            Self::Forged => "checkpoint_forged",
            Self::OtherDefinition => "checkpoint_other_definition",
            Self::OtherAccount => "checkpoint_other_account",
            Self::OtherSource => "checkpoint_other_source",
            Self::LogDamaged => "checkpoint_log_damaged",
        }
    }

    /// The same as the reason why a run stops. The stored state is left as it is.
    #[must_use]
    pub fn stop(self) -> Stop {
        let message = match self {
            Self::Unreadable => "The stored state of this run is not a checkpoint, or only a part of one.",
            Self::Newer => "The stored state of this run was written by a newer release.",
            Self::Forged => "The stored state of this run was changed, or written with another state key.",
            Self::OtherDefinition => "The definition was changed since this run began.",
            Self::OtherAccount => "The stored state is of a run to another account.",
            Self::OtherSource => "The source has another length than when this run began.",
            Self::LogDamaged => "The stored list of packed profiles is damaged or incomplete.",
        };
        let remedy = match self {
            Self::Newer => "Go on with the release that wrote it, or a later one.",
            Self::Forged => {
                "Go on with the key it was written with (`checkpoints.key`), or start the run anew (`restart`)."
            }
            Self::OtherDefinition => "Go on with the definition it began with, or start the run anew.",
            Self::OtherAccount => "Keep the state of each account apart, or start the run anew.",
            Self::OtherSource => "Go on with the source it began with, or start the run anew.",
            Self::Unreadable | Self::LogDamaged => "Restore it from a copy, or start the run anew.",
        };
        Stop::new(self.code(), Category::Checkpoint, message, remedy)
    }
}

/// Frames a body; `None` when it is larger than a checkpoint may be.
pub(crate) fn seal(key: &CheckpointKey, body: &[u8]) -> Option<Vec<u8>> {
    if HEADER_BYTES + body.len() + MAC_BYTES > MAX_CHECKPOINT_BYTES {
        return None;
    }
    let mut framed = Vec::with_capacity(HEADER_BYTES + body.len() + MAC_BYTES);
    framed.extend_from_slice(MAGIC);
    framed.extend_from_slice(&VERSION.to_le_bytes());
    framed.extend_from_slice(&u32::try_from(body.len()).ok()?.to_le_bytes());
    framed.extend_from_slice(body);
    let mac = key.hash(Use::Mac, [&framed, &[]]);
    framed.extend_from_slice(&mac.to_le_bytes());
    Some(framed)
}

/// The body of a checkpoint, once it is proven to be whole and written with this key.
///
/// # Errors
/// It is unreadable, newer, or forged.
pub(crate) fn open<'a>(key: &CheckpointKey, framed: &'a [u8]) -> Result<Tape<'a>, Refusal> {
    let (header, rest) = framed.split_at_checked(HEADER_BYTES).ok_or(Refusal::Unreadable)?;
    let (magic, numbers) = header.split_at_checked(MAGIC.len()).ok_or(Refusal::Unreadable)?;
    let [low, high, length @ ..] = numbers else { return Err(Refusal::Unreadable) };
    let length: [u8; 4] = length.try_into().map_err(|_| Refusal::Unreadable)?;
    if magic != MAGIC || framed.len() > MAX_CHECKPOINT_BYTES {
        return Err(Refusal::Unreadable);
    }
    match u16::from_le_bytes([*low, *high]) {
        0 => return Err(Refusal::Unreadable),
        version if version > VERSION => return Err(Refusal::Newer),
        _ => {}
    }
    let length = usize::try_from(u32::from_le_bytes(length)).map_err(|_| Refusal::Unreadable)?;
    let (body, mac) = rest.split_at_checked(length).ok_or(Refusal::Unreadable)?;
    let mac: [u8; MAC_BYTES] = mac.try_into().map_err(|_| Refusal::Unreadable)?;
    // All bytes are compared, whichever differs first.
    let difference = u128::from_le_bytes(mac) ^ key.hash(Use::Mac, [header, body]);
    if difference == 0 { Ok(Tape::Read(body)) } else { Err(Refusal::Forged) }
}

/// The log of hashes: how much of it is stored, and what is not yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Log {
    blocks: u64,
    chain: u128,
    /// Hashes since the last whole block.
    tail: Vec<u64>,
}

impl Log {
    /// Adds a hash; gives the bytes of the block that is whole because of it.
    pub(crate) fn push(&mut self, key: &CheckpointKey, hash: u64) -> Option<Vec<u8>> {
        self.tail.push(hash);
        if self.tail.len() < LOG_BLOCK_HASHES {
            return None;
        }
        let block: Vec<u8> = self.tail.drain(..).flat_map(u64::to_le_bytes).collect();
        self.blocks += 1;
        self.chain = key.hash(Use::Log, [&self.chain.to_le_bytes(), &block]);
        Some(block)
    }

    /// Every hash of a stored log, once it is proven to be the one that the checkpoint was written beside. What
    /// stands behind it was stored for a checkpoint that never was, and is passed over.
    pub(crate) fn replay(&self, key: &CheckpointKey, stored: &[u8], mut take: impl FnMut(u64)) -> Result<(), Refusal> {
        let mut blocks = stored.chunks_exact(8 * LOG_BLOCK_HASHES);
        let mut chain = 0;
        for _ in 0..self.blocks {
            let block = blocks.next().ok_or(Refusal::LogDamaged)?;
            chain = key.hash(Use::Log, [&u128::to_le_bytes(chain), block]);
            let hashes = block.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok());
            hashes.for_each(|bytes| take(u64::from_le_bytes(bytes)));
        }
        if chain != self.chain {
            return Err(Refusal::LogDamaged);
        }
        self.tail.iter().copied().for_each(take);
        Ok(())
    }

    /// Bytes of the stored log that belong to the run.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.blocks * 8 * LOG_BLOCK_HASHES as u64
    }

    pub(crate) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.number(&mut self.blocks)?;
        let (mut low, mut high) = (self.chain as u64, (self.chain >> 64) as u64);
        tape.hash(&mut low)?;
        tape.hash(&mut high)?;
        self.chain = u128::from(high) << 64 | u128::from(low);
        tape.list(&mut self.tail, LOG_BLOCK_HASHES - 1, Tape::hash)
    }
}

/// A body that is being written or read. One description of the fields serves both ways, so that they cannot differ.
#[derive(Debug)]
pub(crate) enum Tape<'a> {
    Write(Vec<u8>),
    Read(&'a [u8]),
}

impl Tape<'_> {
    /// A whole number in groups of seven bits, the lowest first.
    pub(crate) fn number(&mut self, number: &mut u64) -> Option<()> {
        match self {
            Self::Write(bytes) => {
                let mut rest = *number;
                while rest >= 0x80 {
                    bytes.push(rest as u8 | 0x80);
                    rest >>= 7;
                }
                bytes.push(rest as u8);
            }
            Self::Read(bytes) => {
                *number = 0;
                for shift in (0..64).step_by(7) {
                    let (byte, rest) = bytes.split_first()?;
                    *bytes = rest;
                    let bits = u64::from(byte & 0x7f);
                    // The last group has room for one bit only.
                    if bits << shift >> shift != bits {
                        return None;
                    }
                    *number |= bits << shift;
                    if byte & 0x80 == 0 {
                        return Some(());
                    }
                }
                return None;
            }
        }
        Some(())
    }

    /// A number of which all bits are likely to be in use.
    pub(crate) fn hash(&mut self, hash: &mut u64) -> Option<()> {
        match self {
            Self::Write(bytes) => bytes.extend_from_slice(&hash.to_le_bytes()),
            Self::Read(bytes) => {
                let (first, rest) = bytes.split_first_chunk()?;
                *hash = u64::from_le_bytes(*first);
                *bytes = rest;
            }
        }
        Some(())
    }

    /// A count or a place, which no sum of a few can make overflow.
    pub(crate) fn count(&mut self, number: &mut u64) -> Option<()> {
        self.number(number)?;
        (*number <= MAX_COUNT).then_some(())
    }

    pub(crate) fn small(&mut self, number: &mut u32) -> Option<()> {
        let mut wide = u64::from(*number);
        self.number(&mut wide)?;
        *number = u32::try_from(wide).ok().filter(|number| *number <= u32::MAX / 2)?;
        Some(())
    }

    pub(crate) fn flag(&mut self, flag: &mut bool) -> Option<()> {
        let mut number = u64::from(*flag);
        self.number(&mut number)?;
        *flag = number == 1;
        (number <= 1).then_some(())
    }

    pub(crate) fn time(&mut self, time: &mut Timestamp) -> Option<()> {
        let mut millis = time.as_millis();
        self.count(&mut millis)?;
        *time = Timestamp::from_millis(millis);
        Some(())
    }

    /// Times that never fall, each by its distance from the one before.
    pub(crate) fn times(&mut self, times: &mut Vec<Timestamp>, most: usize) -> Option<()> {
        let mut last = 0;
        let mut steps: Vec<u64> = Vec::new();
        for time in &*times {
            steps.push(time.as_millis().saturating_sub(last));
            last = time.as_millis();
        }
        self.list(&mut steps, most, Self::number)?;
        let mut last = Timestamp::default();
        times.clear();
        for step in steps {
            last = last.plus(step);
            times.push(last);
        }
        Some(())
    }

    pub(crate) fn bytes(&mut self, text: &mut Vec<u8>, most: usize) -> Option<()> {
        let mut length = text.len() as u64;
        self.number(&mut length)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= most)?;
        match self {
            Self::Write(bytes) => bytes.extend_from_slice(text),
            Self::Read(bytes) => {
                let (first, rest) = bytes.split_at_checked(length)?;
                *text = first.to_vec();
                *bytes = rest;
            }
        }
        Some(())
    }

    pub(crate) fn text(&mut self, text: &mut String, most: usize) -> Option<()> {
        let mut bytes = core::mem::take(text).into_bytes();
        self.bytes(&mut bytes, most)?;
        *text = String::from_utf8(bytes).ok()?;
        Some(())
    }

    pub(crate) fn option<T: Default>(
        &mut self,
        value: &mut Option<T>,
        field: impl FnOnce(&mut Self, &mut T) -> Option<()>,
    ) -> Option<()> {
        let mut there = value.is_some();
        self.flag(&mut there)?;
        if there { field(self, value.get_or_insert_default()) } else { Some(()) }
    }

    pub(crate) fn list<T: Default>(
        &mut self,
        items: &mut Vec<T>,
        most: usize,
        mut field: impl FnMut(&mut Self, &mut T) -> Option<()>,
    ) -> Option<()> {
        let mut length = items.len() as u64;
        self.number(&mut length)?;
        if matches!(self, Self::Read(_)) {
            items.clear();
            if length > most as u64 {
                return None;
            }
            for _ in 0..length {
                let mut item = T::default();
                field(self, &mut item)?;
                items.push(item);
            }
            return Some(());
        }
        items.iter_mut().try_for_each(|item| field(self, item))
    }

    /// Whether it was read to its end.
    pub(crate) fn end(&self) -> Option<()> {
        match self {
            Self::Read(rest) if !rest.is_empty() => None,
            _ => Some(()),
        }
    }
}

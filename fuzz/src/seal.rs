//! Checkpoints as the core frames them, made here so that hostile bodies get behind the seal:
//!
//! `"ACXC" | version, 2 bytes | body length, 4 bytes | body | SipHash-2-4-128 over the byte 1 and all before`

use activecampaign_export::checkpoint::{CheckpointKey, VERSION};
use activecampaign_export::export::Keep;
use core::hash::Hasher;
use siphasher::sip128::{Hasher128, SipHasher24};

const KEY: [u8; 16] = *b"a key of 16 byte";

/// How the fuzzed runs keep their states.
#[must_use]
pub fn keep() -> Keep {
    Keep { key: CheckpointKey::new(KEY), account: 77 }
}

/// A sealed checkpoint of any body.
#[must_use]
pub fn seal(body: &[u8]) -> Vec<u8> {
    let mut framed = b"ACXC".to_vec();
    framed.extend(VERSION.to_le_bytes());
    framed.extend(u32::try_from(body.len()).expect("a short body").to_le_bytes());
    framed.extend(body);
    let mut hasher = SipHasher24::new_with_key(&KEY);
    hasher.write(&[1]);
    hasher.write(&framed);
    framed.extend(hasher.finish128().as_u128().to_le_bytes());
    framed
}

/// The body of a checkpoint that the core sealed.
#[must_use]
pub fn body(framed: &[u8]) -> &[u8] {
    let body = framed.get(10..framed.len().saturating_sub(16)).unwrap_or_default();
    assert_eq!(seal(body), framed, "the core frames states otherwise than its documentation says");
    body
}

/// The body with the definition and the account that a run is gone on with, which stand behind the salt.
#[must_use]
pub fn of_this_run(body: &[u8], definition: u64) -> Vec<u8> {
    let mut body = body.to_vec();
    let own = definition.to_le_bytes().into_iter().chain(keep().account.to_le_bytes());
    body.iter_mut().skip(8).zip(own).for_each(|(byte, own)| *byte = own);
    body
}

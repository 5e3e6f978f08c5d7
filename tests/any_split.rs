//! However a source is cut, the decoder says the same.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "data/source/steps.rs"]
mod steps;

use activecampaign_export::source::{SourceError, SourceOptions};
use proptest::prelude::*;
use steps::{Asking, Decoded, decode, fixtures, options};

const ASKING: [Asking; 3] = [Asking::AtOnce, Asking::Lazily, Asking::AtTheEnd];

fn in_chunks(options: SourceOptions, bytes: &[u8], length: usize, asking: Asking) -> Result<Decoded, SourceError> {
    decode(options, bytes.chunks(length), asking)
}

#[test]
fn chunks_of_every_size() {
    for (name, bytes, expected) in fixtures() {
        let options = options(&expected);
        let whole = decode(options, [&bytes[..]], Asking::AtOnce);
        for length in [1, 2, 3, 7, 13, 63, 64, 65, 128] {
            for asking in ASKING {
                assert_eq!(in_chunks(options, &bytes, length, asking), whole, "{name} by {length}, {asking:?}");
            }
        }
    }
}

#[test]
fn every_single_split() {
    for (name, bytes, expected) in fixtures() {
        let options = options(&expected);
        let whole = decode(options, [&bytes[..]], Asking::AtOnce);
        for at in (0..=bytes.len()).filter(|_| bytes.len() < 2_048) {
            let (first, second) = bytes.split_at(at);
            for asking in ASKING {
                let split = decode(options, [first, second], asking);
                assert_eq!(split, whole, "{name} at {at}, {asking:?}");
            }
        }
    }
}

#[test]
fn empty_pieces() {
    for (name, bytes, expected) in fixtures() {
        let options = options(&expected);
        let whole = decode(options, [&bytes[..]], Asking::AtOnce);
        let pieces = bytes.chunks(5).flat_map(|piece| [&[][..], piece, &[]]);
        assert_eq!(decode(options, pieces, Asking::AtOnce), whole, "{name}");
    }
}

fn pieces<'a>(bytes: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = bytes;
    let mut lengths = lengths.iter().cycle();
    std::iter::from_fn(move || {
        let (piece, after) = rest.split_at((*lengths.next()?).min(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Text that is all but noise: many quotes, separators, escapes and line ends.
    #[test]
    fn noise(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "\"", "\"\"", ",", ";", "\n", "\r\n", "\r", "a", "é", "xyz", "{", "}", "[", "]", ":", "\"a\":", "\\n",
            "\\u00e9", "\\", "1", "null", " ", "\u{feff}", "{\"a\":1}\n", "a,b\n", "a\"b",
        ]), 0..120),
        lengths in prop::collection::vec(1_usize..90, 1..6),
    ) {
        let bytes = tokens.concat().into_bytes();
        let whole = decode(SourceOptions::default(), [&bytes[..]], Asking::AtOnce);
        for asking in ASKING {
            let split = decode(SourceOptions::default(), pieces(&bytes, &lengths), asking);
            prop_assert_eq!(&split, &whole);
        }
    }

    #[test]
    fn any_bytes(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        lengths in prop::collection::vec(1_usize..90, 1..6),
    ) {
        let whole = decode(SourceOptions::default(), [&bytes[..]], Asking::AtOnce);
        let split = decode(SourceOptions::default(), pieces(&bytes, &lengths), Asking::AtOnce);
        prop_assert_eq!(split, whole);
    }
}

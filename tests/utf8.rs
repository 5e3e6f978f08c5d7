//! Text is judged as UTF-8 by the marks of whole blocks; the standard library is the judge of the judgement.

use activecampaign_export::text::{Text, first_invalid};
use proptest::prelude::*;

/// Letters of every length, whole or with a byte gone wrong, among ASCII: as profiles have them, and worse.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let letter = prop_oneof![
        4 => "[ -~]{1,40}",
        2 => "[\u{80}-\u{7ff}]{1,4}",
        2 => "[\u{800}-\u{d7ff}\u{e000}-\u{ffff}]{1,3}",
        1 => "[\u{10000}-\u{10ffff}]{1,2}",
    ];
    let piece = (letter, prop::option::weighted(0.1, (any::<prop::sample::Index>(), any::<u8>()))).prop_map(
        |(text, damage)| {
            let mut bytes = text.into_bytes();
            if let Some((at, byte)) = damage {
                let at = at.index(bytes.len());
                if let Some(target) = bytes.get_mut(at) {
                    *target = byte;
                }
            }
            bytes
        },
    );
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn texts_are_judged_as_by_the_standard_library(text in pieces(), behind in prop::collection::vec(any::<u8>(), 0..130)) {
        let expected = core::str::from_utf8(&text).err().map(|error| error.valid_up_to());
        let room: Vec<u8> = text.iter().chain(&behind).copied().collect();
        prop_assert_eq!(first_invalid(Text::new(&room, text.len())), expected);
    }

    /// Bytes that only just are, or are not, a letter: every first byte with every second one.
    #[test]
    fn borders_are_judged_as_by_the_standard_library(before in 0_usize..70, first in any::<u8>(), second in any::<u8>(), rest in prop::collection::vec(0x7e_u8..0xc2, 0..4)) {
        let text: Vec<u8> = core::iter::repeat_n(b'x', before).chain([first, second]).chain(rest).collect();
        let expected = core::str::from_utf8(&text).err().map(|error| error.valid_up_to());
        let mut room = text.clone();
        room.resize(text.len() + 64, 0x80);
        prop_assert_eq!(first_invalid(Text::new(&room, text.len())), expected);
    }
}

//! Objects by their values: the same profiles as their JSON gives, and nothing taken that is not whole.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use activecampaign_export::source::{Decoder, Format, SourceOptions, Step, VALUE_SEPARATOR};
use proptest::prelude::*;

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
/// What is wanted, in the order in which it comes; `c` is not.
const WANTED: [usize; 3] = [1, 3, 0];

/// Row, line and texts of every profile that is there.
type Rows = Vec<(u64, u64, [String; 3])>;

fn drain(decoder: &mut Decoder) -> Rows {
    let mut rows = Rows::new();
    loop {
        match decoder.next_step() {
            Step::Profile(profile) => {
                let position = profile.position();
                let texts = WANTED.map(|column| String::from_utf8(profile.text(column).to_vec()).unwrap());
                rows.push((position.row, position.line, texts));
            }
            Step::Refused(refusal) => panic!("{refusal:?}"),
            Step::NeedBytes | Step::End => return rows,
        }
    }
}

fn line(row: &[String; 4]) -> String {
    let members: serde_json::Map<_, _> =
        NAMES.into_iter().zip(row).map(|(name, text)| (name.to_owned(), text.clone().into())).collect();
    serde_json::Value::from(members).to_string() + "\n"
}

/// A decoder that knows the columns from one line, which is decoded.
fn opened() -> Decoder {
    let mut decoder = Decoder::new(SourceOptions { format: Format::Ndjson, delimiter: None });
    let first = line(&NAMES.map(str::to_owned));
    // As many lines as are looked at for names: the columns are settled then.
    decoder.feed(first.repeat(100).as_bytes());
    assert_eq!(decoder.columns().unwrap().unwrap(), NAMES);
    decoder.select(&WANTED);
    assert_eq!(drain(&mut decoder).len(), 100);
    assert!(decoder.takes_values());
    decoder
}

fn joined(rows: &[[String; 4]]) -> Vec<u8> {
    let mut text = Vec::new();
    for row in rows {
        for column in WANTED {
            text.extend_from_slice(row[column].as_bytes());
            text.push(VALUE_SEPARATOR);
        }
    }
    text
}

fn rows() -> impl Strategy<Value = Vec<[String; 4]>> {
    let text = || prop_oneof![3 => "[ -~]{0,12}", 1 => "\\PC{0,90}"];
    prop::collection::vec([text(), text(), text(), text()], 0..40)
}

proptest! {
    #[test]
    fn values_give_what_json_gives(pieces in prop::collection::vec((rows(), any::<bool>()), 1..6)) {
        let (mut mixed, mut plain) = (opened(), opened());
        for (rows, as_values) in &pieces {
            let lines: String = rows.iter().map(line).collect();
            plain.feed(lines.as_bytes());
            if *as_values {
                prop_assert!(mixed.feed_values(&joined(rows), &WANTED, rows.len()));
            } else {
                mixed.feed(lines.as_bytes());
            }
            prop_assert_eq!(drain(&mut mixed), drain(&mut plain));
        }
    }

    /// One separator more or less, or a byte that is no UTF-8: nothing is fed, and the same goes as JSON.
    #[test]
    fn what_is_not_whole_is_not_taken(rows in rows(), at in any::<prop::sample::Index>(), change in 0..4) {
        let whole = joined(&rows);
        let mut text = whole.clone();
        let at = at.index(text.len() + 1);
        match change {
            0 => text.insert(at, VALUE_SEPARATOR),
            1 => text.insert(at, 0xff),
            2 if text.pop().is_some() => {}
            _ => text.push(b'x'),
        }
        let mut decoder = opened();
        prop_assert!(!decoder.feed_values(&text, &WANTED, rows.len()));
        prop_assert!(decoder.takes_values());
        prop_assert!(drain(&mut decoder).is_empty());
        prop_assert!(decoder.feed_values(&whole, &WANTED, rows.len()));
        prop_assert_eq!(drain(&mut decoder).len(), rows.len());
    }
}

#[test]
fn values_come_only_between_lines_and_before_the_end() {
    let text = joined(&[NAMES.map(str::to_owned)]);
    let mut fresh = Decoder::new(SourceOptions::default());
    assert!(!fresh.feed_values(&text, &WANTED, 1));
    let mut csv = Decoder::new(SourceOptions::default());
    csv.feed(b"a,b,c,d\n");
    csv.columns().unwrap();
    assert!(!csv.feed_values(&text, &WANTED, 1));
    let mut within = opened();
    within.feed(br#"{"a":"#);
    assert!(drain(&mut within).is_empty());
    assert!(!within.feed_values(&text, &WANTED, 1));
    let mut twice = opened();
    assert!(twice.feed_values(&text, &WANTED, 1));
    assert!(!twice.feed_values(&text, &WANTED, 1));
    let mut ended = opened();
    ended.finish();
    assert!(!ended.feed_values(&text, &WANTED, 1));
}

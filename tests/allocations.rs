//! The accepted path allocates nothing for a profile: what is allocated is counted, over so many profiles that one
//! allocation each would show, whatever clock or machine. What remains belongs to batches (a body, its entries) and
//! to the set of addresses, which grows in few steps.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use activecampaign_export::export::{Advance, Encoder, EncoderOptions};
use activecampaign_export::plan::Plan;
use std::fmt::Write;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const PROFILES: usize = 50_000;
const CHUNK_BYTES: usize = 256 * 1024;

/// Everything that a mapping can hold, so that no part of it allocates unseen.
const SETTINGS: &[u8] = br#"{ "version": 1, "list": 4, "mapping": {
    "id": "Id", "email": "EMail", "firstName": "FirstName", "lastName": "LastName", "phone": "Telephone",
    "fields": [{ "id": 1, "column": "City" }, { "id": 2, "template": "{FirstName} of {City}" }, { "id": 3, "column": "Id" }],
    "tags": ["Contoso", { "column": "Tier", "prefix": "tier: " }, { "column": "Tags", "separator": ";" }],
    "consent": { "column": "Consent" }, "subscribe": { "column": "Consent", "values": ["yes"] } } }"#;

/// A few of every shape: capitals, blanks, accents, quotes, phones of all kinds, values that are missing.
fn row(number: usize) -> [String; 9] {
    let pick = |choices: &[&str]| choices[number % choices.len()].to_owned();
    [
        format!("C-{number:06}"),
        match number % 3 {
            0 => format!("person.{number}@example.com"),
            1 => format!(" Person_{number}+news@Mail.Example.co.uk"),
            _ => format!("a{number}#b@example.org"),
        },
        pick(&["Ada", " José ", "", "Ann \"Bo\" Lee", "花子"]),
        pick(&["Lovelace", "Müller", "O'Neill, Jr.", ""]),
        pick(&["+1 (555) 010-9999", "0049 30 1234567", "030/123456", ""]),
        pick(&["Ljubljana", "", "São Paulo", "Llanfairpwllgwyngyll"]),
        pick(&["gold", "", "silver"]),
        pick(&["a;b;a", "", "c"]),
        pick(&["yes", "yes", "true"]),
    ]
}

const NAMES: [&str; 9] = ["Id", "EMail", "FirstName", "LastName", "Telephone", "City", "Tier", "Tags", "Consent"];

fn csv() -> Vec<u8> {
    let mut text = NAMES.join(",") + "\n";
    for number in 0..PROFILES {
        let cells = row(number).map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    text.into_bytes()
}

fn ndjson() -> Vec<u8> {
    let mut text = String::new();
    for number in 0..PROFILES {
        let members: serde_json::Map<_, _> =
            NAMES.into_iter().zip(row(number)).map(|(name, cell)| (name.to_owned(), cell.into())).collect();
        writeln!(text, "{}", serde_json::Value::from(members)).unwrap();
    }
    text.into_bytes()
}

/// Contacts, batches, and allocations from the first batch to the last.
fn encode(source: &[u8]) -> (u64, u64, u64) {
    let plan = Plan::parse(SETTINGS, None, &[]).unwrap();
    let mut encoder = Encoder::new(plan, EncoderOptions { seed: 7, count_only: true, ..EncoderOptions::default() });
    let mut chunks = source.chunks(CHUNK_BYTES);
    let (mut batches, mut before) = (0, 0);
    loop {
        match encoder.advance().unwrap() {
            Advance::Batch(_) => {
                if batches == 0 {
                    before = dhat::HeapStats::get().total_blocks;
                }
                batches += 1;
            }
            Advance::NeedBytes => match chunks.next() {
                Some(chunk) => encoder.feed(chunk),
                None => encoder.finish(),
            },
            Advance::End => break,
        }
    }
    (encoder.counts().accepted, batches, dhat::HeapStats::get().total_blocks - before)
}

/// One test for both formats: the counter is the process's own.
#[test]
fn no_profile_allocates() {
    let sources = [("CSV", csv()), ("NDJSON", ndjson())];
    let _profiler = dhat::Profiler::builder().testing().build();
    for (format, source) in sources {
        let (contacts, batches, allocations) = encode(&source);
        assert_eq!(contacts, PROFILES as u64, "{format}");
        // A body, entries and ids a batch, the growth of ids from nothing, and the 64 shards of the set, each of
        // which doubles from 16 slots to 2,048.
        let expected = batches * 16 + 64 * 8;
        assert!(
            allocations <= expected,
            "{format}: {allocations} allocations for {batches} batches, {expected} expected"
        );
        assert!(expected < contacts / 10, "{format}: the bound must be far below one a profile");
    }
}

//! Bodies of requests, by property: whatever the contacts are, every body is valid, within both limits of the
//! importer, packed as full as the order allows, and nothing is lost or sent twice.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::delivery::batch::Batch;
use common::encode::{Encoded, encode, ndjson, plan};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const MOST_BYTES: usize = 399_999;
const MOST_CONTACTS: usize = 250;

/// Six values of up to 64 KiB, twice that where each letter is escaped: more than one request holds.
fn mapping() -> Value {
    let field = |id: u64| json!({"id": id, "column": format!("V{id}")});
    json!({"id": "I", "email": "E", "firstName": "F", "fields": [field(1), field(2), field(9)], "lastName": "L", "tags": [{"column": "T"}]})
}

/// One profile: who it is, and the size of each value in bytes.
fn profile(who: usize, sizes: [usize; 6]) -> Value {
    let text = |size: usize| match size % 4 {
        0 => "\u{e9}".repeat(size / 2),
        1 => "\"".repeat(size),
        _ => "x".repeat(size),
    };
    let [first, last, one, two, nine, tag] = sizes.map(text);
    json!({"I": who, "E": format!("u{who}@example.com"), "F": first, "L": last, "V1": one, "V2": two, "V9": nine, "T": tag})
}

/// The laws of one set of batches; `expected` are the ids of those that must have been packed, in order.
fn check(encoded: &Encoded, expected: &[usize]) -> Result<(), TestCaseError> {
    let mut packed = Vec::new();
    for (index, batch) in encoded.batches.iter().enumerate() {
        let body = batch.body();
        prop_assert!(body.len() <= MOST_BYTES, "{} bytes", body.len());
        let value: Value = serde_json::from_slice(body).expect("valid JSON");
        let contacts = value["contacts"].as_array().unwrap();
        prop_assert!((1..=MOST_CONTACTS).contains(&contacts.len()));
        prop_assert_eq!(value.as_object().unwrap().len(), 2);
        prop_assert_eq!(&value["exclude_automations"], &json!(true));
        prop_assert_eq!(contacts.len(), batch.entries().len());
        for (entry, contact) in batch.entries().iter().zip(contacts) {
            prop_assert_eq!(&serde_json::from_slice::<Value>(batch.json(entry)).unwrap(), contact);
            prop_assert_eq!(batch.email(entry), contact["email"].as_str().unwrap().as_bytes());
            let id: usize = batch.source_id(entry).unwrap().parse().unwrap();
            prop_assert_eq!(contact["email"].clone(), json!(format!("u{id}@example.com")));
            packed.push((entry.position.row, id));
        }
        // Greedy: the next contact and its comma would not have fitted.
        if let Some(next) = encoded.batches.get(index + 1) {
            let first = next.json(&next.entries()[0]).len();
            let room = MOST_BYTES - body.len();
            prop_assert!(contacts.len() == MOST_CONTACTS || first + 1 > room, "room for the next contact");
        }
    }
    prop_assert!(packed.windows(2).all(|pair| pair[0].0 < pair[1].0), "order kept");
    let ids: Vec<usize> = packed.iter().map(|(_, id)| *id).collect();
    prop_assert_eq!(ids.as_slice(), expected);
    Ok(())
}

/// A contact's size as a request of its own, from the form in the documentation.
fn alone(profile: &Value) -> usize {
    let mut contact = json!({"email": profile["E"], "subscribe": [{"listid": 4}]});
    for (key, target) in [("F", "first_name"), ("L", "last_name")] {
        if profile[key] != "" {
            contact[target] = profile[key].clone();
        }
    }
    let fields: Vec<Value> = [("V1", 1), ("V2", 2), ("V9", 9)]
        .iter()
        .filter(|(key, _)| profile[key] != "")
        .map(|(key, id)| json!({"id": id, "value": profile[key]}))
        .collect();
    if !fields.is_empty() {
        contact["fields"] = json!(fields);
    }
    if profile["T"] != "" {
        contact["tags"] = json!([profile["T"]]);
    }
    json!({"contacts": [contact], "exclude_automations": true}).to_string().len()
}

fn sizes() -> impl Strategy<Value = [usize; 6]> {
    let size = || prop_oneof![20 => 0_usize..40, 4 => 40_usize..4_000, 1 => 60_000_usize..65_536];
    prop_oneof![
        8 => [size(), size(), size(), size(), size(), size()],
        // Around the limit of a whole request.
        1 => (4_000_usize..12_000).prop_map(|size| [65_002, 65_002, 65_002, 65_002, 65_001, size]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 40, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn any_contacts(
        contacts in prop::collection::vec((0_usize..500, sizes()), 1..400),
    ) {
        let profiles: Vec<Value> = contacts.iter().map(|(who, sizes)| profile(*who, *sizes)).collect();
        let encoded = encode(plan(&mapping()), &ndjson(&profiles));
        let mut seen = BTreeSet::new();
        let mut expected = Vec::new();
        for ((who, _), profile) in contacts.iter().zip(&profiles) {
            if alone(profile) <= MOST_BYTES && seen.insert(*who) {
                expected.push(*who);
            }
        }
        check(&encoded, &expected)?;
    }

    #[test]
    fn parts_keep_every_byte(count in 1_usize..251, keep in any::<u64>(), size in 0_usize..60) {
        let profiles: Vec<Value> = (0..count).map(|who| profile(who, [size, 3, 7, 0, 1, size])).collect();
        let encoded = encode(plan(&mapping()), &ndjson(&profiles));
        let batch = &encoded.batches[0];
        let kept = |index: usize| (keep >> (index % 64)) & 1 == 1;
        let subset = batch.subset(&|index, _| kept(index));
        same_bytes(batch, subset.as_ref(), &(0..count).filter(|index| kept(*index)).collect::<Vec<_>>())?;
        let [first, second] = batch.halves();
        let middle = count / 2;
        same_bytes(batch, first.as_ref(), &(0..middle).collect::<Vec<_>>())?;
        same_bytes(batch, second.as_ref(), &(middle..count).collect::<Vec<_>>())?;
        // A part of a part is a part.
        if let Some(again) = second.and_then(|half| half.subset(&|index, _| index == 0)) {
            same_bytes(batch, Some(&again), &[middle])?;
        }
    }
}

fn same_bytes(whole: &Batch, part: Option<&Batch>, indexes: &[usize]) -> Result<(), TestCaseError> {
    let Some(part) = part else {
        prop_assert!(indexes.is_empty());
        return Ok(());
    };
    prop_assert_eq!(part.entries().len(), indexes.len());
    let texts: Vec<&str> =
        indexes.iter().map(|index| std::str::from_utf8(whole.json(&whole.entries()[*index])).unwrap()).collect();
    let expected = format!("{{\"contacts\":[{}],\"exclude_automations\":true}}", texts.join(","));
    prop_assert_eq!(std::str::from_utf8(part.body()).unwrap(), expected);
    for (entry, index) in part.entries().iter().zip(indexes) {
        let original = &whole.entries()[*index];
        prop_assert_eq!(part.json(entry), whole.json(original));
        prop_assert_eq!(part.email(entry), whole.email(original));
        prop_assert_eq!((entry.position, part.source_id(entry)), (original.position, whole.source_id(original)));
    }
    Ok(())
}

/// All values but the last of a contact that is nearly as large as a request; letters, one of them quotes.
const NEARLY: [usize; 6] = [65_002, 65_002, 65_002, 65_002, 65_001, 2];

/// A contact whose request has exactly 399,999 bytes goes; one byte more is a rejected profile, not an endless loop.
#[test]
fn a_contact_at_the_limit() {
    let base = alone(&profile(1, NEARLY)) - 2;
    for (size, fits) in [(MOST_BYTES - base, true), (MOST_BYTES - base + 1, false)] {
        let mut big = profile(1, NEARLY);
        big["T"] = json!("x".repeat(size));
        assert_eq!(alone(&big), base + size);
        let encoded = encode(plan(&mapping()), &ndjson(&[profile(0, [3; 6]), big, profile(2, [3; 6])]));
        let sizes: Vec<usize> = encoded.batches.iter().map(|batch| batch.entries().len()).collect();
        if fits {
            assert_eq!((sizes, encoded.batches[1].body().len()), (vec![1, 1, 1], MOST_BYTES));
        } else {
            assert_eq!((sizes, encoded.codes()), (vec![2], vec![(2, "contact_too_large")]));
        }
    }
}

/// A contact that never goes out keeps no other from going.
#[test]
fn a_contact_too_large_does_not_claim_its_address() {
    let mut big = profile(1, NEARLY);
    big["T"] = json!("x".repeat(60_000));
    let encoded = encode(plan(&mapping()), &ndjson(&[big, profile(1, [3; 6])]));
    assert_eq!(encoded.codes(), [(1, "contact_too_large")]);
    assert_eq!(encoded.contacts.len(), 1);
}

#[test]
fn exactly_250_and_one_more() {
    for (count, sizes) in
        [(249, vec![249]), (250, vec![250]), (251, vec![250, 1]), (500, vec![250, 250]), (501, vec![250, 250, 1])]
    {
        let profiles: Vec<Value> = (0..count).map(|who| profile(who, [3; 6])).collect();
        let encoded = encode(plan(&mapping()), &ndjson(&profiles));
        assert_eq!(encoded.batches.iter().map(|batch| batch.entries().len()).collect::<Vec<_>>(), sizes);
    }
}

//! Profiles become contacts as the documentation of the importer wants them: bytes in, bodies out, compared with
//! JSON that serde_json builds from the table's own words. Here: form, blanks, names, templates, tags, consent,
//! duplicates. Addresses, phones and fields are in `mapping_values.rs`.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::export::EncoderOptions;
use activecampaign_export::limits::MAX_VALUE_BYTES;
use common::encode::{encode, ndjson, object, one, plan, plan_of, try_encode};
use serde_json::{Value, json};

fn subscribe() -> (&'static str, Value) {
    ("subscribe", json!([{"listid": 4}]))
}

/// Snake case, ids, tags, the list as a number, `exclude_automations` at the top level.
#[test]
fn the_whole_body() {
    let mapping = json!({
        "email": "E", "firstName": "F", "lastName": "L", "phone": "P",
        "fields": [{"field": "Words", "column": "W"}, {"id": 10, "column": "N"}],
        "tags": ["Contoso", {"column": "T", "prefix": "tier: "}]
    });
    let csv = "T,N,W,P,L,F,E\nGold,256414.1127086401,\"a \"\"b\"\", c\",+49 (30) 123-4567,L\u{f8}v,Ada,Ada@Example.COM\n,,,,,,b@example.com\n";
    let full = object(&[
        ("email", json!("ada@example.com")),
        ("first_name", json!("Ada")),
        ("last_name", json!("L\u{f8}v")),
        ("phone", json!("+49301234567")),
        ("fields", json!([{"id": 1, "value": "a \"b\", c"}, {"id": 10, "value": "256414.1127086401"}])),
        ("tags", json!(["Contoso", "tier: Gold"])),
        subscribe(),
    ]);
    let blank = object(&[("email", json!("b@example.com")), ("tags", json!(["Contoso"])), subscribe()]);
    for (word, switch) in [(None, true), (Some("exclude"), true), (Some("run"), false)] {
        let mut definition = json!({"version": 1, "list": 4, "mapping": mapping});
        if let Some(word) = word {
            definition["automations"] = json!(word);
        }
        let encoded = encode(plan_of(&definition), csv.as_bytes());
        let expected = format!("{{\"contacts\":[{full},{blank}],\"exclude_automations\":{switch}}}");
        assert_eq!(String::from_utf8(encoded.batches[0].body().to_vec()).unwrap(), expected);
    }
}

#[test]
fn the_least_that_works() {
    let encoded = encode(plan(&json!({"email": "EMail"})), b"EMail\na@example.com\n");
    assert_eq!(encoded.contacts, [object(&[("email", json!("a@example.com")), subscribe()])]);
}

/// Blank, null, missing, white space of any kind: no value, and no value is never sent (T9).
#[test]
fn no_value_is_left_out() {
    let mapping =
        json!({"email": "E", "firstName": "F", "fields": [{"id": 1, "column": "W"}], "tags": [{"column": "T"}]});
    // ECMAScript's WhiteSpace and LineTerminator.
    let blanks = "\u{9}\u{a}\u{b}\u{c}\u{d}\u{20}\u{a0}\u{1680}\u{2000}\u{2007}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";
    for blank in [json!(""), json!(null), json!(" "), json!(blanks)] {
        let profile = json!({"E": "a@example.com", "F": blank, "W": blank, "T": blank});
        let (contact, encoded) = one(&mapping, &profile);
        assert_eq!(contact, Some(json!({"email": "a@example.com", "subscribe": [{"listid": 4}]})), "{blank:?}");
        assert!(encoded.omissions.is_empty(), "a blank is nothing to report");
    }
    for letter in blanks.chars() {
        let (contact, _) =
            one(&mapping, &json!({"E": "a@example.com", "F": format!("{letter}x {letter}y{letter}{letter}")}));
        assert_eq!(contact.unwrap()["first_name"], json!(format!("x {letter}y")), "{letter:?}");
    }
    // U+0085, U+180E and U+200B are not white space to JavaScript.
    for letter in ['\u{85}', '\u{180e}', '\u{200b}'] {
        let text = format!("{letter}x{letter}");
        let (contact, _) = one(&mapping, &json!({"E": "a@example.com", "F": text}));
        assert_eq!(contact.unwrap()["first_name"], json!(text), "{letter:?}");
    }
}

#[test]
fn words_for_nothing() {
    let definition = json!({
        "version": 1, "list": 4, "source": {"blank": ["NULL", "n/a", "-", " #N/A "]},
        "mapping": {
            "email": "E", "firstName": "F", "lastName": {"template": "{F} {L}"}, "fields": [{"id": 1, "column": "W"}],
            "tags": [{"column": "T"}], "consent": {"column": "C", "values": ["yes"]}
        }
    });
    let profiles = [
        json!({"E": "a@example.com", "F": "null", "L": "Smith", "W": "N/A", "T": "-", "C": "yes"}),
        json!({"E": "b@example.com", "F": "NULL", "L": "#n/a", "W": "--", "T": "Nullify", "C": "yes"}),
        json!({"E": "NULL", "F": "A", "C": "yes"}),
    ];
    let encoded = encode(plan_of(&definition), &ndjson(&profiles));
    let values = encoded.values();
    assert_eq!(encoded.codes(), [(3, "email_missing")]);
    assert_eq!(values[0].get("first_name").or(values[0].get("tags")).or(values[0].get("fields")), None);
    assert_eq!((&values[1]["fields"][0]["value"], &values[1]["tags"]), (&json!("--"), &json!(["Nullify"])));
    // A word that means "no value" means it inside a template too: nobody is called "null Smith".
    assert_eq!(values[0]["last_name"], json!("Smith"));
    assert_eq!(values[1].get("last_name"), None, "a template of nothing is nothing");
}

#[test]
fn without_being_told_words_are_words() {
    let (contact, _) = one(&json!({"email": "E", "firstName": "F"}), &json!({"E": "a@example.com", "F": "NULL"}));
    assert_eq!(contact.unwrap()["first_name"], json!("NULL"));
}

#[test]
fn templates() {
    let table = [
        ("{A} {B}", json!({"A": "Ada", "B": "Lovelace"}), Some("Ada Lovelace")),
        ("{A} {B}", json!({"A": "Ada"}), Some("Ada")),
        ("{A} {B}", json!({"A": " Ada ", "B": " L "}), Some("Ada L")),
        ("{A} {B}", json!({}), None),
        ("Dear {A}!", json!({"A": " "}), None),
        ("{{{A}}}", json!({"A": "x"}), Some("{x}")),
        ("{A}{A}", json!({"A": 1.5}), Some("1.51.5")),
        ("\"{A}\"\\", json!({"A": true}), Some("\"true\"\\")),
    ];
    for (template, cells, expected) in table {
        let mapping = json!({"email": "E", "firstName": {"template": template}, "lastName": "B"});
        let mut profile = cells.clone();
        profile["E"] = json!("a@example.com");
        let seen = json!({"E": "first@example.com", "A": "", "B": ""});
        let encoded = encode(plan(&mapping), &ndjson(&[seen, profile]));
        let value = encoded.values()[1].get("first_name").cloned();
        assert_eq!(value, expected.map(|text| json!(text)), "{template} {cells}");
    }
    let mapping = json!({"email": {"template": "{U}@{D}"}});
    let encoded =
        encode(plan(&mapping), &ndjson(&[json!({"U": " Ada ", "D": "Example.com"}), json!({"U": "x", "D": null})]));
    assert_eq!(encoded.values()[0]["email"], json!("ada@example.com"));
    assert_eq!(encoded.codes().len(), 1);
}

/// Tags that end alike, or that are longer than 255 bytes, are told apart all the same.
#[test]
fn tags_that_look_alike() {
    let long = "x".repeat(300);
    let (more, other) = (format!("{long}{long}"), format!("y{}", &long[1..]));
    let cell = [long.as_str(), &more, &other, "a gold tier", "b gold tier", &long, "a gold tier"].join(";");
    let expected = json!([long, more, other, "a gold tier", "b gold tier"]);
    assert_eq!(tags_of(&json!([{"column": "T", "separator": ";"}]), &json!(cell)).0, expected);
}

fn tags_of(tags: &Value, cell: &Value) -> (Value, Vec<(u64, &'static str)>) {
    let (contact, encoded) = one(&json!({"email": "E", "tags": tags}), &json!({"E": "a@example.com", "T": cell}));
    (contact.map_or(Value::Null, |contact| contact["tags"].clone()), encoded.codes())
}

#[test]
fn tags() {
    let table = [
        (json!(["A", "B"]), json!("x"), json!(["A", "B"])),
        (json!(["A", "A"]), json!("x"), json!(["A"])),
        (json!([{"column": "T"}]), json!(" x "), json!(["x"])),
        (json!([{"column": "T"}]), json!("a;b"), json!(["a;b"])),
        (json!([{"column": "T", "separator": ";"}]), json!("a; b ;;a;"), json!(["a", "b"])),
        (json!([{"column": "T", "separator": "||"}]), json!("a||b|c"), json!(["a", "b|c"])),
        (json!([{"column": "T", "separator": ";", "prefix": "p: "}]), json!("a;b"), json!(["p: a", "p: b"])),
        (json!(["p: a", {"column": "T", "prefix": "p: "}]), json!("a"), json!(["p: a"])),
        (json!(["a", {"column": "T"}]), json!("A"), json!(["a", "A"])),
        (json!(["\"a\"", {"column": "T"}]), json!("a"), json!(["\"a\"", "a"])),
        (json!(["x\",\"y", {"column": "T"}]), json!("y"), json!(["x\",\"y", "y"])),
        (json!(["a\\", {"column": "T"}]), json!("a"), json!(["a\\", "a"])),
        (json!(["a", {"template": "{T}{T}"}]), json!("a"), json!(["a", "aa"])),
        (json!([{"column": "T"}]), json!(null), Value::Null),
        (json!([{"column": "T", "separator": ";"}]), json!(" ; ;"), Value::Null),
    ];
    for (tags, cell, expected) in table {
        assert_eq!(tags_of(&tags, &cell), (expected, vec![]), "{tags} {cell}");
    }
}

/// Twice the same tag is once the same tag, also when it holds a comma.
#[test]
fn a_tag_with_a_comma_twice() {
    assert_eq!(tags_of(&json!(["A, B", {"column": "T"}]), &json!("A, B")).0, json!(["A, B"]));
}

#[test]
fn a_hundred_tags_and_one_more() {
    let many = |count: usize| json!((1..=count).map(|index| format!("t{index}")).collect::<Vec<_>>().join(","));
    let tags = json!([{"column": "T", "separator": ","}]);
    assert_eq!(tags_of(&tags, &many(100)).0.as_array().unwrap().len(), 100);
    assert_eq!(tags_of(&tags, &many(101)), (Value::Null, vec![(1, "too_many_tags")]));
}

#[test]
fn consent_and_subscription() {
    let positive = ["true", "TRUE", " yes ", "Yes", "y", "1", "on"];
    let negative = ["false", "No", "n", "0", "off"];
    let neither = ["", " ", "maybe", "2", "ja", "null"];
    let table = [
        (json!("C"), positive.as_slice()),
        (json!({"column": "C"}), &positive),
        (json!({"column": "C", "negated": true}), &negative),
        (json!({"column": "C", "values": ["ja", "maybe"]}), &["ja", "maybe"]),
    ];
    for (gate, opens) in table {
        for word in positive.iter().chain(&negative).chain(&neither) {
            let profile = json!({"E": "a@example.com", "C": word});
            let open = opens.contains(word);
            let (contact, encoded) = one(&json!({"email": "E", "consent": gate}), &profile);
            assert_eq!(contact.is_some(), open, "consent {gate} {word:?}");
            assert_eq!(encoded.counts.excluded, if open { 1 } else { 2 }, "the last profile has no consent at all");
            assert!(encoded.rejections.is_empty(), "excluded is not rejected");
            let (contact, _) = one(&json!({"email": "E", "subscribe": gate}), &profile);
            assert_eq!(contact.unwrap().get("subscribe").is_some(), open, "subscribe {gate} {word:?}");
        }
    }
    for (cell, open) in
        [(json!(true), true), (json!(1), true), (json!(false), false), (json!(null), false), (json!(["yes"]), false)]
    {
        let (contact, _) = one(&json!({"email": "E", "consent": "C"}), &json!({"E": "a@example.com", "C": cell}));
        assert_eq!(contact.is_some(), open, "{cell}");
    }
}

#[test]
fn the_first_of_an_address_wins_over_the_whole_run() {
    let mut profiles = vec![json!({"I": "x1", "E": "Ada@Example.com", "F": "First", "C": "yes"})];
    profiles.extend((0..700).map(|index| json!({"I": index, "E": format!("u{index}@example.com"), "C": "yes"})));
    profiles.push(json!({"I": "x2", "E": "\u{200b} ADA@example.com\u{a0}", "F": "Second", "C": "yes"}));
    // Held back by consent or broken: not remembered.
    profiles.push(json!({"I": "x3", "E": "late@example.com", "C": "no"}));
    profiles.push(json!({"I": "x4", "E": "late@example.com", "F": "bad\u{0}", "C": "yes"}));
    profiles.push(json!({"I": "x5", "E": "late@example.com", "F": "Good", "C": "yes"}));
    let mapping = json!({"id": "I", "email": "E", "firstName": "F", "consent": "C"});
    let encoded = encode(plan(&mapping), &ndjson(&profiles));
    assert_eq!(encoded.codes(), [(702, "duplicate"), (704, "value_control")]);
    assert_eq!(encoded.rejections[0].source_id.as_deref(), Some("x2"));
    assert_eq!((encoded.counts.duplicate, encoded.counts.excluded, encoded.counts.rejected), (1, 1, 1));
    let values = encoded.values();
    let of = |email: &str| {
        values
            .iter()
            .filter(|value| value["email"] == email)
            .map(|value| value["first_name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!((of("ada@example.com"), of("late@example.com")), (vec![json!("First")], vec![json!("Good")]));
}

/// Values at their bound pass, one byte more does not; so do the counts when rejections are only counted.
#[test]
fn values_of_64_kib() {
    let mapping =
        json!({"email": "E", "firstName": "F", "fields": [{"id": 1, "column": "W"}], "tags": [{"column": "T"}]});
    for key in ["F", "W", "T"] {
        for (length, fits) in [(MAX_VALUE_BYTES, true), (MAX_VALUE_BYTES + 1, false)] {
            let mut profile = json!({"E": "a@example.com"});
            profile[key] = json!("x".repeat(length));
            let (contact, encoded) = one(&mapping, &profile);
            assert_eq!(contact.is_some(), fits, "{key} {length}");
            if !fits {
                assert_eq!(
                    (encoded.codes(), encoded.rejections[0].column.as_deref()),
                    (vec![(1, "value_too_long")], Some(key))
                );
            }
        }
    }
}

#[test]
fn values_that_no_contact_can_hold() {
    let mapping =
        json!({"email": "E", "firstName": "F", "lastName": {"template": "{F}{L}"}, "tags": [{"column": "T"}]});
    let lines = concat!(
        "{\"E\":\"a@example.com\",\"F\":\"x\",\"L\":\"x\",\"T\":\"x\",\"unmapped\":[{}],\"u2\":\"\\ud800\"}\n",
        "{\"E\":\"b@example.com\",\"F\":{\"x\":1}}\n",
        "{\"E\":\"c@example.com\",\"T\":[\"x\"]}\n",
        "{\"E\":\"d@example.com\",\"F\":\"\\ud83d\"}\n",
        "{\"E\":\"e@example.com\",\"F\":\"\\ude00\\ud83d\"}\n",
        "{\"E\":\"f@example.com\",\"F\":\"a\\u0000b\"}\n",
        "{\"E\":\"g@example.com\",\"T\":\"\\u0000\"}\n",
        "{\"E\":[\"h@example.com\"]}\n",
        "{\"E\":\"i@example.com\",\"F\":\"\\ud83d\\ude00\"}\n",
        "{\"E\":\"j@example.com\",\"L\":\"\\udfff\"}\n",
        "[1]\n",
        "{\"E\":\n",
    );
    let encoded = encode(plan(&mapping), lines.as_bytes());
    let expected = [
        (2, "value_nested"),
        (3, "value_nested"),
        (4, "value_surrogate"),
        (5, "value_surrogate"),
        (6, "value_control"),
        (7, "value_control"),
        (8, "value_nested"),
        (10, "value_surrogate"),
        (11, "not_an_object"),
        (12, "invalid_json"),
    ];
    assert_eq!(encoded.codes(), expected);
    assert_eq!(encoded.values()[1]["first_name"], json!("\u{1f600}"));
}

/// Every control character, quote and backslash, at every place of a word of eight bytes, as JSON.stringify has it.
#[test]
fn escapes() {
    let mapping = json!({"email": "E", "firstName": "F", "fields": [{"id": 1, "column": "F"}], "tags": [{"column": "F", "prefix": "\"\\\u{1}"}]});
    let specials = (1_u8..0x20).chain([b'"', b'\\', b'/', 0x7f]).map(char::from).chain([
        '\u{2028}',
        '\u{e9}',
        '\u{1f600}',
        '\u{ffff}',
    ]);
    let mut texts: Vec<String> = Vec::new();
    for special in specials {
        texts.extend((0..18).map(|place| format!("x{}{special}{}y", "a".repeat(place), "b".repeat(17 - place))));
        texts.push(format!("x{special}y"));
    }
    let profiles: Vec<Value> =
        (0..).zip(&texts).map(|(index, text)| json!({"E": format!("u{index}@example.com"), "F": text})).collect();
    let encoded = encode(plan(&mapping), &ndjson(&profiles));
    assert_eq!(encoded.contacts.len(), texts.len());
    for (index, text) in texts.iter().enumerate() {
        let expected = object(&[
            ("email", json!(format!("u{index}@example.com"))),
            ("first_name", json!(text)),
            ("fields", json!([{"id": 1, "value": text}])),
            ("tags", json!([format!("\"\\\u{1}{text}")])),
            subscribe(),
        ]);
        assert_eq!(encoded.contacts[index], expected);
    }
}

#[test]
fn rejections_can_be_only_counted() {
    let options = EncoderOptions { seed: 1, count_only: true, ..EncoderOptions::default() };
    let csv = b"E\nx\na@example.com\nA@example.com\n";
    let encoded = try_encode(plan(&json!({"email": "E"})), csv, options).unwrap();
    assert!(encoded.rejections.is_empty());
    assert_eq!((encoded.counts.read, encoded.counts.rejected, encoded.counts.duplicate), (3, 1, 1));
}

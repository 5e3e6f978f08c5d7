//! The core reads JSON as serde_json does, and writes what serde_json reads: generated texts, whole and with bytes
//! changed, go through both readers, which must agree on the value, on the refusal, and on the place of what is wrong.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use activecampaign_export::error::{Category, Issue, Stop};
use activecampaign_export::json::{Json, NotJson, Value, Writer, read, write};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Judge;

/// What the core reads, as serde_json holds it. Numbers other than whole ones are one to the core.
fn seen(value: &Value) -> Judge {
    match value {
        Value::Null => Judge::Null,
        Value::Bool(yes) => Judge::Bool(*yes),
        Value::Number(number) => number.map_or(Judge::from(-1), Judge::from),
        Value::String(text) => Judge::from(text.as_str()),
        Value::Array(items) => items.iter().map(seen).collect(),
        Value::Object(_) => value.members().into_iter().map(|(name, value)| (name.to_owned(), seen(value))).collect(),
    }
}

/// The same of what serde_json reads.
fn expected(value: &Judge) -> Judge {
    match value {
        Judge::Number(number) => number.as_u64().map_or(Judge::from(-1), Judge::from),
        Judge::Array(items) => items.iter().map(expected).collect(),
        Judge::Object(members) => members.iter().map(|(name, value)| (name.clone(), expected(value))).collect(),
        other => other.clone(),
    }
}

fn agree(text: &[u8]) {
    let shown = String::from_utf8_lossy(text);
    let judged = serde_json::from_slice::<Judge>(text);
    match (read(text), judged) {
        (Ok(value), Ok(judged)) => {
            assert_eq!(seen(&value), expected(&judged), "{shown}");
            if let Judge::Object(members) = &judged {
                let names: Vec<&str> = value.members().into_iter().map(|(name, _)| name).collect();
                assert!(names.iter().eq(members.keys()), "{shown}: {names:?}");
                for (name, member) in members {
                    assert_eq!(value.get(name).map(seen), Some(expected(member)), "{shown}: {name}");
                }
            }
        }
        (Err(own), Err(error)) => {
            let place = NotJson { line: error.line(), column: error.column() };
            assert_eq!(own, place, "{shown}: {error}");
        }
        (own, judged) => panic!("{shown}: {own:?}, but {judged:?}"),
    }
}

/// One of everything that may be wrong, and its neighbours that are right.
const TEXTS: [&[u8]; 66] = [
    b"",
    b" ",
    b"\n\n",
    b"null",
    b"nul",
    b"nulL",
    b"true",
    b"tru",
    b"false",
    b"falsy",
    b"x",
    b"\xff",
    b"0",
    b"-0",
    b"01",
    b"-",
    b"-x",
    b"1.",
    b"1.x",
    b"1.5",
    b"1e",
    b"1e+",
    b"1e-x",
    b"1E5",
    b"1e5",
    b"1e400",
    b"-1e400",
    b"0e400",
    b"0.0e99999999999",
    b"1e99999999999",
    b"1e-99999999999",
    b"12345678901e99999999999",
    b"18446744073709551615",
    b"18446744073709551616",
    b"184467440737095516150.5e3",
    b"-9223372036854775808",
    b"-9223372036854775809",
    b"1.7e308",
    b"1.8e308",
    b"0.00000000000000000000000000000000000001e345",
    b"100000000000000000000e289",
    b"+1",
    b".5",
    b"\"",
    b"\"a",
    b"\"\\",
    b"\"\\x\"",
    b"\"\\u12\"",
    b"\"\\u12x4\"",
    b"\"\\u0041\\n\\t\\/\\\\\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\\ud83d\"",
    b"\"\\ud83dx\"",
    b"\"\\ud83d\\n\"",
    b"\"\\ud83d\\ud83d\"",
    b"\"\\ude00\"",
    b"\"\n\"",
    b"\"a\xffb\"",
    b"\"\\n\\u00e9\xff\xfe\"",
    b"{\"a\":1,\"a\":2}",
    b"{\"b\":1,\"\":2,\"a\":3}",
    b"[1,]",
    b"{\"a\" 1}",
    b"{\"a\":1,}",
    b"[1 2]",
    b"{}{}",
];

#[test]
fn the_same_as_serde_json() {
    for text in TEXTS {
        agree(text);
        agree(&[b"[\n ", text, b"\n]"].concat());
        agree(&[b"{\"k\":\t", text, b" }"].concat());
    }
}

#[test]
fn nesting_is_bounded_as_by_serde_json() {
    for depth in [1, 126, 127, 128, 129, 100_000] {
        for (opening, closing) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":\n", "}]")] {
            agree(opening.repeat(depth).as_bytes());
            agree(format!("{}1{}", opening.repeat(depth), closing.repeat(depth)).as_bytes());
        }
    }
}

fn json_text() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "null|true|false",
        "-?(0|[1-9][0-9]{0,21})",
        "-?(0|[1-9][0-9]{0,22})(\\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?",
        "\"[ -!#-\\[\\]-~\u{e9}\u{2028}\u{1F600}]{0,12}\"",
        "\"(a|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}|\\\\u[dD][89abAB][0-9a-f]{2}\\\\u[dD][c-fC-F][0-9a-f]{2}){0,5}\"",
    ];
    let blank = "[ \n\t\r]{0,2}";
    scalar.prop_recursive(4, 40, 6, move |inner| {
        let member = ("[a-c]{0,2}", inner.clone(), blank)
            .prop_map(|(key, value, blank)| format!("{blank}\"{key}\"{blank}:{value}"));
        let list = |items: Vec<String>, open: &str, blank: String, close: &str| {
            format!("{open}{}{blank}{close}", items.join(","))
        };
        prop_oneof![
            (prop::collection::vec(inner, 0..6), blank).prop_map(move |(items, blank)| list(items, "[", blank, "]")),
            (prop::collection::vec(member, 0..6), blank).prop_map(move |(items, blank)| list(items, "{", blank, "}")),
        ]
    })
}

/// Something of every shape that is written.
struct Sample(Vec<String>, Option<u64>, bool);

impl Json for Sample {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("", &self.0);
            json.optional("none", &None::<String>);
            json.optional("number", &self.1);
            json.member("flags", &vec![self.2, !self.2]);
            json.member("empty", &Vec::<u64>::new());
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn generated_texts(text in json_text(), changes in prop::collection::vec((any::<Index>(), 0..3, any::<u8>(), "[\\[\\]{}\",:\\\\u0-9eE.+-]"), 0..3)) {
        agree(text.as_bytes());
        let mut bytes = text.into_bytes();
        for (place, kind, byte, sign) in changes {
            let at = place.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, sign.as_bytes()[0]),
                1 => bytes.truncate(at),
                _ => bytes.insert(at, byte),
            }
        }
        agree(&bytes);
    }

    #[test]
    fn any_bytes(text in "[\\[\\]{}\",:\\\\a-u0-9eE.+ \n-]{0,24}", bytes in prop::collection::vec(any::<u8>(), 0..12)) {
        agree(text.as_bytes());
        agree(&bytes);
    }

    /// Texts of any letters come back as they were, in the very bytes that serde_json writes.
    #[test]
    fn what_is_written(texts in prop::collection::vec(any::<String>(), 0..4), controls in "[\u{0}-\u{7f}\u{80}-\u{9f}]{0,8}", number in any::<Option<u64>>(), flag in any::<bool>()) {
        let texts: Vec<String> = texts.into_iter().chain([controls]).collect();
        let written = write(&Sample(texts.clone(), number, flag));
        let number = number.map_or_else(String::new, |number| format!("\"number\":{number},"));
        let listed = serde_json::to_string(&texts).unwrap();
        prop_assert_eq!(&written, &format!("{{\"\":{listed},{number}\"flags\":[{flag},{}],\"empty\":[]}}", !flag));
        agree(written.as_bytes());
    }
}

/// The shapes that cross to a host, byte for byte.
#[test]
fn shapes() {
    let issue = Issue::new("mapping.email", "empty", "Say \"what\".").suggesting(Some("EMail".into()));
    let mut stop = Stop::new("settings", Category::Settings, "Wrong.", "Correct it.").retryable();
    let short =
        r#"{"code":"settings","category":"settings","message":"Wrong.","remedy":"Correct it.","retryHelps":true"#;
    assert_eq!(write(&stop), format!("{short}}}"));
    stop.issues = vec![issue, Issue::new("", "not_json", "No.")];
    let issues = r#"[{"path":"mapping.email","code":"empty","message":"Say \"what\".","suggestion":"EMail"},{"path":"","code":"not_json","message":"No."}]"#;
    assert_eq!(write(&stop), format!("{short},\"issues\":{issues}}}"));
}

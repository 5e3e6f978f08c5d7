//! Addresses, phones and custom fields: tables of what real files hold and of what the
//! documentation of the importer accepts, through the encoder.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::export::EncoderOptions;
use common::encode::{encode, ndjson, one, plan, try_encode};
use serde_json::{Value, json};

#[test]
fn addresses_that_pass() {
    let local64 = format!("{}@example.com", "a".repeat(64));
    let label63 = format!("a@{}.com", "b".repeat(63));
    let table = [
        ("ada@example.com", "ada@example.com"),
        (" Ada.Lovelace@Example.COM ", "ada.lovelace@example.com"),
        ("\u{feff}\u{200b}ada@example.com\u{200d}\u{a0}\t", "ada@example.com"),
        ("ada+tag@example.com", "ada+tag@example.com"),
        ("a.b-c_d~e!#$%&*/=?^`{|}@example.co", "a.b-c_d~e!#$%&*/=?^`{|}@example.co"),
        ("1@2.de", "1@2.de"),
        ("a@b-c.d2.example", "a@b-c.d2.example"),
        ("-a-@example.com", "-a-@example.com"),
        (&local64, &local64),
        (&label63, &label63),
    ];
    for (text, expected) in table {
        let (contact, encoded) = one(&json!({"email": "E"}), &json!({"E": text}));
        assert_eq!(
            contact.map(|contact| contact["email"].clone()),
            Some(json!(expected)),
            "{text}: {:?}",
            encoded.codes()
        );
    }
}

#[test]
fn addresses_and_the_rule_they_break() {
    let long = |count: usize| "a".repeat(count);
    let all = format!("{}@{}.{}.{}.com", long(60), long(63), long(63), long(63));
    let table: Vec<(String, &str)> = [
        ("", "email_missing"),
        ("   ", "email_missing"),
        ("\u{200b}", "email_missing"),
        ("a@example.com,b@example.com", "email_several"),
        ("a@example.com; b@example.com", "email_several"),
        ("a@example.com b@example.com", "email_several"),
        ("a@example.com/b@example.com", "email_several"),
        ("Ada <ada@example.com>", "email_display_name"),
        ("<ada@example.com>", "email_display_name"),
        ("mailto:ada@example.com", "email_mailto"),
        ("MAILTO:ada@example.com", "email_mailto"),
        ("example.com", "email_no_at"),
        ("a@@example.com", "email_no_at"),
        ("a@b@example.com", "email_no_at"),
        ("ad\u{e4}@example.com", "email_not_ascii"),
        ("a@b\u{fc}cher.de", "email_not_ascii"),
        ("a\u{200b}b@example.com", "email_not_ascii"),
        ("a b@example.com", "email_character"),
        ("a,b@example.com", "email_character"),
        ("a@example.com;", "email_character"),
        ("a:b@example.com", "email_character"),
        ("a(b)@example.com", "email_character"),
        ("a[b]@example.com", "email_character"),
        ("\"a\"@example.com", "email_character"),
        ("a\\b@example.com", "email_character"),
        ("a\tb@example.com", "email_character"),
        ("o'neill@example.com", "email_apostrophe"),
        (".a@example.com", "email_dots"),
        ("a.@example.com", "email_dots"),
        ("a..b@example.com", "email_dots"),
        ("a@example", "email_domain"),
        ("a@example.c", "email_domain"),
        ("a@example.c0m", "email_domain"),
        ("a@.com", "email_domain"),
        ("a@example..com", "email_domain"),
        ("a@example.com.", "email_domain"),
        ("a@-example.com", "email_domain"),
        ("a@example-.com", "email_domain"),
        ("a@exam_ple.com", "email_domain"),
        ("a@127.0.0.1", "email_domain"),
        ("a@", "email_domain"),
        ("invalid.email@invalidDomain", "email_domain"),
    ]
    .into_iter()
    .map(|(text, rule)| (text.to_owned(), rule))
    .chain([
        (format!("{}@example.com", long(65)), "email_too_long"),
        (all, "email_too_long"),
        (format!("a@{}.com", long(64)), "email_domain"),
    ])
    .collect();
    for (text, rule) in &table {
        let (contact, encoded) = one(&json!({"email": "E"}), &json!({"E": text}));
        assert_eq!((contact, encoded.codes()), (None, vec![(1, *rule)]), "{text:?}");
        assert_eq!(encoded.rejections[0].column.as_deref(), Some("E"));
    }
    // Nothing stands before the @: refused, by whichever rule a person would name.
    let (contact, encoded) = one(&json!({"email": "E"}), &json!({"E": "@example.com"}));
    assert!(contact.is_none() && encoded.codes()[0].1.starts_with("email_"));
}

/// Masked by default, whole on request.
#[test]
fn what_a_report_shows_of_an_address() {
    let shown = |reveal: bool| {
        let options = EncoderOptions { seed: 1, reveal, ..EncoderOptions::default() };
        let encoded = try_encode(plan(&json!({"email": "E"})), b"E\nada.lovelace@exa mple.com\n", options).unwrap();
        encoded.rejections[0].value.clone()
    };
    assert_eq!(shown(false).as_deref(), Some("a***@e***"));
    assert_eq!(shown(true).as_deref(), Some("ada.lovelace@exa mple.com"));
}

#[test]
fn phones() {
    let table: [(&str, Option<&str>); 34] = [
        ("569-626-5660", Some("5696265660")),
        ("384.995.7852", Some("3849957852")),
        ("(477)304-7784", Some("4773047784")),
        ("3347007637", Some("3347007637")),
        ("787699373", Some("787699373")),
        ("0787699373", Some("0787699373")),
        ("+1-455-714-7510", Some("+14557147510")),
        ("001-811-506-2553", Some("+18115062553")),
        ("0049 30 1234567", Some("+49301234567")),
        ("+49 (30) 123 45/67", Some("+49301234567")),
        ("(+49) 30 1234567", Some("+49301234567")),
        ("+49\u{a0}30\u{a0}1234567", Some("+49301234567")),
        ("\u{a0}030 1234567 ", Some("0301234567")),
        ("1234567", Some("1234567")),
        ("123456789012345", Some("123456789012345")),
        ("001-811-506-2553x442", None),
        ("569-626-5660 x9509", None),
        ("569-626-5660 ext. 12", None),
        ("-8678", None),
        ("-6854", None),
        ("3.86E+10", None),
        ("123456", None),
        ("1234567890123456", None),
        ("00123456", None),
        ("++49301234567", None),
        ("49+301234567", None),
        ("+49+301234567", None),
        ("0800-FLOWERS", None),
        ("n/a", None),
        ("-", None),
        ("+", None),
        ("00", None),
        ("030 1234567, 0171 1234567", None),
        ("\u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}\u{ff17}", None),
    ];
    for (text, expected) in table {
        let profile = json!({"E": "a@example.com", "P": text, "F": "x"});
        let (contact, encoded) = one(&json!({"email": "E", "phone": "P", "firstName": "F"}), &profile);
        let contact = contact.expect("a bad phone does not cost the contact");
        assert_eq!(contact.get("phone").and_then(Value::as_str), expected, "{text:?}");
        let omitted = encoded.omitted();
        assert_eq!(omitted.is_empty(), expected.is_some(), "{text:?}");
        if expected.is_none() {
            assert_eq!(omitted, [("phone".to_owned(), "phone_unusable", 1)]);
            assert_eq!(encoded.omissions[0].first_row, 1);
        }
    }
}

/// The value that field `id` gets, or the code of the omission.
fn field(id: u64, extra: &Value, cell: &Value) -> Result<Option<String>, &'static str> {
    let mut target = json!({"id": id, "column": "V"});
    target.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let (contact, encoded) = one(&json!({"email": "E", "fields": [target]}), &json!({"E": "a@example.com", "V": cell}));
    let contact = contact.expect("a bad field does not cost the contact");
    match encoded.omissions.as_slice() {
        [] => Ok(contact["fields"][0]["value"].as_str().map(str::to_owned)),
        [one] => {
            assert!(contact.get("fields").is_none() && one.count == 1);
            Err(one.code)
        }
        more => panic!("{more:?}"),
    }
}

type Case<'a> = (&'a str, Result<&'a str, &'a str>);

fn check(id: u64, extra: &Value, cases: &[Case<'_>]) {
    for (text, expected) in cases {
        let got = field(id, extra, &json!(text));
        assert_eq!(
            got.as_ref().map(|value| value.as_deref().unwrap_or("nothing")),
            expected.as_ref().map(|one| *one),
            "field {id} {extra} {text:?}"
        );
    }
}

const UNKNOWN: Result<&str, &str> = Err("date_order_unknown");
const INVALID: Result<&str, &str> = Err("date_invalid");

#[test]
fn dates() {
    let always = [
        ("1974-08-01", Ok("1974-08-01")),
        ("1974/8/1", Ok("1974-08-01")),
        ("1974.08.01", Ok("1974-08-01")),
        ("1974-08-01T23:59:59-11:00", Ok("1974-08-01")),
        ("1974-08-01 00:00:00", Ok("1974-08-01")),
        ("2000-02-29", Ok("2000-02-29")),
        ("2024-02-29", Ok("2024-02-29")),
        ("1900-02-29", INVALID),
        ("2023-02-29", INVALID),
        ("2024-04-31", INVALID),
        ("2024-13-01", INVALID),
        ("2024-00-10", INVALID),
        ("2024-01-00", INVALID),
        ("0000-01-01", INVALID),
        ("8/1/74", INVALID),
        ("Aug 1 1974", INVALID),
        ("1974-08", INVALID),
        ("19740801", INVALID),
        ("1974-08-01-02", INVALID),
        ("1974-08-01T25:00", INVALID),
        ("soon", INVALID),
        ("1974-08-0\u{661}", INVALID),
    ];
    check(3, &json!({}), &always);
    check(3, &json!({}), &[("8/1/1974", UNKNOWN), ("25.12.1974", UNKNOWN), ("01-02-2024 10:00", UNKNOWN)]);
    check(3, &json!({"dateOrder": "ymd"}), &always);
    check(3, &json!({"dateOrder": "ymd"}), &[("8/1/1974", UNKNOWN)]);
    check(3, &json!({"dateOrder": "mdy"}), &always);
    check(
        3,
        &json!({"dateOrder": "mdy"}),
        &[
            ("8/1/1974", Ok("1974-08-01")),
            ("12-31-2024", Ok("2024-12-31")),
            ("31/12/2024", INVALID),
            ("2/29/2023", INVALID),
        ],
    );
    check(3, &json!({"dateOrder": "dmy"}), &always);
    check(
        3,
        &json!({"dateOrder": "dmy"}),
        &[("8/1/1974", Ok("1974-01-08")), ("1.8.1974", Ok("1974-08-01")), ("12/31/2024", INVALID)],
    );
}

#[test]
fn moments() {
    check(
        4,
        &json!({"dateOrder": "mdy"}),
        &[
            ("2024-11-01T13:05:00-06:00", Ok("2024-11-01T13:05:00-06:00")),
            ("2024-11-01T13:05:00Z", Ok("2024-11-01T13:05:00+00:00")),
            ("2024-11-01T13:05:00+0530", Ok("2024-11-01T13:05:00+05:30")),
            ("2024-11-01 13:05", Ok("2024-11-01T13:05:00")),
            ("2024-11-01T13:05:00.123456+02", Ok("2024-11-01T13:05:00+02:00")),
            ("2024-11-01", Ok("2024-11-01")),
            ("11/1/2024 1:05:09 PM", Ok("2024-11-01T13:05:09")),
            ("11/1/2024 12:00 AM", Ok("2024-11-01T00:00:00")),
            ("11/1/2024 12:00 pm", Ok("2024-11-01T12:00:00")),
            ("2024-11-01T00:00:00", Ok("2024-11-01T00:00:00")),
            ("2024-11-01T24:00:00", INVALID),
            ("2024-11-01T13:60:00", INVALID),
            ("2024-11-01T13", INVALID),
            ("2024-11-01T1:2:3:4", INVALID),
            ("11/1/2024 13:05 PM", INVALID),
            ("11/1/2024 0:05 AM", INVALID),
            ("2024-11-01T13:05:00+25:00", INVALID),
            ("2024-11-01T13:05:00+1", INVALID),
            ("2024-11-01T13:05:00 CET", INVALID),
            ("2024-02-30T10:00", INVALID),
            ("today", INVALID),
        ],
    );
}

/// What follows a Z is no time zone: nothing malformed may go out.
#[test]
fn a_moment_with_two_zones() {
    check(
        4,
        &json!({}),
        &[
            ("2024-11-01T13:05:00Z05", INVALID),
            ("2024-11-01T13:05:00Z0530", INVALID),
            ("2024-11-01T13:05:00+05Z", INVALID),
        ],
    );
}

#[test]
fn numbers_keep_their_digits() {
    for text in
        ["0", "-1", "+5", "1.50", "256414.1127086401", ".5", "1e5", "1.5E-07", "00012", "12345678901234567890123"]
    {
        assert_eq!(field(10, &json!({}), &json!(text)), Ok(Some(text.to_owned())), "{text}");
    }
    for text in
        ["1,5", "1 000", "1.2.3", "--1", "1e", "e5", ".", "-", "0x10", "NaN", "Infinity", "\u{661}", "5 EUR", "$5"]
    {
        assert_eq!(field(10, &json!({}), &json!(text)), Err("number_invalid"), "{text}");
    }
    // A JSON number is text with the digits it came with.
    let lines = b"{\"E\":\"a@example.com\",\"V\":256414.11270864010000}\n{\"E\":\"b@example.com\",\"V\":1E400}\n";
    let encoded = encode(plan(&json!({"email": "E", "fields": [{"id": 10, "column": "V"}]})), lines);
    let values: Vec<Value> = encoded.values().iter().map(|value| value["fields"][0]["value"].clone()).collect();
    assert_eq!(values, [json!("256414.11270864010000"), json!("1E400")]);
}

#[test]
fn one_of_several_options() {
    for id in [5, 6] {
        check(
            id,
            &json!({}),
            &[
                ("Gold", Ok("Gold")),
                (" gold ", Ok("Gold")),
                ("SILVER PLUS", Ok("Silver Plus")),
                ("\u{dc}ber", Ok("\u{dc}ber")),
                ("a;b", Ok("a;b")),
                ("Bronze", Err("option_unknown")),
                ("Silver  Plus", Err("option_unknown")),
                ("Gold;Gold", Err("option_unknown")),
            ],
        );
    }
}

#[test]
fn any_of_several_options() {
    for id in [7, 8] {
        check(
            id,
            &json!({}),
            &[
                ("Gold", Ok("||Gold||")),
                ("gold; silver plus", Ok("||Gold||Silver Plus||")),
                ("||Gold||\u{dc}ber||", Ok("||Gold||\u{dc}ber||")),
                (";Gold;;", Ok("||Gold||")),
                ("a;b", Ok("||a;b||")),
                ("Gold;Bronze", Err("option_unknown")),
                ("Gold,Silver Plus", Err("option_unknown")),
            ],
        );
        check(
            id,
            &json!({"separator": ","}),
            &[("Gold, Silver Plus", Ok("||Gold||Silver Plus||")), ("a;b", Ok("||a;b||"))],
        );
        check(
            id,
            &json!({"separator": " / "}),
            &[
                ("Gold / Gold2", Err("option_unknown")),
                ("Gold / gold", Ok("||Gold||")),
                ("gold / Silver Plus / Gold", Ok("||Gold||Silver Plus||")),
            ],
        );
    }
}

/// A cell of separators alone names no option: it is blank, and nothing is sent.
#[test]
fn separators_alone_are_no_value() {
    check(
        7,
        &json!({}),
        &[(";", Ok("nothing")), (" ; ; ", Ok("nothing")), ("||", Ok("nothing")), ("||||", Ok("nothing"))],
    );
}

#[test]
fn text_goes_through() {
    for id in [1, 2, 9] {
        for text in ["8/1/1974", "=1+1", "<b>", "a;b", "Line 1\nLine 2", "\u{1f600}"] {
            assert_eq!(field(id, &json!({}), &json!(text)), Ok(Some(text.to_owned())));
        }
        assert_eq!(field(id, &json!({}), &json!(true)), Ok(Some("true".to_owned())));
    }
}

#[test]
fn omissions_are_counted_by_target_and_reason() {
    let mapping = json!({"email": "E", "phone": "P", "fields": [{"id": 3, "column": "D"}, {"id": 10, "column": "N"}]});
    let profiles = [
        json!({"E": "a@example.com", "P": "x", "D": "1974-08-01", "N": "1"}),
        json!({"E": "b@example.com", "P": "x", "D": "8/1/1974", "N": "one"}),
        json!({"E": "c@example.com", "P": "0301234567", "D": "8/1/74", "N": ""}),
        json!({"E": "A@example.com", "P": "x", "D": "x", "N": "x"}),
        json!({"E": "broken", "P": "x", "D": "x", "N": "x"}),
    ];
    let encoded = encode(plan(&mapping), &ndjson(&profiles));
    let mut omitted: Vec<(String, &str, u64, u64)> =
        encoded.omissions.iter().map(|one| (one.target.clone(), one.code, one.count, one.first_row)).collect();
    omitted.sort();
    let expected = [
        ("Born".to_owned(), "date_invalid", 1, 3),
        ("Born".to_owned(), "date_order_unknown", 1, 2),
        ("Points".to_owned(), "number_invalid", 1, 2),
        ("phone".to_owned(), "phone_unusable", 2, 1),
    ];
    assert_eq!(omitted, expected, "only of contacts that went out");
}

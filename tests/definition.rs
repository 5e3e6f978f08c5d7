//! A definition becomes a plan that cannot be wrong, or comes back with all its issues at once, each with its path:
//! tables of wrong definitions against the exact set of paths and codes, and a property over arbitrary JSON.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::connection::{AccountSchema, Field, FieldKind, List};
use activecampaign_export::error::Issue;
use activecampaign_export::plan::{Automations, Plan, TagMapping, Value as Source};
use activecampaign_export::profile::Format;
use common::encode::{ndjson, try_encode};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn account() -> AccountSchema {
    let field = |id: u64, title: &str, perstag: &str, kind: FieldKind| Field {
        id,
        title: title.into(),
        perstag: perstag.into(),
        kind,
        options: Vec::new(),
    };
    AccountSchema {
        lists: vec![
            List { id: 4, name: "Newsletter".into(), active_subscribers: None },
            List { id: 7, name: "Gold".into(), active_subscribers: Some(9) },
        ],
        fields: vec![
            field(12, "Loyalty points", "LOYALTY_POINTS", FieldKind::Number),
            field(13, "Birthday", "BIRTHDAY", FieldKind::Date),
            field(14, "Twin", "TWIN_1", FieldKind::Text),
            field(15, "Twin", "TWIN_2", FieldKind::Text),
            field(16, "Shoe-Size", "", FieldKind::Text),
        ],
        tags: Vec::new(),
    }
}

fn good() -> Value {
    json!({"version": 1, "list": 4, "mapping": {"email": "EMail"}})
}

fn parse(definition: &Value) -> Result<Plan, Vec<Issue>> {
    Plan::parse(definition.to_string().as_bytes(), Some(&account()), &[])
}

fn told(definition: &Value) -> BTreeSet<(String, &'static str)> {
    let issues = parse(definition).expect_err(&definition.to_string());
    for issue in &issues {
        assert!(issue.message.ends_with('.') && issue.message.len() > 10, "{issue:?}");
    }
    let set: BTreeSet<_> = issues.iter().map(|issue| (issue.path.clone(), issue.code)).collect();
    assert_eq!(set.len(), issues.len(), "an issue told twice: {issues:?}");
    set
}

/// `good`, with one setting replaced or added.
fn with(pointer: &str, value: Value) -> Value {
    let mut definition = good();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    definition.pointer_mut(parent).unwrap()[key] = value;
    definition
}

type Wrong = (&'static str, Value, &'static str, &'static str);

/// A place, a wrong value for it, and the path and code of the one issue.
fn wrong_settings() -> Vec<Wrong> {
    vec![
        ("/version", json!(2), "version", "version"),
        ("/version", json!("1"), "version", "version"),
        ("/list", json!(0), "list", "not_an_id"),
        ("/list", json!(-4), "list", "not_an_id"),
        ("/list", json!(4.5), "list", "not_an_id"),
        ("/list", json!("Newsletter"), "list", "not_an_id"),
        ("/list", json!(null), "list", "not_an_id"),
        ("/list", json!(5), "list", "unknown_list"),
        ("/name", json!(5), "name", "wrong_type"),
        ("/name", json!("  "), "name", "empty"),
        ("/host", json!("https://acme.api-us1.com"), "host", "hostname"),
        ("/host", json!("evil.com"), "host", "hostname"),
        ("/mode", json!("mirror"), "mode", "unknown_word"),
        ("/automations", json!(true), "automations", "wrong_type"),
        ("/automations", json!("runs"), "automations", "unknown_word"),
        ("/autmations", json!("run"), "autmations", "unknown_key"),
        ("/__proto__", json!({}), "__proto__", "unknown_key"),
        ("/apiKey", json!("x"), "apiKey", "unknown_key"),
        ("/maxRejectedPercent", json!(101), "maxRejectedPercent", "not_a_percentage"),
        ("/maxRejectedPercent", json!(-1), "maxRejectedPercent", "not_a_percentage"),
        ("/maxRejectedPercent", json!(9.5), "maxRejectedPercent", "not_a_percentage"),
        ("/maxRejectedPercent", json!("10"), "maxRejectedPercent", "not_a_percentage"),
        ("/source", json!("csv"), "source", "wrong_type"),
        ("/source", json!({"format": "xlsx"}), "source.format", "unknown_word"),
        ("/source", json!({"delimiter": ":"}), "source.delimiter", "unknown_word"),
        ("/source", json!({"delimter": ","}), "source.delimter", "unknown_key"),
        ("/source", json!({"blank": "NULL"}), "source.blank", "wrong_type"),
        ("/source", json!({"blank": [1]}), "source.blank[0]", "wrong_type"),
    ]
}

fn wrong_mappings() -> Vec<Wrong> {
    vec![
        ("/mapping", json!([]), "mapping", "wrong_type"),
        ("/mapping", json!({}), "mapping.email", "missing"),
        ("/mapping/email", json!(""), "mapping.email", "empty"),
        ("/mapping/email", json!(7), "mapping.email", "wrong_type"),
        ("/mapping/frstName", json!("F"), "mapping.frstName", "unknown_key"),
        ("/mapping/firstName", json!({}), "mapping.firstName.column", "value"),
        ("/mapping/firstName", json!({"column": "A", "template": "{A}"}), "mapping.firstName.column", "value"),
        ("/mapping/firstName", json!({"template": "{A"}), "mapping.firstName.template", "template"),
        ("/mapping/firstName", json!({"template": "A}"}), "mapping.firstName.template", "template"),
        ("/mapping/firstName", json!({"template": "{}"}), "mapping.firstName.template", "template"),
        ("/mapping/firstName", json!({"template": "{a{b}}"}), "mapping.firstName.template", "template"),
        ("/mapping/firstName", json!({"template": "Ada"}), "mapping.firstName.template", "template"),
        ("/mapping/id", json!([]), "mapping.id", "wrong_type"),
        ("/mapping/fields", json!({}), "mapping.fields", "wrong_type"),
        ("/mapping/fields", json!([{"column": "A"}]), "mapping.fields[0].field", "field"),
        (
            "/mapping/fields",
            json!([{"id": 12, "field": "Birthday", "column": "A"}]),
            "mapping.fields[0].field",
            "field",
        ),
        ("/mapping/fields", json!([{"id": 99, "column": "A"}]), "mapping.fields[0].id", "unknown_field"),
        (
            "/mapping/fields",
            json!([{"field": "Loyalty point", "column": "A"}]),
            "mapping.fields[0].field",
            "unknown_field",
        ),
        ("/mapping/fields", json!([{"field": "Twin", "column": "A"}]), "mapping.fields[0].field", "ambiguous_field"),
        ("/mapping/fields", json!([{"id": 12}]), "mapping.fields[0].column", "value"),
        (
            "/mapping/fields",
            json!([{"id": 13, "column": "A", "dateOrder": "mmddyy"}]),
            "mapping.fields[0].dateOrder",
            "unknown_word",
        ),
        (
            "/mapping/fields",
            json!([{"id": 12, "column": "A"}, {"field": "%loyalty_points%", "column": "B"}]),
            "mapping.fields[1]",
            "duplicate_field",
        ),
        ("/mapping/fields", json!(vec![json!({"id": 12, "column": "A"}); 501]), "mapping.fields", "too_many"),
        ("/mapping/tags", json!("Contoso"), "mapping.tags", "wrong_type"),
        ("/mapping/tags", json!(["a", " "]), "mapping.tags[1]", "empty"),
        ("/mapping/tags", json!([{"column": "A", "prefx": "p"}]), "mapping.tags[0].prefx", "unknown_key"),
        ("/mapping/tags", json!([{"column": "A", "prefix": 1}]), "mapping.tags[0].prefix", "wrong_type"),
        ("/mapping/consent", json!(""), "mapping.consent", "empty"),
        ("/mapping/consent", json!({}), "mapping.consent.column", "missing"),
        ("/mapping/consent", json!({"column": "C", "negated": "yes"}), "mapping.consent.negated", "wrong_type"),
        (
            "/mapping/subscribe",
            json!({"column": "C", "negated": true, "values": ["x"]}),
            "mapping.subscribe",
            "consent",
        ),
    ]
}

#[test]
fn one_wrong_setting() {
    for (pointer, value, path, code) in wrong_settings().into_iter().chain(wrong_mappings()) {
        let definition = with(pointer, value);
        assert_eq!(told(&definition), [(path.to_owned(), code)].into(), "{definition}");
    }
}

#[test]
fn all_issues_at_once() {
    let definition = json!({
        "version": 3, "nmae": "x", "host": "ACME.api-us1.com", "list": 99, "automations": "off",
        "source": {"format": "CSV", "blank": [1, "x", null]},
        "mapping": {
            "frstName": "F", "lastName": "", "phone": {"template": "{"},
            "fields": [{"field": "Bithday", "column": "B"}, 5, {"id": 12, "colum": "A"}],
            "tags": [1, ""], "consent": {"colunm": "C"}
        }
    });
    let expected = [
        ("version", "version"),
        ("nmae", "unknown_key"),
        ("host", "hostname"),
        ("list", "unknown_list"),
        ("automations", "unknown_word"),
        ("source.format", "unknown_word"),
        ("source.blank[0]", "wrong_type"),
        ("source.blank[2]", "wrong_type"),
        ("mapping.email", "missing"),
        ("mapping.frstName", "unknown_key"),
        ("mapping.lastName", "empty"),
        ("mapping.phone.template", "template"),
        ("mapping.fields[0].field", "unknown_field"),
        ("mapping.fields[1]", "wrong_type"),
        ("mapping.fields[2].colum", "unknown_key"),
        ("mapping.fields[2].column", "value"),
        ("mapping.tags[0]", "wrong_type"),
        ("mapping.tags[1]", "empty"),
        ("mapping.consent.colunm", "unknown_key"),
        ("mapping.consent.column", "missing"),
    ];
    assert_eq!(told(&definition), expected.map(|(path, code)| (path.to_owned(), code)).into());
    assert_eq!(told(&json!({})), ["version", "list", "mapping"].map(|path| (path.to_owned(), "missing")).into());
}

#[test]
fn what_was_probably_meant() {
    let table = [
        (with("/mapping/frstName", json!("F")), "firstName"),
        (with("/mapping/e_mail", json!("F")), "email"),
        (with("/automation", json!("run")), "automations"),
        (with("/automations", json!("exlude")), "exclude"),
        (with("/source", json!({"format": "NDJSON"})), "ndjson"),
        (with("/mapping/fields", json!([{"field": "Loyalty point", "column": "A"}])), "Loyalty points"),
        (with("/mapping/fields", json!([{"id": 12, "colum": "A", "column": "A"}])), "column"),
        (with("/host", json!("https://acme.api-us1.com/api/3")), "acme.api-us1.com"),
    ];
    for (definition, meant) in table {
        let issues = parse(&definition).unwrap_err();
        assert_eq!(issues[0].suggestion.as_deref(), Some(meant), "{definition}");
    }
    let unlike = parse(&with("/xyzzyplugh", json!(1))).unwrap_err();
    assert_eq!(unlike[0].suggestion, None);
    let list = parse(&with("/list", json!(5))).unwrap_err();
    assert!(list[0].message.contains("4 (Newsletter)") && list[0].message.contains("7 (Gold)"));
}

/// Columns are only known when the source opens: all that are missing come back together, with what was meant.
#[test]
fn columns_are_checked_against_the_source() {
    let definition = json!({"version": 1, "list": 4, "mapping": {
        "id": "Id", "email": "E-Mail", "firstName": {"template": "{First} {Lst}"}, "fields": [{"id": 12, "column": "Points"}],
        "tags": [{"column": "Teir"}], "consent": "Consnt", "subscribe": "Twice"
    }});
    let csv = b"EMail,First,Last,Tier,Consent,Twice,Twice\na@example.com,,,,,,\n";
    let stop = try_encode(parse(&definition).unwrap(), csv, Default::default()).err().expect("a stop");
    let told: BTreeSet<(&str, &str, Option<&str>)> =
        stop.issues.iter().map(|issue| (issue.path.as_str(), issue.code, issue.suggestion.as_deref())).collect();
    let expected = [
        ("mapping.id", "unknown_column", None),
        ("mapping.email", "unknown_column", Some("EMail")),
        ("mapping.firstName.template", "unknown_column", Some("Last")),
        ("mapping.fields[0]", "unknown_column", None),
        ("mapping.tags[0]", "unknown_column", Some("Tier")),
        ("mapping.consent", "unknown_column", Some("Consent")),
        ("mapping.subscribe", "ambiguous_column", None),
    ];
    assert_eq!(told, expected.into());
    assert_eq!((stop.code, stop.message.starts_with("7 settings are wrong")), ("settings", true));
    // Names are exact: neither case nor blanks are forgiven.
    for column in ["email", " EMail", "EMAIL"] {
        let plan = parse(&with("/mapping/email", json!(column))).unwrap();
        assert!(
            try_encode(plan, &ndjson(&[json!({"EMail": "a@example.com"})]), Default::default()).is_err(),
            "{column}"
        );
    }
}

#[test]
fn right_definitions() {
    let full = json!({
        "$schema": "./schema.json", "version": 1, "name": "Gold customers", "host": "acme.api-us1.com", "list": "4",
        "source": {"format": "csv", "delimiter": "\t", "blank": ["NULL"]}, "automations": "run", "mode": "add",
        "mapping": {
            "id": "Id", "email": {"column": "EMail"}, "firstName": {"template": "{A} {{x}} {B}"}, "lastName": "L", "phone": "P",
            "fields": [
                {"field": "Loyalty points", "column": "A"}, {"id": "13", "column": "B", "dateOrder": "mdy"},
                {"id": 14, "column": "C", "separator": ","}, {"field": "TWIN_2", "column": "D"}, {"field": "shoe size", "column": "E"}
            ],
            "tags": ["Contoso", {"column": "Loyalty Tier", "prefix": "tier: ", "separator": ";"}],
            "consent": {"column": "C", "values": ["Yes"]}, "subscribe": {"column": "DoNotEmail", "negated": true}
        }
    });
    let plan = parse(&full).unwrap();
    assert_eq!((plan.name.as_str(), plan.list, plan.automations), ("Gold customers", 4, Automations::Run));
    assert_eq!((plan.source.format, plan.source.delimiter), (Format::Csv, Some(b'\t')));
    assert_eq!(plan.host.as_ref().map(|host| host.as_str()), Some("acme.api-us1.com"));
    let fields: Vec<(u64, FieldKind)> = plan.mapping.fields.iter().map(|field| (field.id, field.kind)).collect();
    let (text, date, number) = (FieldKind::Text, FieldKind::Date, FieldKind::Number);
    assert_eq!(fields, [(12, number), (13, date), (14, text), (15, text), (16, text)]);
    assert_eq!(plan.mapping.tags[0], TagMapping::Fixed("Contoso".into()));
    let columns: Vec<&str> = plan.mapping.first_name.as_ref().unwrap().columns().collect();
    assert_eq!(columns, ["A", "B"]);
    let least = parse(&good()).unwrap();
    assert_eq!((least.automations, least.source.format), (Automations::Exclude, Format::Auto));
    assert_eq!(least.mapping.email, Source::Column("EMail".into()));
    assert!(least.resolved);
}

#[test]
fn without_the_account_nothing_is_looked_up() {
    let definition =
        with("/mapping/fields", json!([{"field": "Nobody knows", "column": "A"}, {"id": 99, "column": "B"}]));
    let plan = Plan::parse(definition.to_string().as_bytes(), None, &[]).unwrap();
    assert!(!plan.resolved);
    let twice = with("/mapping/fields", json!([{"field": "X", "column": "A"}, {"field": "X", "column": "B"}]));
    let issues = Plan::parse(twice.to_string().as_bytes(), None, &[]).unwrap_err();
    assert_eq!(issues[0].code, "duplicate_field");
}

#[test]
fn text_that_is_no_json() {
    let table: [(&[u8], &str); 5] = [
        (b"", "line 1, column 0"),
        (b"{\n  \"version\": 1,\n  oops\n}", "line 3, column 3"),
        (b"{} x", "line 1, column 4"),
        (b"\xff", "line 1, column 1"),
        (b"{\"version\": 1,}", "line 1, column 15"),
    ];
    for (bytes, place) in table {
        let issues = Plan::parse(bytes, None, &[]).unwrap_err();
        assert_eq!((issues.len(), issues[0].path.as_str(), issues[0].code), (1, "", "not_json"));
        assert!(issues[0].message.contains(place), "{}", issues[0].message);
    }
    for bytes in [b"[]".as_slice(), b"null", b"\"x\"", b"1"] {
        let issues = Plan::parse(bytes, None, &[]).unwrap_err();
        assert_eq!((issues.len(), issues[0].code), (1, "wrong_type"));
    }
    let deep = "[".repeat(100_000);
    assert_eq!(Plan::parse(deep.as_bytes(), None, &[]).unwrap_err()[0].code, "not_json");
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(1_048_576));
    assert_eq!(Plan::parse(large.as_bytes(), None, &[]).unwrap_err()[0].code, "too_large");
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "version",
        "list",
        "mapping",
        "email",
        "fields",
        "field",
        "id",
        "column",
        "template",
        "tags",
        "consent",
        "subscribe",
        "values",
        "negated",
        "source",
        "blank",
        "host",
        "mode",
        "add",
        "{A}",
        "{",
        "x",
        "",
        "dateOrder",
        "separator",
        "prefix",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!(1)),
        Just(json!(4)),
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(words.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn arbitrary_settings_never_panic(value in any_json(), mapping in any_json()) {
        let account = account();
        for definition in [value.clone(), json!({"version": 1, "list": 4, "mapping": mapping}), json!({"version": 1, "list": 4, "mapping": {"email": "E", "fields": value}})] {
            for known in [None, Some(&account)] {
                match Plan::parse(definition.to_string().as_bytes(), known, &[]) {
                    Ok(plan) => prop_assert_eq!(plan.list, definition["list"].as_u64().unwrap_or(plan.list)),
                    Err(issues) => prop_assert!(!issues.is_empty()),
                }
            }
        }
    }
}

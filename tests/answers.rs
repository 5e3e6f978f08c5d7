//! Answers mean what the documents say: the recorded traffic of a live account through every reader, and a table
//! for each known shape of an answer. Expectations were written from ActiveCampaign's documentation.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use activecampaign_export::activecampaign::answer::{Judgement, explanation, judge, without_addresses, without_values};
use activecampaign_export::activecampaign::bulk_import::{self, Taken};
use activecampaign_export::activecampaign::import_info::{self, Info};
use activecampaign_export::activecampaign::{Method, account, contacts, fields, lists, tags};
use activecampaign_export::connection::FieldKind;
use activecampaign_export::json::{self as own, read};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The answer to the request numbered `index` of a recording, as it was on the wire, and its status.
fn recorded(file: &str, index: usize) -> (u16, Vec<u8>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/recordings").join(file);
    let text =
        std::fs::read(&path).unwrap_or_else(|error| panic!("the recordings are missing: {}: {error}", path.display()));
    let interactions: Value = serde_json::from_slice(&text).expect("a recording is JSON");
    let response = &interactions[index]["response"];
    // Every slash was escaped on the wire.
    let body = response["body"].to_string().replace('/', "\\/").into_bytes();
    (u16::try_from(response["status"].as_u64().unwrap()).unwrap(), body)
}

fn fine(file: &str, index: usize) -> own::Value {
    let (status, body) = recorded(file, index);
    match judge(status, &body) {
        Judgement::Fine(value) => value,
        other => panic!("{file} {index}: {other:?}"),
    }
}

/// An answer as the core has read it.
fn answer(body: &Value) -> own::Value {
    read(body.to_string().as_bytes()).unwrap()
}

#[test]
fn recorded_answers_are_judged() {
    let table: [(&str, &[bool]); 13] = [
        ("contact-create-201.json", &[true, true]),
        ("contact-list-subscribe-201.json", &[true; 5]),
        ("contact-sync-201.json", &[true, true]),
        ("contact-tag-create-201.json", &[true; 5]),
        ("contact-tag-missing-tag-400.json", &[false, false]),
        ("contact-update-200.json", &[true; 3]),
        ("field-create-201.json", &[true, true]),
        ("field-options-create-201.json", &[true; 3]),
        ("fields-list-200.json", &[true; 3]),
        ("list-get-200.json", &[true; 3]),
        ("lists-list-200.json", &[true; 3]),
        ("tags-list-200.json", &[true; 3]),
        ("user-me-200.json", &[true; 5]),
    ];
    for (file, outcomes) in table {
        for (index, good) in outcomes.iter().enumerate() {
            let (status, body) = recorded(file, index);
            let judgement = judge(status, &body);
            assert_eq!(matches!(judgement, Judgement::Fine(_)), *good, "{file} {index}");
            assert_eq!(matches!(judgement, Judgement::Invalid(_)), !*good, "{file} {index}");
        }
    }
}

#[test]
fn recorded_collections_are_read() {
    let page = lists::read(&fine("lists-list-200.json", 1)).unwrap();
    assert_eq!(
        (page.items.len(), page.items[0].id, page.items[0].name.as_str(), page.total),
        (1, 72, "Awesome List", Some(1))
    );
    assert!(!page.more_after(1) && page.more_after(0));
    let page = fields::read(&fine("fields-list-200.json", 1)).unwrap();
    let field = &page.items[0];
    assert_eq!(
        (field.id, field.title.as_str(), field.perstag.as_str(), field.kind),
        (2, "Custom text", "PERSTAG", FieldKind::Text)
    );
    assert!(field.options.is_empty());
    let page = tags::read(&fine("tags-list-200.json", 1)).unwrap();
    assert_eq!((page.items[0].id, page.items[0].name.as_str(), page.total), (322, "Tag name", Some(1)));
    assert_eq!(account::read_user(&fine("user-me-200.json", 2)).as_deref(), Some("admin"));
    for other in
        [fine("lists-list-200.json", 2), fine("list-get-200.json", 1), answer(&json!(null)), answer(&json!([]))]
    {
        assert!(lists::read(&other).is_none() && fields::read(&other).is_none() && tags::read(&other).is_none());
        assert!(account::read_user(&other).is_none());
    }
}

/// Options stand beside the fields (5.5); the two recordings together make the answer of such an account.
#[test]
fn recorded_options_find_their_field() {
    let body = |index| serde_json::from_slice::<Value>(&recorded("field-options-create-201.json", index).1).unwrap();
    let field = body(0)["field"].clone();
    let options = body(1)["fieldOptions"].clone();
    let stray = json!({"id": "99", "field": "7", "value": "of another field"});
    let mut all = options.as_array().unwrap().clone();
    all.push(stray);
    let page = fields::read(&answer(&json!({"fields": [field], "fieldOptions": all, "meta": {"total": "1"}}))).unwrap();
    let expected: Vec<&str> = options.as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert_eq!(
        (page.items[0].id, page.items[0].kind, page.items[0].perstag.as_str()),
        (8, FieldKind::Radio, "PERSONALIZEDTAG")
    );
    assert_eq!(page.items[0].options, expected);
}

#[test]
fn types_of_fields() {
    let kind =
        |kind: Value| fields::read(&answer(&json!({"fields": [{"id": "1", "type": kind}]}))).unwrap().items[0].kind;
    let named = [
        ("text", FieldKind::Text),
        ("textarea", FieldKind::Textarea),
        ("date", FieldKind::Date),
        ("datetime", FieldKind::Datetime),
        ("dropdown", FieldKind::Dropdown),
        ("radio", FieldKind::Radio),
        ("checkbox", FieldKind::Checkbox),
        ("listbox", FieldKind::Listbox),
        ("hidden", FieldKind::Hidden),
        ("number", FieldKind::Number),
        ("", FieldKind::Text),
        ("NULL", FieldKind::Text),
        ("hologram", FieldKind::Text),
    ];
    for (name, expected) in named {
        assert_eq!(kind(json!(name)), expected, "{name}");
    }
    assert_eq!(kind(json!(null)), FieldKind::Text);
}

#[derive(Debug, PartialEq)]
enum Means {
    Fine,
    Page,
    Unreadable,
    Throttled,
    Invalid,
    Forbidden,
    Plan,
    NotFound,
    Large,
    Redirect,
    Trouble,
}

fn means(status: u16, body: &str) -> Means {
    match judge(status, body.as_bytes()) {
        Judgement::Fine(_) => Means::Fine,
        Judgement::LoginPage => Means::Page,
        Judgement::Unreadable => Means::Unreadable,
        Judgement::Throttled => Means::Throttled,
        Judgement::Invalid(_) => Means::Invalid,
        Judgement::Forbidden => Means::Forbidden,
        Judgement::PlanLimit => Means::Plan,
        Judgement::NotFound => Means::NotFound,
        Judgement::TooLarge => Means::Large,
        Judgement::Redirect => Means::Redirect,
        Judgement::Trouble => Means::Trouble,
    }
}

const ISSUES: &str =
    "<div align=\"center\" style=\"x\">We are currently having some issues.  Please check back soon.</div>";
const LIMIT: &str = r#"{"success":0,"message":"Rate limit exceeded.","failureReasons":["Up to 100 imports may be requested per minute.Please batch contacts into larger requests, or retry this request in a minute."]}"#;
const CLOUDFLARE: &str = r#"{"type":"https:\/\/developers.cloudflare.com\/x\/error-502\/","title":"Error 502: Bad gateway","status":502,"error_code":502,"retryable":true,"retry_after":60,"ray_id":"x","cloudflare_error":true}"#;

/// Documented and reported errors, and what servers in front of it say.
const SHAPES: [(u16, &str, Means); 47] = [
    (400, "{}", Means::Invalid),
    (
        400,
        r#"{"errors":[{"status":400,"title":"Bad Request","detail":"Contact email must be provided for sync"}]}"#,
        Means::Invalid,
    ),
    (
        422,
        r#"{"errors":[{"title":"Contact Email Address is not valid.","code":"email_invalid","error":"must_be_valid_email_address","source":{"pointer":"/data/attributes/email"}}]}"#,
        Means::Invalid,
    ),
    (
        422,
        r#"{"errors":[{"title":"Email address already exists in the system","detail":"","code":"duplicate"}]}"#,
        Means::Invalid,
    ),
    (
        422,
        r#"{"errors":"Bulk operation failed. Request must contain an array of fieldOption objects."}"#,
        Means::Invalid,
    ),
    (422, r#"{"message":"Field id not valid"}"#, Means::Invalid),
    (400, "", Means::Invalid),
    (400, "<html></html>", Means::Invalid),
    (404, r#"{"message":"No Result found for Tag with id 30"}"#, Means::NotFound),
    (404, r#"{"errors":[{"status":404,"title":"Not Found","detail":"Contact not found"}]}"#, Means::NotFound),
    (404, "<html>", Means::NotFound),
    (403, r#"{"message":"Forbidden"}"#, Means::Forbidden),
    (
        403,
        r#"{"errors":[{"status":403,"title":"Forbidden","detail":"You do not have permission to view lists."}]}"#,
        Means::Forbidden,
    ),
    (403, "", Means::Forbidden),
    (401, "", Means::Forbidden),
    (402, "", Means::Plan),
    (402, "{}", Means::Plan),
    (200, "<!DOCTYPE html><html></html>", Means::Page),
    (200, "\r\n  <html>", Means::Page),
    (201, "<html>", Means::Page),
    (200, ISSUES, Means::Page),
    (429, "", Means::Throttled),
    (429, "{}", Means::Throttled),
    (429, "<html>", Means::Throttled),
    (400, LIMIT, Means::Throttled),
    (
        400,
        r#"{"success":0,"message":"x","failureReasons":["Up to 20 imports may be requested per minute."]}"#,
        Means::Throttled,
    ),
    (400, r#"{"success":0,"message":"RATE LIMIT EXCEEDED"}"#, Means::Throttled),
    (200, LIMIT, Means::Throttled),
    (503, LIMIT, Means::Trouble),
    (503, "", Means::Trouble),
    (503, "<html>503</html>", Means::Trouble),
    (500, ISSUES, Means::Trouble),
    (502, CLOUDFLARE, Means::Trouble),
    (520, "<html>", Means::Trouble),
    (524, "", Means::Trouble),
    (408, "", Means::Trouble),
    (413, "<html>", Means::Large),
    (301, "", Means::Redirect),
    (302, "{}", Means::Redirect),
    (307, "", Means::Redirect),
    (0, "", Means::Redirect),
    (200, "", Means::Fine),
    (200, "{}", Means::Fine),
    (204, "", Means::Fine),
    (200, "queued", Means::Unreadable),
    (200, r#"{"success":1"#, Means::Unreadable),
    (200, "\u{1f600}", Means::Unreadable),
];

#[test]
fn every_known_shape_of_an_error() {
    for (status, body, expected) in SHAPES {
        assert_eq!(means(status, body), expected, "{status} {body}");
    }
}

/// A validation error about a contact is no throttle, whatever its reason says.
#[test]
fn a_reason_for_a_contact_is_no_throttle() {
    let body = r#"{"success":0,"message":"did not pass validation","failureReasons":[{"contact":1,"failureReason":"rate limit exceeded"}]}"#;
    assert_eq!(means(400, body), Means::Invalid);
}

fn taken(status: u16, body: &str) -> Taken {
    bulk_import::read(judge(status, body.as_bytes()))
}

#[test]
fn imports_that_were_taken() {
    let table = [
        r#"{"success":1,"queued_contacts":1,"batchId":"0641fbdd-f62f","message":"Contact import queued"}"#,
        r#"{"Success":1,"queued_contacts":2,"batchId":"0641fbdd-f62f"}"#,
        r#"{"success":5,"queued_contacts":2,"batchId":"0641fbdd-f62f"}"#,
        r#"{"Success":250,"batchId":"0641fbdd-f62f"}"#,
        r#"{"success":true,"batchId":"0641fbdd-f62f"}"#,
        "  {\"success\":1,\"batchId\":\"0641fbdd-f62f\"}\r\n",
    ];
    for body in table {
        assert_eq!(taken(200, body), Taken::Queued("0641fbdd-f62f".into()), "{body}");
    }
    let call = bulk_import::call(b"{}".to_vec());
    assert_eq!(
        (call.method, call.path.as_str(), call.body),
        (Method::Post, "/api/3/import/bulk_import", Some(b"{}".to_vec()))
    );
}

#[test]
fn a_200_without_proof_is_never_taken() {
    let table = [
        "",
        "{}",
        "null",
        "[]",
        "1",
        r#"{"success":1}"#,
        r#"{"success":0,"batchId":"b"}"#,
        r#"{"batchId":"b"}"#,
        r#"{"success":1,"batchId":""}"#,
        r#"{"success":1,"batchId":null}"#,
        r#"{"success":1,"batchId":12}"#,
        r#"{"success":-1,"batchId":"b"}"#,
        r#"{"success":"0","batchId":"b"}"#,
        r#"{"success":false,"batchId":"b"}"#,
        "<html>",
        r#"{"Success":0,"batchId":"b"}"#,
        r#"{"success":null,"batchId":"b"}"#,
    ];
    for body in table {
        assert!(matches!(taken(200, body), Taken::Other(Judgement::Unreadable | Judgement::LoginPage)), "{body}");
    }
}

#[test]
fn refusals_that_name_contacts() {
    let body = |reasons: &str| {
        format!(r#"{{"success":0,"message":"JSON payload did not pass validation.","failureReasons":{reasons}}}"#)
    };
    let named = [
        (r#"[{"contact":1,"failureReason":"Field 'email' not found"}]"#, vec![(1, "Field 'email' not found")]),
        (
            r#"[{"contact":230,"failureReason":"Field‘ email’ incorrect format"}]"#,
            vec![(230, "Field‘ email’ incorrect format")],
        ),
        (r#"[{"contact":0,"failureReason":"x"},{"contact":"17","failureReason":"y"}]"#, vec![(0, "x"), (17, "y")]),
        (r#"[{"contact":3,"failureReason":"ada@example.com is bad"}]"#, vec![(3, "[address] is bad")]),
    ];
    for (reasons, expected) in named {
        let expected = expected.into_iter().map(|(index, text)| (index, text.to_owned())).collect();
        assert_eq!(taken(400, &body(reasons)), Taken::Named(expected), "{reasons}");
    }
    let nameless = [
        "[]",
        r#"["Invalid or unparsable json"]"#,
        r#"[{"contact":-1,"failureReason":"x"}]"#,
        r#"[{"contact":1.5}]"#,
        r#"[{"contact":null}]"#,
        r#"[{"failureReason":"x"}]"#,
        r#"[{"contact":1,"failureReason":"x"},"y"]"#,
        "null",
        r#""x""#,
        r#"[{"contact":"one"}]"#,
    ];
    for reasons in nameless {
        assert!(matches!(taken(400, &body(reasons)), Taken::Refused(_)), "{reasons}");
    }
}

#[test]
fn explanations_hold_no_address() {
    let bodies = [
        json!({"message": "ada@example.com is excluded"}),
        json!({"failureReasons": ["<ada@example.com>", {"contact": 1, "failureReason": "mailto:ada@example.com"}]}),
        json!({"errors": "bad: ada@example.com,bob@example.org"}),
        json!({"errors": [{"title": "\"ada@example.com\"", "detail": "ada@\u{a0}example.com\u{0}"}]}),
    ];
    for body in bodies {
        let said = explanation(&answer(&body));
        assert!(!said.contains('@') && said.contains("[address]"), "{said}");
    }
    assert_eq!(explanation(&answer(&json!({"message": "Field id not valid", "errors": []}))), "Field id not valid");
    assert!(explanation(&answer(&json!({"message": "x".repeat(5_000)}))).chars().count() <= 200);
    assert_eq!(explanation(&answer(&json!({}))), "");
}

/// How far a batch is, in words; for a completed one the number of different ids and the failed addresses.
fn outcome(body: &Value) -> String {
    match import_info::read(&answer(body)) {
        None => "no status".to_owned(),
        Some(Info::Unfinished) => "unfinished".to_owned(),
        Some(Info::Failed) => "failed".to_owned(),
        Some(Info::Completed { success, mut failure }) => {
            failure.sort();
            format!("{} {}", success.len(), failure.join(" "))
        }
    }
}

#[test]
fn outcomes() {
    let completed =
        |success: Value, failure: Value| json!({"status": "completed", "success": success, "failure": failure});
    let table = [
        (completed(json!(["123", "124"]), json!(["Invalid.Email@invalidDomain"])), "2 invalid.email@invaliddomain"),
        (completed(json!(["5232", 5232, "5232"]), json!([])), "1 "),
        (completed(json!(null), json!(["B@x.de", "a@x.de", "b@X.de"])), "0 a@x.de b@x.de"),
        (json!({"status": "completed"}), "0 "),
        (json!({"status": false}), "unfinished"),
        (json!({"status": "waiting", "success": [], "failure": []}), "unfinished"),
        (json!({"status": "claimed"}), "unfinished"),
        (json!({"status": "active", "success": ["1"]}), "unfinished"),
        (json!({"status": "reticulating"}), "unfinished"),
        (json!({"status": "failed", "success": ["1"]}), "failed"),
        (json!({"status": "interrupted"}), "failed"),
        (json!({"success": ["1"]}), "no status"),
        (json!({}), "no status"),
        (json!(null), "no status"),
        (json!([]), "no status"),
    ];
    for (body, expected) in table {
        assert_eq!(outcome(&body), expected, "{body}");
    }
    assert_eq!(import_info::call("a b&c=\u{e9}").path, "/api/3/import/info?batchId=a%20b%26c%3D%C3%A9");
}

/// A filter that is ignored answers with somebody else; that is nobody (requirements, section 10).
#[test]
fn one_contact_by_its_address() {
    let somebody = json!({"id": "5", "email": "Bob@example.com", "firstName": "Bob", "lastName": null, "phone": "1"});
    let page = json!({"contacts": [somebody], "meta": {"total": "1"}});
    assert_eq!(contacts::read(&answer(&page), "ada@example.com"), Some(None));
    let found = contacts::read(&answer(&page), "bob@example.com").unwrap().unwrap();
    assert_eq!((found.id, found.first_name.as_str(), found.last_name.as_str()), (5, "Bob", ""));
    assert_eq!(contacts::read(&answer(&json!({"contacts": []})), "x"), Some(None));
    assert_eq!(contacts::read(&answer(&json!({"message": "x"})), "x"), None);
    let path = contacts::call("a+b&c@example.com", Some(4)).path;
    assert!(
        path.contains("email=a%2Bb%26c%40example.com") && path.contains("listid=4") && path.contains("status=1"),
        "{path}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    /// Whatever comes back is hostile: no reader panics, and no explanation holds an address.
    #[test]
    fn any_answer(status in any::<u16>(), body in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), "[{}\\[\\]\",:a-z0-9@ ]{0,80}".prop_map(String::into_bytes)]) {
        let judgement = judge(status, &body);
        if let Judgement::Fine(value) | Judgement::Invalid(value) = &judgement {
            let _ = (lists::read(value), fields::read(value), tags::read(value), import_info::read(value));
            let _ = (account::read_user(value), account::read_limit(value), contacts::read(value, "a@example.com"));
            prop_assert!(!explanation(value).contains('@'));
        }
        let taken = bulk_import::read(judgement);
        prop_assert!(!matches!(taken, Taken::Queued(_)) || (200..300).contains(&status));
    }

    #[test]
    fn no_address_survives(text in any::<String>()) {
        let said = without_addresses(&text);
        prop_assert!(!said.contains('@') && said.chars().count() <= 200 && !said.chars().any(char::is_control));
    }
}

/// An answer of two megabytes about a batch of 250 is about another one, and nobody reads all of it.
#[test]
fn outcomes_with_more_than_a_batch_can_hold() {
    let ids: Vec<String> = (0..50_000).rev().map(|id| id.to_string()).collect();
    let addresses: Vec<String> = (0..50_000).map(|index| format!("user{index}@example.com")).collect();
    let body = json!({"status": "completed", "success": ids, "failure": addresses});
    let Some(import_info::Info::Completed { success, failure }) = import_info::read(&answer(&body)) else {
        panic!("an outcome")
    };
    assert_eq!((success.len(), failure.len()), (251, 251));
    // The same one again and again is one.
    let again = json!({"status": "completed", "success": vec!["7"; 9_000], "failure": vec!["A@b.example"; 9_000]});
    let Some(import_info::Info::Completed { success, failure }) = import_info::read(&answer(&again)) else {
        panic!("an outcome")
    };
    assert_eq!((success.len(), failure), (1, vec!["a@b.example".to_owned()]));
}

/// A reason may quote the person that it refuses, in whatever form.
#[test]
fn reasons_hold_nobody() {
    let contact = json!({
        "email": "ada@example.com", "first_name": "Ada Maria", "last_name": "O'Lovelace", "phone": "+49 30 1234567",
        "fields": [{"id": 1, "value": "Premium"}], "tags": ["Contoso"]
    });
    let contact = contact.to_string();
    let table = [
        ("Field 'email' not found", "Field 'email' not found"),
        ("ada@example.com has an incorrect format", "[address] has an incorrect format"),
        ("email=ada%40example.com is wrong", "[address] is wrong"),
        ("first_name ADA is not allowed", "first_name [value] is not allowed"),
        ("(Maria) \"O'Lovelace\": Premium?", "[value] [value] [value]"),
        ("phone +4930-1234567 is not allowed", "phone [number] is not allowed"),
        ("the list 4 is gone since 2026-11-25T10:00", "the list 4 is gone since [number]"),
    ];
    for (said, shown) in table {
        assert_eq!(without_values(said, contact.as_bytes()), shown);
    }
}

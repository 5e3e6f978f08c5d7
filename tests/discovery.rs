//! Reading an account is complete or says why it is not: every page of lists, fields and tags, driven against the
//! model account on a virtual clock, with the faults that a first contact meets.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::connection::FieldKind;
use activecampaign_export::error::{Category, Misuse, Stop};
use activecampaign_export::export::{Account as Found, Discovery, Input, Output, Sent, Wanted};
use activecampaign_export::plan::Plan;
use activecampaign_export::time::Timestamp;
use common::account::{Account, Knobs, Reply, Total};
use common::laws::within_the_windows;
use common::{Asked, Fault, START, definition, kind_of};
use serde_json::json;

const ALL: Wanted = Wanted { tags: true, limit: true };

struct Read {
    result: Result<Found, Stop>,
    asked: Vec<Asked>,
    ended: u64,
}

/// Reads an account to the end; the answer to each request comes after 100 ms.
fn read(mut account: Account, wanted: Wanted, mut faults: impl FnMut(&Asked) -> Fault) -> Read {
    let mut now = START;
    let mut discovery = Discovery::new(wanted, 1, Timestamp::from_millis(now));
    let mut asked: Vec<Asked> = Vec::new();
    for _ in 0..20_000 {
        let (mut open, mut until) = (None, None);
        while let Some(output) = discovery.poll_output() {
            match output {
                Output::Send(request) => {
                    let kind = kind_of(&request.call.path);
                    assert!(request.call.body.is_none(), "reading never writes");
                    let nth = asked.len() + 1;
                    let one = Asked {
                        at: now,
                        true_at: now,
                        kind,
                        nth,
                        path: request.call.path,
                        body: Vec::new(),
                        contacts: 0,
                        left: true,
                    };
                    open = Some((request.id, faults(&one)));
                    asked.push(one);
                }
                Output::Wait(wait) => until = wait.until.map(Timestamp::as_millis),
                Output::Finish(result) => {
                    within_the_windows(&asked, 1);
                    return Read { result, asked, ended: now };
                }
                other => panic!("{other:?}"),
            }
        }
        let Some((id, fault)) = open else {
            now = until.expect("a wait that something ends");
            discovery.handle_input(Timestamp::from_millis(now), &Input::Wake).unwrap();
            continue;
        };
        let path = asked.last().unwrap().path.clone();
        now += 100;
        let reply = match fault {
            Fault::Unsent => Err(Sent::No),
            Fault::Lost | Fault::AnswerLost => Err(Sent::Unknown),
            Fault::Instead(reply) | Fault::Masked(reply) => Ok(reply),
            Fault::None => Ok(account.answer(now, "GET", &path, b"")),
        };
        let at = Timestamp::from_millis(now);
        match &reply {
            Ok(Reply { status, retry_after, body }) => {
                let input = Input::Response { id, status: *status, retry_after: retry_after.as_deref(), body };
                discovery.handle_input(at, &input).unwrap();
            }
            Err(sent) => discovery.handle_input(at, &Input::Unanswered { id, sent: *sent }).unwrap(),
        }
    }
    panic!("endless");
}

/// An account with 251 lists, 130 fields and 305 tags.
fn large(knobs: Knobs) -> Account {
    let mut account = Account::new(knobs);
    account.lists = (1..=251).map(|id| json!({"id": id.to_string(), "name": format!("List {id}")})).collect();
    account.fields = (1..=130)
        .map(|id| json!({"id": id.to_string(), "title": format!("Field {id}"), "perstag": format!("F{id}"), "type": "radio"}))
        .collect();
    account.options = (1..=130)
        .map(|id| json!({"id": id.to_string(), "field": id.to_string(), "value": format!("Option {id}")}))
        .collect();
    account.tags = (1..=305).map(|id| json!({"id": id.to_string(), "tag": format!("Tag {id}")})).collect();
    account
}

fn complete(read: &Read) {
    let found = read.result.as_ref().expect("an account");
    let ids = |ids: Vec<u64>, last: u64| assert_eq!(ids, (1..=last).collect::<Vec<_>>(), "all, once, in order");
    ids(found.schema.lists.iter().map(|list| list.id).collect(), 251);
    ids(found.schema.fields.iter().map(|field| field.id).collect(), 130);
    ids(found.schema.tags.iter().map(|tag| tag.id).collect(), 305);
    assert_eq!(found.user, "admin");
    for field in &found.schema.fields {
        assert_eq!((field.kind, field.options.clone()), (FieldKind::Radio, vec![format!("Option {}", field.id)]));
    }
    assert_eq!(found.contact_limit.map(|limit| (limit.limit, limit.used)), Some((5_000, 321)));
}

#[test]
fn every_page() {
    for total in [Total::Text, Total::Number, Total::Missing] {
        for page_size in [None, Some(20), Some(7), Some(100)] {
            complete(&read(large(Knobs { total, page_size, ..Knobs::default() }), ALL, |_| Fault::None));
        }
    }
}

#[test]
fn a_hundred_exactly_and_none() {
    for count in [0, 1, 99, 100, 101, 200] {
        for total in [Total::Text, Total::Missing] {
            let mut account = large(Knobs { total, ..Knobs::default() });
            account.lists.truncate(count);
            let found = read(account, Wanted::default(), |_| Fault::None).result.unwrap();
            assert_eq!(found.schema.lists.len(), count, "{total:?}");
            assert!(found.schema.tags.is_empty(), "tags were not wanted");
        }
    }
}

/// An object that cannot be read must not shift the pages: the others are read once each.
#[test]
fn an_object_without_an_id() {
    let mut account = large(Knobs::default());
    account.lists[3]["id"] = json!(null);
    let found = read(account, Wanted::default(), |_| Fault::None).result.unwrap();
    let ids: Vec<u64> = found.schema.lists.iter().map(|list| list.id).collect();
    assert_eq!(ids, (1..=251).filter(|id| *id != 4).collect::<Vec<_>>());
}

#[test]
fn what_was_discovered_serves_a_plan() {
    let found = read(Account::new(Knobs::default()), Wanted::default(), |_| Fault::None).result.unwrap();
    let plan = Plan::parse(definition().to_string().as_bytes(), Some(&found.schema), &[]).unwrap();
    assert_eq!((plan.list, plan.mapping.fields[0].kind), (4, FieldKind::Number));
    let mut other = definition();
    other["list"] = 99.into();
    let issues = Plan::parse(other.to_string().as_bytes(), Some(&found.schema), &[]).unwrap_err();
    assert_eq!(issues.iter().map(|issue| issue.code).collect::<Vec<_>>(), ["unknown_list"]);
}

#[test]
fn faults_that_pass() {
    let replies = [
        Fault::Instead(Reply::text(500, "")),
        Fault::Instead(Reply::text(429, "{}").after("3")),
        Fault::Instead(Reply::text(403, "{}")),
        Fault::Instead(Reply::text(200, "<html></html>")),
        Fault::Instead(Reply::text(200, "{}")),
        Fault::Instead(Reply::text(200, "{\"lists\":")),
        Fault::Unsent,
        Fault::Lost,
    ];
    for fault in replies {
        for nth in 1..=11 {
            let told =
                read(large(Knobs::default()), ALL, |asked| if asked.nth == nth { fault.clone() } else { Fault::None });
            // The settings page is optional: a refusal there leaves the limit out.
            if told.result.as_ref().is_ok_and(|found| found.contact_limit.is_some()) {
                complete(&told);
            } else {
                assert!(told.result.is_ok(), "{fault:?} at request {nth}: {:?}", told.result);
            }
        }
    }
}

#[test]
fn faults_that_stay() {
    let cases: [(Fault, &str, Category); 9] = [
        (Fault::Instead(Reply::text(403, "{}")), "key_refused", Category::Credentials),
        (Fault::Instead(Reply::text(401, "")), "key_refused", Category::Credentials),
        (Fault::Instead(Reply::text(200, "<html></html>")), "key_refused", Category::Credentials),
        (Fault::Instead(Reply::text(404, "<html></html>")), "not_found", Category::Remote),
        (Fault::Instead(Reply::text(302, "")), "redirected", Category::Remote),
        (Fault::Instead(Reply::text(402, "")), "plan_limit", Category::Remote),
        (Fault::Instead(Reply::text(503, "")), "remote_unavailable", Category::Remote),
        (Fault::Unsent, "remote_unavailable", Category::Remote),
        (Fault::Instead(Reply::text(429, "")), "rate_limited", Category::Remote),
    ];
    for (fault, code, category) in cases {
        let told = read(large(Knobs::default()), ALL, |_| fault.clone());
        let stop = told.result.unwrap_err();
        assert_eq!((stop.code, stop.category), (code, category), "{fault:?}");
        assert!(told.ended - START <= 31 * 60_000, "{fault:?}: {} ms", told.ended - START);
        assert!(told.asked.len() <= 1_000, "{fault:?}: {} requests", told.asked.len());
    }
}

#[test]
fn a_right_that_is_missing_is_named() {
    for (part, word) in [("/lists", "lists"), ("/fields", "fields"), ("/tags", "tags")] {
        let told = read(large(Knobs::default()), ALL, |asked| {
            if asked.path.contains(part) {
                Fault::Instead(Reply::text(403, r#"{"message":"Forbidden"}"#))
            } else {
                Fault::None
            }
        });
        let stop = told.result.unwrap_err();
        assert_eq!((stop.code, stop.category), ("permission", Category::Credentials), "{part}");
        assert!(stop.message.contains(word), "{part}: {}", stop.message);
    }
}

#[test]
fn misuse_and_cancelling() {
    let now = Timestamp::from_millis(START);
    let mut discovery = Discovery::new(Wanted::default(), 1, now);
    assert_eq!(discovery.handle_input(now, &Input::Wake), Err(Misuse::Undrained));
    while discovery.poll_output().is_some() {}
    let unknown = Input::Unanswered { id: 99, sent: Sent::No };
    assert_eq!(discovery.handle_input(now, &unknown), Err(Misuse::UnknownRequest));
    discovery.handle_input(now, &Input::Cancel).unwrap();
    match discovery.poll_output() {
        Some(Output::Finish(Err(stop))) => assert_eq!(stop.code, "cancelled"),
        other => panic!("{other:?}"),
    }
    assert_eq!(discovery.handle_input(now, &Input::Wake), Err(Misuse::Finished));
}

//! Nothing personal leaves the core but in request bodies: marked values go through runs full of faults, and then
//! everything that a host may log (progress, summaries, stops, rejections, issues) is searched for the marks.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::json::write;
use common::account::{Knobs, Reply};
use common::{Fault, Kind, Trace, World, definition};
use serde_json::json;

const MARKS: [&str; 5] = ["canarymail", "Canaryname", "Canarylast", "4477665544", "canary-points"];

/// Good, broken, doubled and refused profiles, each with all marks.
fn csv() -> Vec<u8> {
    let mut text = String::from("CustomerId,EMail,FirstName,LastName,Telephone,Points\n");
    for index in 0..300 {
        let email = match index % 10 {
            1 => "canarymail, canarymail2@example.com".to_owned(),
            2 => "Canarymail <canarymail@example.com>".to_owned(),
            3 => "canarymail0@example.com".to_owned(),
            4 => "canary mail@canarymail.example.com".to_owned(),
            _ => format!("canarymail{index}@example.com"),
        };
        text.push_str(&format!("C{index},\"{email}\",Canaryname,Canarylast,+49 4477665544 x,canary-points\n"));
    }
    text.into_bytes()
}

fn run(seed: u64, knobs: Knobs, fault: Option<Reply>) -> Trace {
    let mut world = World::new(seed, 0, knobs).faults(move |asked| match &fault {
        Some(reply) if asked.kind == Kind::Bulk => Fault::Instead(reply.clone()),
        _ => Fault::None,
    });
    world.csv = csv();
    world.definition = definition();
    world.run()
}

fn search(trace: &Trace, what: &str) {
    let mut said = format!("{:?} {:?} {:?}", trace.summary(), trace.reports, trace.rejections);
    said.push_str(&write(trace.summary()));
    said.push_str(&write(&trace.rejections));
    said.push_str(&format!("{:?}", trace.waits));
    for mark in MARKS {
        let at = said.to_lowercase().find(&mark.to_lowercase());
        let near = at.map(|at| said.get(at.saturating_sub(120)..(at + 60).min(said.len())));
        assert!(at.is_none(), "{what}: {mark} near {near:?}");
    }
}

#[test]
fn faults_do_not_repeat_the_data() {
    let late = (0..300).map(|index| format!("canarymail{index}@example.com")).collect();
    search(&run(1, Knobs::default(), None), "no fault");
    search(&run(2, Knobs { fail_late: late, ..Knobs::default() }, None), "late failures");
    let named = (0..300).filter(|index| index % 7 == 0).map(|index| format!("canarymail{index}@example.com")).collect();
    search(&run(3, Knobs { refuse_named: named, ..Knobs::default() }, None), "named");
    let quoting = [
        r#"{"success":0,"message":"canarymail5@example.com is bad","failureReasons":["<canarymail6@example.com>: no"]}"#,
        r#"{"errors":[{"title":"mailto:canarymail5@example.com","detail":"\"canarymail5@example.com\""}]}"#,
        r#"{"errors":"canarymail5@example.com,canarymail6@example.com"}"#,
        r#"{"success":0,"failureReasons":[{"contact":1,"failureReason":"canarymail0@example.com\u0000x"}]}"#,
    ];
    for body in quoting {
        search(&run(4, Knobs::default(), Some(Reply::text(400, body))), body);
    }
    for status in [200, 302, 402, 404, 413, 500] {
        let page = "<html>canarymail5@example.com Canaryname</html>";
        search(&run(5, Knobs::default(), Some(Reply::text(status, page))), page);
    }
}

#[test]
fn values_are_shown_on_request() {
    let mut world = World::new(1, 0, Knobs::default());
    world.csv = csv();
    world.reveal = true;
    let trace = world.run();
    assert!(
        trace
            .rejections
            .iter()
            .any(|rejection| rejection.value.as_deref() == Some("Canarymail <canarymail@example.com>"))
    );
}

/// The classic mistake: no header, so that the first customer is taken for it. The stop says so
/// without repeating the customer.
#[test]
fn a_file_without_a_header() {
    let rows = ["C1,canarymail@example.com,Canaryname,Canarylast,+49 4477665544,canary-points\n"; 3].concat();
    let mut world = World::new(1, 0, Knobs::default());
    world.csv = rows.into_bytes();
    let trace = world.run();
    assert_eq!(trace.stop().map(|(code, _)| code), Some("settings"));
    search(&trace, "no header");
}

/// The same where a mapped name is close to the data, so that a suggestion would repeat it.
#[test]
fn a_suggestion_is_no_customer() {
    let mut world = World::new(1, 0, Knobs::default());
    world.definition["mapping"] = json!({"email": "EMail", "firstName": "Canarynames"});
    world.csv = b"Canaryname,Canarylast,canarymail@example.com\nx,y,z\n".to_vec();
    search(&world.run(), "suggestion");
}

/// An id column that is the address itself is the mapping's own choice; the address stays masked all the same.
#[test]
fn the_address_as_id() {
    let mut world = World::new(1, 0, Knobs::default());
    world.definition["mapping"]["id"] = json!("EMail");
    world.csv = csv();
    search(&world.run(), "id");
}

//! A run from the first byte to its summary: driven by its inputs and outputs alone, on a virtual clock, against a
//! model account whose oracle says what was really applied. Here: the happy way, cancelling, broken sources,
//! the clock, and the order of calls. The laws of delivery are asserted after every step.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::error::{Category, Misuse};
use activecampaign_export::export::{Export, ExportOptions, Input, Output, RunResult, Sent, Summary};
use activecampaign_export::plan::Plan;
use activecampaign_export::time::Timestamp;
use common::account::{Knobs, Reply, address};
use common::laws::{bulks, contacts_of, resends_are_identical};
use common::{Ending, Fault, Kind, START, Trace, World, contact, csv, definition, each_seed, schema};
use serde_json::json;

fn settled(summary: &Summary) -> u64 {
    summary.progress.delivered + summary.progress.rejected + summary.progress.unverified
}

fn all_delivered(trace: &Trace, count: u64) {
    let seed = trace.seed;
    assert_eq!(trace.result(), RunResult::Succeeded, "seed {seed}: {:?}", trace.summary());
    assert_eq!((trace.end().read, trace.end().delivered), (count, count), "seed {seed}");
    assert!(trace.rejections.is_empty(), "seed {seed}");
}

#[test]
fn a_thousand_profiles() {
    each_seed(
        50,
        |seed| World::new(seed, 1_000, Knobs::default()),
        |trace| {
            all_delivered(trace, 1_000);
            let sent: Vec<_> = bulks(&trace.asked).flat_map(|asked| contacts_of(&asked.body)).collect();
            let expected: Vec<_> = (1..=1_000).map(contact).collect();
            assert_eq!(sent, expected, "seed {}: contacts in the order of the source", trace.seed);
            assert_eq!(trace.end().batches, 4, "seed {}", trace.seed);
            assert_eq!(trace.end().resent, 0, "seed {}", trace.seed);
            assert_eq!(trace.summary().duration_millis, trace.ended - START, "seed {}", trace.seed);
            assert!(trace.ended - START < 20_000, "seed {}: an import takes six seconds", trace.seed);
            resends_are_identical(trace);
        },
    );
}

#[test]
fn every_way_of_saying_success() {
    let knobs = Knobs { capital_success: true, odd_word: true, ..Knobs::default() };
    each_seed(20, |seed| World::new(seed, 600, knobs.clone()), |trace| all_delivered(trace, 600));
}

#[test]
fn thirty_thousand_profiles_keep_the_windows() {
    let trace = World::new(7, 30_000, Knobs::default()).run();
    all_delivered(&trace, 30_000);
    // 120 requests: the first 100 in one window, the rest in the next.
    let minutes = (trace.ended - START) / 60_000;
    assert!((1..=2).contains(&minutes), "{minutes} minutes");
}

#[test]
fn single_profiles_keep_their_own_window() {
    // 251 profiles: the last one travels alone.
    let trace = World::new(3, 251, Knobs::default()).run();
    all_delivered(&trace, 251);
    assert!(bulks(&trace.asked).any(|asked| asked.contacts == 1));
}

#[test]
fn cancelled_at_any_step() {
    for step in 1..60 {
        let mut world = World::new(step as u64, 2_000, Knobs::default());
        world.cancel_at_step = Some(step);
        let trace = world.run();
        let posted: u64 = bulks(&trace.asked).map(|asked| asked.contacts as u64).sum();
        let progress = trace.end();
        assert!(
            matches!(trace.result(), RunResult::Cancelled | RunResult::Succeeded),
            "step {step}: {:?}",
            trace.summary()
        );
        assert_eq!(settled(trace.summary()), posted, "step {step}: what was on its way is settled");
        assert_eq!(progress.queued, 0, "step {step}");
        assert_eq!(progress.delivered, posted, "step {step}: {progress:?}");
    }
}

/// A cancelled run says "not sent" of a profile only if it was not sent.
#[test]
fn cancelled_while_an_answer_is_lost() {
    for seed in 1..=20 {
        let cancel_at = 4 + usize::try_from(seed % 5).unwrap();
        let mut world = World::new(seed, 250, Knobs::default())
            .faults(|asked| if asked.kind == Kind::Bulk { Fault::AnswerLost } else { Fault::None });
        world.csv = csv(250);
        world.cancel_at_step = Some(cancel_at);
        let trace = world.run();
        let posted: u64 = bulks(&trace.asked).take(1).map(|asked| asked.contacts as u64).sum();
        if trace.result() == RunResult::Cancelled && posted > 0 {
            let progress = trace.end();
            assert_eq!(progress.pending, 0, "seed {seed}: sent, its fate unknown, yet counted as not sent");
            assert_eq!(progress.unverified, 250, "seed {seed}");
        }
    }
}

#[test]
fn the_source_breaks_off() {
    for seed in 1..=50 {
        let mut world = World::new(seed, 1_500, Knobs::default());
        let at = usize::try_from(seed * 1_301).unwrap() % world.csv.len();
        world.ending = if seed % 2 == 0 { Ending::BreaksAt(at) } else { Ending::ShortAt(at) };
        let trace = world.run();
        let stop = trace.summary().stop.as_ref().expect("a stop");
        assert_eq!((stop.code, stop.category), ("source_failed", Category::Source), "seed {seed}");
        assert!(stop.retry_helps, "seed {seed}");
        assert_eq!(trace.result(), RunResult::Blocked, "seed {seed}");
        // What was on its way is settled; nothing is left in between.
        assert_eq!(trace.end().queued, 0, "seed {seed}");
        let posted: u64 = bulks(&trace.asked).map(|asked| asked.contacts as u64).sum();
        assert_eq!(trace.end().delivered, posted, "seed {seed}");
    }
}

#[test]
fn an_empty_source_or_a_missing_column_sends_nothing() {
    let cases: [(&str, &[u8], Category); 4] = [
        ("no bytes", b"", Category::Source),
        ("only a header", b"CustomerId,EMail,FirstName,LastName,Telephone,Points\n", Category::Source),
        (
            "no e-mail column",
            b"CustomerId,Mail,FirstName,LastName,Telephone,Points\n1,a@b.de,A,B,,\n",
            Category::Settings,
        ),
        ("two e-mail columns", b"CustomerId,EMail,EMail,FirstName,LastName,Telephone,Points\n", Category::Settings),
    ];
    for (what, bytes, category) in cases {
        let mut world = World::new(1, 0, Knobs::default());
        world.csv = bytes.to_vec();
        let trace = world.run();
        assert_eq!(trace.result(), RunResult::Blocked, "{what}");
        assert_eq!(trace.stop().map(|(_, who)| who), Some(category), "{what}");
        assert!(trace.asked.is_empty(), "{what}: sent something");
    }
}

#[test]
fn rejected_duplicate_and_excluded_profiles_are_counted() {
    each_seed(20, counted_world, |trace| {
        let progress = trace.end();
        let told = (progress.read, progress.delivered, progress.rejected, progress.duplicate, progress.excluded);
        assert_eq!(told, (6, 2, 2, 1, 1), "seed {}", trace.seed);
        assert_eq!(trace.result(), RunResult::CompletedWithRejections);
        let rules: Vec<(u64, &str, Option<&str>)> = trace
            .rejections
            .iter()
            .map(|rejection| (rejection.position.row, rejection.rule.code(), rejection.source_id.as_deref()))
            .collect();
        let expected = [(2, "email_no_at", Some("C2")), (3, "duplicate", Some("C3")), (6, "email_missing", Some("C6"))];
        assert_eq!(rules, expected, "seed {}", trace.seed);
    });
}

/// A run that ends early has reported whatever it has counted (invariant 20).
#[test]
fn rejected_profiles_before_the_end_of_a_broken_source() {
    for cancel_at in [None, Some(3), Some(5)] {
        let mut world = counted_world(1);
        world.ending = Ending::BreaksAt(world.csv.len() - 9);
        world.cancel_at_step = cancel_at;
        let trace = world.run();
        assert_eq!(trace.rejections.len() as u64, trace.end().rejected + trace.end().duplicate);
    }
}

fn counted_world(seed: u64) -> World<'static> {
    let mut world = World::new(seed, 0, Knobs::default());
    world.definition["mapping"]["consent"] = "Consent".into();
    world.csv = b"CustomerId,EMail,FirstName,LastName,Telephone,Points,Consent\n\
        C1,one@example.com,A,B,,1,yes\nC2,two.example.com,A,B,,2,yes\nC3, ONE@example.com ,A,B,,3,yes\n\
        C4,four@example.com,A,B,,4,\nC5,five@example.com,A,B,,5,TRUE\nC6,,A,B,,6,1\n"
        .to_vec();
    world
}

/// Nothing of the source has been sent when the definition's list is unknown.
#[test]
fn an_unknown_list_is_an_issue_before_the_run() {
    let mut settings = definition();
    settings["list"] = 5.into();
    let issues = Plan::parse(settings.to_string().as_bytes(), Some(&schema()), &[]).unwrap_err();
    let told: Vec<(&str, &str)> = issues.iter().map(|issue| (issue.path.as_str(), issue.code)).collect();
    assert_eq!(told, [("list", "unknown_list")]);
    assert!(issues[0].message.contains("4 (Newsletter)"), "{}", issues[0].message);
}

#[test]
fn a_plan_made_without_the_account_sends_nothing() {
    let plan = Plan::parse(definition().to_string().as_bytes(), None, &[]).unwrap();
    let mut export = Export::new(plan, ExportOptions::default(), None, Timestamp::from_millis(START));
    match export.poll_output() {
        Some(Output::Finish(summary)) => assert_eq!(summary.stop.unwrap().code, "unresolved"),
        other => panic!("{other:?}"),
    }
}

/// Fault 38: no burst (asserted in every run), and no wait beyond the cap of 15 minutes.
#[test]
fn the_clock_jumps() {
    for hours in [-1, 1] {
        for step in [2, 6, 9, 15] {
            let mut world = World::new(step as u64, 2_000, Knobs::default());
            world.jump = Some((step, hours * 3_600_000));
            let trace = world.run();
            assert_eq!(trace.end().delivered, 2_000, "{hours} h at step {step}: {:?}", trace.summary());
            for (at, wait) in &trace.waits {
                let until = wait.until.map_or(0, Timestamp::as_millis);
                assert!(until.saturating_sub(*at) <= 15 * 60_000, "{hours} h at step {step}: a dead wait");
            }
        }
    }
}

/// A laptop that sleeps after one bad answer wakes up and tries again; it has not been failing all night.
#[test]
fn one_failure_and_then_a_long_sleep() {
    for (status, step) in [503, 429].into_iter().flat_map(|status| (2..9).map(move |step| (status, step))) {
        let mut world = World::new(1, 200, Knobs::default()).faults(move |asked| {
            let first = asked.kind == Kind::Bulk && asked.nth == 1;
            if first { Fault::Instead(Reply::text(status, "{}")) } else { Fault::None }
        });
        world.jump = Some((step, 3_600_000));
        let trace = world.run();
        assert_eq!(trace.end().delivered, 200, "status {status}, step {step}: {:?}", trace.stop());
    }
}

/// Takes outputs up to `Wait` or `Finish`; gives the ids of what is to be sent.
fn drain(export: &mut Export) -> Vec<u64> {
    let mut ids = Vec::new();
    while let Some(output) = export.poll_output() {
        if let Output::Send(request) = output {
            ids.push(request.id);
        }
    }
    ids
}

#[test]
fn the_order_of_calls_is_kept() {
    let now = Timestamp::from_millis(START);
    let plan = Plan::parse(definition().to_string().as_bytes(), Some(&schema()), &[]).unwrap();
    let mut export = Export::new(plan, ExportOptions::default(), None, now);
    assert_eq!(export.handle_input(now, &Input::Wake), Err(Misuse::Undrained));
    drain(&mut export);
    let before = export.progress();
    let unknown = Input::Response { id: 77, status: 200, retry_after: None, body: b"{}" };
    assert_eq!(export.handle_input(now, &unknown), Err(Misuse::UnknownRequest));
    let silence = Input::Unanswered { id: 77, sent: Sent::No };
    assert_eq!(export.handle_input(now, &silence), Err(Misuse::UnknownRequest));
    assert_eq!(export.progress(), before, "misuse changes nothing");
    export.handle_input(now, &Input::Bytes(&csv(2))).unwrap();
    assert_eq!(export.handle_input(now, &Input::Bytes(b"x")), Err(Misuse::Undrained));
    drain(&mut export);
    // A spurious wake does nothing.
    export.handle_input(now, &Input::Wake).unwrap();
    assert!(drain(&mut export).is_empty());
    export.handle_input(now, &Input::EndOfSource).unwrap();
    let ids = drain(&mut export);
    assert_eq!(ids.len(), 1);
    assert_eq!(export.handle_input(now, &Input::Bytes(b"x")), Err(Misuse::SourceEnded));
    let refused = Input::Response { id: ids[0], status: 402, retry_after: None, body: b"" };
    export.handle_input(now, &refused).unwrap();
    drain(&mut export);
    assert_eq!(export.handle_input(now, &Input::Wake), Err(Misuse::Finished));
    assert_eq!(export.handle_input(now, &refused), Err(Misuse::Finished));
}

/// An answer that is told twice is told once too often.
#[test]
fn an_answer_counts_once() {
    let now = Timestamp::from_millis(START);
    let plan = Plan::parse(definition().to_string().as_bytes(), Some(&schema()), &[]).unwrap();
    let mut export = Export::new(plan, ExportOptions::default(), None, now);
    drain(&mut export);
    export.handle_input(now, &Input::Bytes(&csv(2))).unwrap();
    drain(&mut export);
    export.handle_input(now, &Input::EndOfSource).unwrap();
    let id = drain(&mut export)[0];
    let taken = Input::Response { id, status: 200, retry_after: None, body: br#"{"success":1,"batchId":"b"}"# };
    export.handle_input(now, &taken).unwrap();
    drain(&mut export);
    assert_eq!(export.progress().queued, 2, "a 200 only queues");
    assert_eq!(export.progress().delivered, 0);
    assert_eq!(export.handle_input(now, &taken), Err(Misuse::UnknownRequest));
    assert_eq!(export.progress().queued, 2);
}

/// The first profile of an address goes out, whatever comes later.
#[test]
fn the_first_of_an_address_wins() {
    let mut world = World::new(5, 0, Knobs::default());
    let mut text = csv(600);
    text.extend_from_slice(b"C601,USER17@example.com,Late,Comer,,9\n");
    world.csv = text;
    let trace = world.run();
    assert_eq!(trace.end().duplicate, 1);
    assert_eq!(trace.rejections[0].position.row, 601);
    let sent = bulks(&trace.asked).flat_map(|asked| contacts_of(&asked.body));
    let kept: Vec<_> = sent.filter(|sent| address(sent) == "user17@example.com").collect();
    assert_eq!(kept, [contact(17)]);
}

/// A source of which every fifth address is none.
fn every_fifth_bad(count: usize) -> Vec<u8> {
    let text = String::from_utf8(csv(count)).unwrap();
    let spoilt =
        |(at, line): (usize, &str)| if at % 5 == 1 { line.replace("@Example", " at example") } else { line.into() };
    text.lines().enumerate().map(spoilt).map(|line| line + "\n").collect::<String>().into_bytes()
}

/// Fault 52: more rejected profiles than the definition allows look like a wrong column.
#[test]
fn a_share_of_rejected_profiles_stops_the_run() {
    let run = |count: usize, most: Option<u64>| {
        let mut world = World::new(1, 0, Knobs::default());
        world.csv = every_fifth_bad(count);
        if let Some(most) = most {
            world.definition["maxRejectedPercent"] = json!(most);
        }
        world.run()
    };
    let stopped = run(20_000, Some(19));
    assert_eq!(stopped.stop(), Some(("too_many_rejected", Category::Source)), "{:?}", stopped.summary());
    assert!((500..3_000).contains(&stopped.end().read), "{:?}", stopped.summary());
    let message = &stopped.summary().stop.as_ref().unwrap().message;
    assert!(message.contains("email_no_at") && message.contains("19 %"), "{message}");
    // What had gone out before is followed to its end.
    assert_eq!((stopped.end().queued, stopped.end().unverified), (0, 0));
    for most in [None, Some(21), Some(100)] {
        let whole = run(20_000, most);
        assert_eq!(whole.result(), RunResult::CompletedWithRejections, "{most:?}");
        assert_eq!((whole.end().delivered, whole.end().rejected), (16_000, 4_000), "{most:?}");
    }
    // A small source is judged when it is read, before anything is sent.
    let small = run(10, Some(0));
    assert_eq!((small.stop().map(|(code, _)| code), small.asked.len()), (Some("too_many_rejected"), 0));
}

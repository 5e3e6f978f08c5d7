//! Refusals by the importer: a 400 that names contacts, one that names none, a body that is too large. By
//! simulation against the model account: innocent contacts are delivered, guilty ones rejected, nobody else.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::export::RunResult;
use activecampaign_export::rejection::Rule;
use common::account::{Knobs, Reply};
use common::dice::Dice;
use common::laws::{bulks, resends_are_identical};
use common::{Fault, Kind, START, Trace, World, each_seed, email};
use std::collections::BTreeSet;

/// `count` different addresses among the first `of`.
fn some_of(seed: u64, count: u64, of: u64) -> BTreeSet<String> {
    let mut dice = Dice::new(seed);
    let mut chosen = BTreeSet::new();
    while (chosen.len() as u64) < count {
        chosen.insert(email(usize::try_from(dice.between(1, of)).unwrap()));
    }
    chosen
}

/// The addresses of rejected rows: row `n` is profile `n`.
fn rejected(trace: &Trace) -> BTreeSet<String> {
    trace.rejections.iter().map(|rejection| email(usize::try_from(rejection.position.row).unwrap())).collect()
}

fn only_these_are_rejected(trace: &Trace, guilty: &BTreeSet<String>, profiles: u64) {
    let seed = trace.seed;
    assert_eq!(&rejected(trace), guilty, "seed {seed}: {:?}", trace.summary());
    assert_eq!(trace.end().delivered, profiles - guilty.len() as u64, "seed {seed}");
    assert_eq!(trace.result(), RunResult::CompletedWithRejections, "seed {seed}");
    for rejection in &trace.rejections {
        assert_eq!(rejection.rule, Rule::RefusedByAccount, "seed {seed}");
        assert!(!rejection.reason.contains('@'), "seed {seed}: an address in {}", rejection.reason);
        assert_eq!(rejection.source_id, Some(format!("C{}", rejection.position.row)), "seed {seed}");
    }
}

fn named(seed: u64, base: u64) -> (BTreeSet<String>, World<'static>) {
    let guilty = some_of(seed, 1 + seed % 7, 600);
    let knobs = Knobs { refuse_named: guilty.clone(), index_base: base, ..Knobs::default() };
    (guilty, World::new(seed, 600, knobs))
}

#[test]
fn named_from_one() {
    each_seed(
        50,
        |seed| named(seed, 1).1,
        |trace| {
            only_these_are_rejected(trace, &named(trace.seed, 1).0, 600);
            let posts = bulks(&trace.asked).count();
            assert!(posts <= 20, "seed {}: {posts} requests for three batches", trace.seed);
        },
    );
}

#[test]
fn named_from_zero() {
    each_seed(
        50,
        |seed| named(seed, 0).1,
        |trace| {
            only_these_are_rejected(trace, &named(trace.seed, 0).0, 600);
        },
    );
}

/// Counting from zero is learned with a handful of requests, not by trying one innocent contact after the other
/// (invariant 16: the number of requests is bounded by the faults).
#[test]
fn named_from_zero_is_learned_quickly() {
    each_seed(
        20,
        |seed| named(seed, 0).1,
        |trace| {
            let posts = bulks(&trace.asked).count();
            assert!(posts <= 24, "seed {}: {posts} requests for three batches", trace.seed);
            let took = trace.ended - START;
            assert!(took < 120_000, "seed {}: {took} ms", trace.seed);
        },
    );
}

fn ends(base: u64) -> World<'static> {
    let guilty = [email(1), email(250), email(251), email(500)].into_iter().collect();
    World::new(base + 1, 500, Knobs { refuse_named: guilty, index_base: base, ..Knobs::default() })
}

#[test]
fn the_first_and_the_last_of_a_batch() {
    for base in [0, 1] {
        let trace = ends(base).run();
        let guilty = [email(1), email(250), email(251), email(500)].into_iter().collect();
        only_these_are_rejected(&trace, &guilty, 500);
    }
}

/// Positions that no batch has are not guessed at: the batch is halved (fault 6).
#[test]
fn positions_that_make_no_sense() {
    let bodies = [
        r#"{"success":0,"message":"no","failureReasons":[{"contact":251,"failureReason":"x"}]}"#,
        r#"{"success":0,"message":"no","failureReasons":[{"contact":-1,"failureReason":"x"}]}"#,
        r#"{"success":0,"message":"no","failureReasons":[{"contact":"first","failureReason":"x"}]}"#,
        r#"{"success":0,"message":"no","failureReasons":[{"contact":0,"failureReason":"x"},{"contact":250,"failureReason":"x"}]}"#,
        r#"{"success":0,"message":"no","failureReasons":[{"failureReason":"x"}]}"#,
        "{}",
        "",
        "<html>400</html>",
        r#"{"errors":"Bulk operation failed."}"#,
    ];
    for (index, body) in bodies.iter().enumerate() {
        let body = (*body).to_owned();
        let world = World::new(index as u64, 250, Knobs::default()).faults(move |asked| {
            if asked.kind == Kind::Bulk && asked.nth == 1 {
                Fault::Instead(Reply::text(400, &body))
            } else {
                Fault::None
            }
        });
        let trace = world.run();
        assert_eq!(trace.end().delivered, 250, "{}: {:?}", bodies[index], trace.summary());
    }
}

fn poisoned(seed: u64, count: u64) -> (BTreeSet<String>, World<'static>) {
    let guilty = some_of(seed, count, 250);
    (guilty.clone(), World::new(seed, 250, Knobs { refuse_silently: guilty, ..Knobs::default() }))
}

#[test]
fn one_poisoned_contact_is_found_by_halving() {
    each_seed(
        50,
        |seed| poisoned(seed, 1).1,
        |trace| {
            only_these_are_rejected(trace, &poisoned(trace.seed, 1).0, 250);
            let posts = bulks(&trace.asked).count();
            // One batch, and two halves on each of eight levels.
            assert!(posts <= 17, "seed {}: {posts} requests", trace.seed);
        },
    );
}

#[test]
fn a_few_poisoned_contacts() {
    each_seed(
        20,
        |seed| poisoned(seed, 4).1,
        |trace| {
            only_these_are_rejected(trace, &poisoned(trace.seed, 4).0, 250);
        },
    );
}

#[test]
fn an_account_that_refuses_everything_is_to_blame() {
    let world = |seed| World::new(seed, 1_000, Knobs { refuse_all: true, ..Knobs::default() });
    each_seed(50, world, |trace| {
        let stop = trace.summary().stop.as_ref().expect("a stop");
        assert_eq!((stop.code, trace.result()), ("batches_refused", RunResult::Blocked));
        assert!(trace.rejections.is_empty(), "seed {}: no contact is to blame", trace.seed);
        assert!(bulks(&trace.asked).count() <= 16, "seed {}", trace.seed);
        assert_eq!(trace.end().delivered, 0);
    });
}

/// A mapping or an account at fault must not look like a few bad contacts, however small the segment
/// (only while other batches pass is a contact the poison).
#[test]
fn a_small_segment_that_is_refused_whole() {
    for profiles in [2, 3, 5, 20] {
        let trace = World::new(1, profiles, Knobs { refuse_all: true, ..Knobs::default() }).run();
        assert!(trace.rejections.is_empty(), "{profiles} profiles: {} blamed", trace.rejections.len());
        assert_eq!(trace.result(), RunResult::Blocked, "{profiles} profiles");
    }
}

/// In the middle of a run everything is refused (a field was deleted, fault 46): blocked, not a row of rejections.
#[test]
fn refused_from_the_middle_on() {
    let refusal = || Reply::text(400, r#"{"success":0,"message":"no","failureReasons":["Field id not valid"]}"#);
    let world = World::new(9, 5_000, Knobs::default()).faults(move |asked| {
        if asked.kind == Kind::Bulk && asked.nth > 10 { Fault::Instead(refusal()) } else { Fault::None }
    });
    let trace = world.run();
    assert_eq!(trace.result(), RunResult::Blocked, "{:?}", trace.summary());
    assert_eq!(trace.rejections.len(), 0, "no contact is to blame");
}

#[test]
fn bodies_above_what_the_edge_takes_are_split() {
    let world = |seed| World::new(seed, 1_000, Knobs { max_bytes: Some(12_000), ..Knobs::default() });
    each_seed(20, world, |trace| {
        assert_eq!(trace.result(), RunResult::Succeeded, "seed {}: {:?}", trace.seed, trace.summary());
        assert_eq!(trace.end().delivered, 1_000);
    });
}

#[test]
fn a_contact_that_alone_is_too_large_for_the_edge() {
    let trace = World::new(1, 3, Knobs { max_bytes: Some(40), ..Knobs::default() }).run();
    let rules: Vec<Rule> = trace.rejections.iter().map(|rejection| rejection.rule).collect();
    assert_eq!(rules, [Rule::ContactTooLarge; 3]);
    assert_eq!(trace.end().rejected, 3);
}

/// 40 % of the contacts are bad, each named (fault 51).
#[test]
fn many_named_contacts() {
    let guilty: BTreeSet<String> = (1..=1_000).filter(|index| index % 5 < 2).map(email).collect();
    let knobs = Knobs { refuse_named: guilty.clone(), ..Knobs::default() };
    let trace = World::new(4, 1_000, knobs).run();
    only_these_are_rejected(&trace, &guilty, 1_000);
}

/// A contact that the import lists as failed is rejected, in whatever case it is spelt (fault 28).
#[test]
fn failures_in_the_import() {
    for upper_failure in [false, true] {
        let world = move |seed| {
            let fail_late = some_of(seed, 5, 600);
            World::new(seed, 600, Knobs { fail_late, upper_failure, ..Knobs::default() })
        };
        each_seed(30, world, |trace| {
            assert_eq!(rejected(trace), some_of(trace.seed, 5, 600), "seed {}", trace.seed);
            assert!(trace.rejections.iter().all(|rejection| rejection.rule == Rule::FailedInImport));
            assert_eq!(trace.end().delivered, 595, "seed {}", trace.seed);
            assert_eq!(trace.by_rule().get("failed_in_import"), Some(&5));
            resends_are_identical(trace);
        });
    }
}

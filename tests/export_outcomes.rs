//! From "queued" to "delivered": every way in which the outcome of an import can be told, by simulation against the
//! model account. Accepted is never delivered; what nobody can say is `unverified`.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::export::RunResult;
use common::account::{Fate, Knobs, Reply};
use common::laws::{bulks, resends_are_identical};
use common::{Fault, Kind, START, Trace, World, contact, each_seed, email};
use serde_json::json;
use std::cell::RefCell;
use std::rc::Rc;

fn counts(trace: &Trace) -> (u64, u64, u64) {
    let progress = trace.end();
    (progress.delivered, progress.rejected, progress.unverified)
}

fn with(knobs: Knobs) -> impl Fn(u64) -> World<'static> {
    move |seed| World::new(seed, 600, knobs.clone())
}

#[test]
fn an_import_that_takes_its_time() {
    let world = |seed| {
        let import_millis = 1_000 * (1 + seed * 11);
        World::new(seed, 600, Knobs { import_millis, odd_word: seed % 2 == 0, ..Knobs::default() })
    };
    each_seed(50, world, |trace| {
        assert_eq!(counts(trace), (600, 0, 0), "seed {}", trace.seed);
        assert_eq!(trace.end().resent, 0, "seed {}", trace.seed);
    });
}

/// Fault 25: failed and interrupted imports are sent again, the same bytes.
#[test]
fn failed_and_interrupted_imports() {
    for fates in [vec![Fate::Fails], vec![Fate::Interrupted], vec![Fate::Fails, Fate::Interrupted, Fate::Fails]] {
        let sent_again = 250 * fates.len() as u64;
        each_seed(15, with(Knobs { fates: fates.clone(), ..Knobs::default() }), |trace| {
            assert_eq!(counts(trace), (600, 0, 0), "seed {}: {fates:?}", trace.seed);
            assert!(trace.end().resent <= sent_again, "seed {}", trace.seed);
            resends_are_identical(trace);
        });
    }
}

#[test]
fn imports_that_always_fail() {
    each_seed(10, with(Knobs { fates: vec![Fate::Fails; 1_000], ..Knobs::default() }), |trace| {
        assert_eq!(counts(trace), (0, 0, 600), "seed {}", trace.seed);
        assert_eq!(trace.result(), RunResult::Incomplete);
        assert!(bulks(&trace.asked).count() <= 3 * 5, "seed {}: attempts are bounded", trace.seed);
        resends_are_identical(trace);
    });
}

/// Fault 24: an import that never ends is waited for, sent once more, and then nobody can say.
#[test]
fn stuck_imports() {
    each_seed(10, with(Knobs { fates: vec![Fate::Stuck; 1_000], ..Knobs::default() }), |trace| {
        assert_eq!(counts(trace), (0, 0, 600), "seed {}", trace.seed);
        let minutes = (trace.ended - START) / 60_000;
        assert!((30..=70).contains(&minutes), "seed {}: {minutes} minutes", trace.seed);
    });
    each_seed(10, with(Knobs { fates: vec![Fate::Stuck], ..Knobs::default() }), |trace| {
        assert_eq!(counts(trace), (600, 0, 0), "seed {}", trace.seed);
    });
}

/// `status` stays `false`, for ever: like a batch that the account has never heard of.
#[test]
fn a_status_that_stays_false() {
    let world = |seed| {
        let reply = Reply::json(200, &json!({"status": false, "success": [], "failure": []}));
        World::new(seed, 250, Knobs::default())
            .faults(move |asked| if asked.kind == Kind::Info { Fault::Instead(reply.clone()) } else { Fault::None })
    };
    each_seed(5, world, |trace| assert_eq!(counts(trace), (0, 0, 250), "seed {}", trace.seed));
}

/// Fault 26: sent once more, then unverified.
#[test]
fn outcomes_that_the_account_has_forgotten() {
    for status in [400, 404] {
        each_seed(10, with(Knobs { info_status: Some(status), ..Knobs::default() }), |trace| {
            assert_eq!(counts(trace), (0, 0, 600), "seed {}", trace.seed);
            assert_eq!(bulks(&trace.asked).count(), 6, "seed {}: each batch twice", trace.seed);
            resends_are_identical(trace);
        });
    }
}

/// `completed` and not a word about whom: the contacts are looked up.
#[test]
fn an_outcome_without_arrays() {
    each_seed(10, with(Knobs { no_arrays: true, ..Knobs::default() }), |trace| {
        let (delivered, rejected, unverified) = counts(trace);
        assert_eq!((delivered + unverified, rejected), (600, 0), "seed {}", trace.seed);
        assert_eq!(delivered, 600, "seed {}: every contact can be found in the account", trace.seed);
    });
}

/// U23: `success` names created contacts only. On an account where all exist, nothing is ever listed; the
/// contacts are there all the same.
#[test]
fn updates_that_are_not_listed() {
    let world = |seed: u64| {
        let mut world = World::new(seed, 600, Knobs { created_only: true, ..Knobs::default() });
        // All, none, or some of them exist already, under other names.
        for index in (1..=600).filter(|index| (index + seed) % 3 < seed % 4) {
            let old = json!({"email": email(usize::try_from(index).unwrap()), "first_name": "Old", "phone": "1"});
            world.account.hold(&old);
        }
        world
    };
    each_seed(50, world, |trace| {
        assert_eq!(counts(trace), (600, 0, 0), "seed {}", trace.seed);
        let lookups = trace.asked.iter().filter(|asked| asked.kind == Kind::Contacts).count();
        assert!(lookups <= 60, "seed {}: {lookups} look-ups for a sample", trace.seed);
    });
}

/// Fault 27: contacts that are neither listed nor applied are found out and never called delivered.
#[test]
fn contacts_that_are_silently_skipped() {
    let world = |seed: u64| {
        let skip = (1..=1 + usize::try_from(seed).unwrap() % 9).map(|index| email(index * 60)).collect();
        World::new(seed, 600, Knobs { skip, ..Knobs::default() })
    };
    each_seed(30, world, |trace| {
        let skipped = 1 + trace.seed % 9;
        assert_eq!(counts(trace), (600 - skipped, 0, skipped), "seed {}", trace.seed);
        assert_eq!(trace.result(), RunResult::Incomplete);
    });
}

/// The same when the skipped contact has been in the account since an earlier run, with other values.
#[test]
fn skipped_contacts_that_exist_with_older_values() {
    let world = |seed: u64| {
        let skip = [email(60), email(61)].into_iter().collect();
        let mut world = World::new(seed, 250, Knobs { skip, ..Knobs::default() });
        let mut old = contact(60);
        old["first_name"] = json!("Maiden");
        world.account.hold(&old);
        world
    };
    each_seed(10, world, |trace| assert_eq!(counts(trace), (248, 0, 2), "seed {}", trace.seed));
}

/// Fault 28: an address that was never in the batch means that the answer is not about it.
#[test]
fn an_unknown_address_among_the_failures() {
    each_seed(10, with(Knobs { stranger: true, ..Knobs::default() }), |trace| {
        assert_eq!(counts(trace), (0, 0, 600), "seed {}", trace.seed);
    });
}

#[test]
fn more_told_than_sent() {
    each_seed(10, with(Knobs { one_too_many: true, ..Knobs::default() }), |trace| {
        assert_eq!(counts(trace), (0, 0, 600), "seed {}", trace.seed);
    });
}

/// Answers `POST` number `second` with the answer to `POST` number 1; the account does not see it.
fn stale(seed: u64, profiles: usize, second: usize, applied: bool) -> World<'static> {
    let first: Rc<RefCell<Option<Reply>>> = Rc::default();
    World::new(seed, profiles, Knobs::default()).faults(move |asked| {
        if asked.kind != Kind::Bulk {
            return Fault::None;
        }
        // The model's own first id.
        let id = format!("0641fbdd-f62f-4c2c-ba02-{:012}", 1);
        let reply = Reply::json(200, &json!({"success": 1, "queued_contacts": 250, "batchId": id}));
        first.borrow_mut().get_or_insert(reply.clone());
        match asked.nth == second {
            true if applied => Fault::Masked(reply),
            true => Fault::Instead(reply),
            false => Fault::None,
        }
    })
}

/// Fault 23: one id for two batches. Both go out again, under ids of their own.
#[test]
fn one_id_for_two_open_batches() {
    for applied in [false, true] {
        each_seed(
            20,
            |seed| stale(seed, 1_000, 2, applied),
            |trace| {
                assert_eq!(counts(trace), (1_000, 0, 0), "seed {}", trace.seed);
            },
        );
    }
}

/// The same, long after the first batch was settled: its outcome says nothing about the second.
#[test]
fn one_id_for_a_settled_batch_and_a_later_one() {
    each_seed(
        5,
        |seed| stale(seed, 40_000, 150, false),
        |trace| {
            assert_eq!(counts(trace).0, 40_000, "seed {}: {:?}", trace.seed, trace.summary());
        },
    );
}

/// Every tenth contact fails, some are skipped, and updates are not listed: whatever the mixture, the oracle is
/// never contradicted (asserted at the end of every run) and every profile has its place.
#[test]
fn mixtures() {
    let world = |seed: u64| {
        let fail_late = (1..=600).filter(|index| index % 10 == 3).map(email).collect();
        let skip =
            if seed.is_multiple_of(2) { [email(44), email(399)].into_iter().collect() } else { Default::default() };
        let fates = vec![Fate::Completes, Fate::Fails, Fate::Interrupted, Fate::Completes];
        let created_only = seed % 2 == 1;
        let knobs =
            Knobs { fail_late, skip, fates, created_only, upper_failure: seed.is_multiple_of(3), ..Knobs::default() };
        let mut world = World::new(seed, 600, knobs);
        world.account.hold(&json!({"email": email(7)}));
        world.faults(move |asked| match (asked.kind, (asked.nth as u64 + seed) % 5) {
            (Kind::Bulk, 0) => Fault::AnswerLost,
            (Kind::Info, 1) => Fault::Instead(Reply::text(502, "<html></html>")),
            (Kind::Contacts, 2) => Fault::Lost,
            _ => Fault::None,
        })
    };
    each_seed(50, world, |trace| {
        let (delivered, rejected, unverified) = counts(trace);
        assert_eq!(delivered + rejected + unverified, 600, "seed {}", trace.seed);
        assert_eq!(rejected, 60, "seed {}", trace.seed);
        assert!(unverified <= 2, "seed {}: {unverified}", trace.seed);
    });
}

/// Fault 22: an answer that says it queued fewer than were sent; the documentation's own numbers do not add up either.
#[test]
fn fewer_queued_than_sent() {
    let world = |seed| {
        World::new(seed, 600, Knobs::default()).faults(|asked| match asked.kind {
            Kind::Bulk => {
                let id = format!("0641fbdd-f62f-4c2c-ba02-{:012}", asked.nth);
                Fault::Masked(Reply::json(200, &json!({"success": 1, "queued_contacts": 3, "batchId": id})))
            }
            _ => Fault::None,
        })
    };
    each_seed(20, world, |trace| {
        assert_eq!((trace.end().delivered, trace.end().resent), (600, 0), "seed {}: {:?}", trace.seed, trace.summary());
    });
}

/// Fault 29: once a batch's outcome was read, nothing that the account says of it later matters.
#[test]
fn a_verdict_is_asked_for_once() {
    let world = |seed| World::new(seed, 2_000, Knobs { import_millis: 9_000, ..Knobs::default() });
    each_seed(20, world, |trace| {
        let mut asked: Vec<(u64, &str)> =
            trace.asked.iter().filter(|one| one.kind == Kind::Info).map(|one| (one.at, one.path.as_str())).collect();
        asked.sort_unstable();
        let posts: Vec<u64> = trace.asked.iter().filter(|one| one.kind == Kind::Bulk).map(|one| one.at).collect();
        for nth in 1..=posts.len() {
            let id = format!("{nth:012}");
            // The account takes a batch when it is asked: the first look after its nine seconds sees the verdict.
            let over = posts[nth - 1] + 9_000;
            let after = asked.iter().filter(|(at, path)| path.ends_with(&id) && *at >= over).count();
            assert_eq!(after, 1, "seed {}: batch {nth} was asked for {after} times after its end", trace.seed);
        }
    });
}

//! Throttles, outages, refusals of the key and lost answers: each named fault by
//! simulation against the model account. The run waits, tries again with the same bytes, or says who must act.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::error::Category;
use activecampaign_export::export::{RunResult, WaitReason};
use common::account::{Knobs, Reply};
use common::laws::{bulks, resends_are_identical};
use common::{Asked, Fault, Kind, START, Trace, World, each_seed};
use std::collections::BTreeSet;

const PAGE: &str = "<!DOCTYPE html><html><body><form>Log in</form></body></html>";
const LIMIT: &str = r#"{"success":0,"message":"Rate limit exceeded.","failureReasons":["Up to 100 imports may be requested per minute.Please batch contacts into larger requests, or retry this request in a minute."]}"#;

fn is_bulk(asked: &Asked) -> bool {
    asked.kind == Kind::Bulk
}

/// A world of 1,000 profiles in which `reply` answers those requests that `when` picks.
fn instead(seed: u64, reply: Reply, when: impl Fn(&Asked) -> bool + 'static) -> World<'static> {
    World::new(seed, 1_000, Knobs::default())
        .faults(move |asked| if when(asked) { Fault::Instead(reply.clone()) } else { Fault::None })
}

fn all_delivered(trace: &Trace) {
    assert_eq!(trace.result(), RunResult::Succeeded, "seed {}: {:?}", trace.seed, trace.summary());
    assert_eq!(trace.end().delivered, 1_000, "seed {}", trace.seed);
    resends_are_identical(trace);
}

fn blocked(trace: &Trace, code: &str, category: Category) {
    assert_eq!(trace.stop(), Some((code, category)), "seed {}: {:?}", trace.seed, trace.summary());
    assert_eq!(trace.result(), RunResult::Blocked, "seed {}", trace.seed);
    assert!(trace.rejections.is_empty(), "seed {}: no contact is to blame", trace.seed);
}

/// No request of any kind between `from` and `until` after the throttle.
fn quiet(trace: &Trace, at: u64, millis: u64) {
    let early = trace.asked.iter().filter(|asked| asked.at > at && asked.at < at + millis).count();
    // Those that were on their way already may not be taken back.
    let open = trace.asked.iter().filter(|asked| asked.at > at && asked.at < at + 900).count();
    assert!(early <= open, "seed {}: {early} requests while the account was closed", trace.seed);
}

#[test]
fn too_many_requests_with_a_time() {
    let world = |seed| instead(seed, Reply::text(429, "{}").after("70"), |asked| is_bulk(asked) && asked.nth == 2);
    each_seed(50, world, |trace| {
        all_delivered(trace);
        let at = bulks(&trace.asked).nth(1).unwrap().at;
        quiet(trace, at, 70_000);
        assert!(trace.waits.iter().any(|(_, wait)| wait.reason == WaitReason::Throttled));
    });
}

#[test]
fn too_many_requests_without_a_time_or_with_nonsense() {
    for header in [None, Some(""), Some("soon"), Some("-5"), Some("Mon, 01 Jan 1990 00:00:00 GMT")] {
        let reply = Reply { retry_after: header.map(str::to_owned), ..Reply::text(429, "") };
        let world = move |seed| instead(seed, reply.clone(), |asked| is_bulk(asked) && asked.nth == 1);
        each_seed(10, world, all_delivered);
    }
}

/// A `Retry-After` beyond the cap is cut to 15 minutes, and then the account is asked again (fault 2).
#[test]
fn too_many_requests_with_a_huge_time() {
    for status in [429, 503] {
        let world = move |seed| {
            let reply = Reply::text(status, "{}").after("86400");
            instead(seed, reply, |asked| is_bulk(asked) && asked.nth <= 4)
        };
        each_seed(5, world, |trace| {
            let took = trace.ended - START;
            assert!(took < 40 * 60_000, "seed {}: {took} ms", trace.seed);
            all_delivered(trace);
        });
    }
}

#[test]
fn the_importers_own_limit_is_a_throttle_and_no_poison() {
    let world = |seed| instead(seed, Reply::text(400, LIMIT), |asked| is_bulk(asked) && asked.nth <= 3);
    each_seed(50, world, |trace| {
        all_delivered(trace);
        assert!(trace.ended - START >= 60_000, "seed {}: the text says a minute", trace.seed);
    });
}

#[test]
fn throttled_for_ever() {
    for reply in [Reply::text(400, LIMIT), Reply::text(429, ""), Reply::text(429, "{}").after("30")] {
        let world = move |seed| instead(seed, reply.clone(), |_| true);
        each_seed(10, world, |trace| {
            blocked(trace, "rate_limited", Category::Remote);
            assert!(trace.summary().stop.as_ref().unwrap().retry_helps);
            assert_eq!(trace.end().pending, trace.end().read, "seed {}", trace.seed);
            let minutes = (trace.ended - START) / 60_000;
            assert!((15..=31).contains(&minutes), "seed {}: {minutes} minutes", trace.seed);
        });
    }
}

#[test]
fn an_error_once() {
    for status in [500, 502, 503, 504, 520, 408] {
        for applied in [false, true] {
            let reply = Reply::text(status, PAGE);
            let world = move |seed: u64| {
                let reply = reply.clone();
                World::new(seed, 1_000, Knobs::default()).faults(move |asked| match is_bulk(asked) && asked.nth == 2 {
                    true if applied => Fault::Masked(reply.clone()),
                    true => Fault::Instead(reply.clone()),
                    false => Fault::None,
                })
            };
            each_seed(8, world, |trace| {
                all_delivered(trace);
                assert_eq!(trace.end().resent, 250, "seed {}", trace.seed);
            });
        }
    }
}

#[test]
fn an_outage_of_minutes() {
    let world = |seed| {
        let end = START + 60_000 * (1 + seed % 7);
        instead(seed, Reply::text(503, PAGE), move |asked| asked.at < end)
    };
    each_seed(50, world, |trace| {
        all_delivered(trace);
        // A breaker: an outage is asked about, not hammered.
        let posts = bulks(&trace.asked).count() as u64;
        let minutes = (trace.ended - START) / 60_000 + 1;
        assert!(posts <= 4 + 20 * minutes, "seed {}: {posts} requests in {minutes} minutes", trace.seed);
    });
}

#[test]
fn an_outage_for_ever() {
    let world = |seed| instead(seed, Reply::text(500, "{}"), |_| true);
    each_seed(20, world, |trace| {
        blocked(trace, "remote_unavailable", Category::Remote);
        let minutes = (trace.ended - START) / 60_000;
        assert!((10..=13).contains(&minutes), "seed {}: {minutes} minutes", trace.seed);
    });
}

#[test]
fn one_batch_that_always_fails_while_the_others_pass() {
    let poison = |asked: &Asked| is_bulk(asked) && String::from_utf8_lossy(&asked.body).contains("user777@");
    let world = move |seed| instead(seed, Reply::text(500, "{}"), poison);
    each_seed(10, world, |trace| {
        let progress = trace.end();
        // A repeated 5xx while other batches pass is halved until the contact stands alone.
        assert!(progress.delivered >= 998, "seed {}: {progress:?}", trace.seed);
    });
}

#[test]
fn an_unreachable_host() {
    let world = |seed| {
        World::new(seed, 1_000, Knobs::default())
            .faults(move |asked| if asked.at < START + 20_000 { Fault::Unsent } else { Fault::None })
    };
    each_seed(50, world, all_delivered);
    let never = |seed| World::new(seed, 1_000, Knobs::default()).faults(|_| Fault::Unsent);
    each_seed(5, never, |trace| {
        blocked(trace, "remote_unavailable", Category::Remote);
        assert_eq!(trace.end().pending, trace.end().read);
    });
}

#[test]
fn requests_without_an_answer() {
    let world = |seed| {
        World::new(seed, 1_000, Knobs::default()).faults(move |asked| {
            if is_bulk(asked) && asked.nth as u64 % 3 == seed % 3 { Fault::Lost } else { Fault::None }
        })
    };
    each_seed(50, world, all_delivered);
}

/// Fault 18: upserted twice, counted once, and said.
#[test]
fn applied_and_the_answer_lost() {
    let world = |seed| {
        World::new(seed, 1_000, Knobs::default())
            .faults(move |asked| if is_bulk(asked) && asked.nth <= 2 { Fault::AnswerLost } else { Fault::None })
    };
    each_seed(50, world, |trace| {
        all_delivered(trace);
        assert_eq!(trace.end().resent, 500, "seed {}", trace.seed);
        let twice = trace.account.applied.values().filter(|payloads| payloads.len() == 2).count();
        assert_eq!(twice, 500, "seed {}", trace.seed);
    });
}

#[test]
fn answers_to_questions_get_lost_too() {
    let world = |seed| {
        World::new(seed, 1_000, Knobs::default()).faults(move |asked| {
            if !is_bulk(asked) && asked.nth as u64 % 2 == seed % 2 { Fault::Lost } else { Fault::None }
        })
    };
    each_seed(30, world, |trace| {
        all_delivered(trace);
        assert_eq!(trace.end().resent, 0);
    });
}

#[test]
fn answers_that_cannot_be_read() {
    let bodies = [
        "",
        "null",
        "[]",
        "{}",
        "true",
        r#"{"success":0}"#,
        r#"{"success":1}"#,
        r#"{"success":1,"batchId":""}"#,
        r#"{"success":1,"batchId":7}"#,
        r#"{"success":0,"batchId":"b-1"}"#,
        r#"{"success":1,"batchId":"#,
        "queued",
    ];
    for body in bodies {
        let world = move |seed: u64| {
            World::new(seed, 1_000, Knobs::default()).faults(move |asked| {
                if is_bulk(asked) && asked.nth == 1 { Fault::Masked(Reply::text(200, body)) } else { Fault::None }
            })
        };
        each_seed(4, world, |trace| {
            all_delivered(trace);
            assert_eq!(trace.end().resent, 250, "{body}: sent again, the same bytes");
        });
    }
}

#[test]
fn a_page_once() {
    let world = |seed| instead(seed, Reply::text(200, PAGE), |asked| is_bulk(asked) && asked.nth == 1);
    each_seed(30, world, all_delivered);
}

/// Fault 21: two pages in a row, a probe, and the key is to blame.
#[test]
fn pages_for_ever() {
    let world = |seed| instead(seed, Reply::text(200, PAGE), |_| true);
    each_seed(30, world, |trace| {
        blocked(trace, "key_refused", Category::Credentials);
        assert!(trace.asked.iter().any(|asked| asked.path == "/api/3/users/me"), "no probe");
        assert!(bulks(&trace.asked).count() <= 8, "seed {}: hammered", trace.seed);
    });
}

/// The key is good, but the importer answers pages only: not for ever, and never called delivered.
#[test]
fn pages_from_the_importer_alone() {
    let world = |seed| instead(seed, Reply::text(200, PAGE), is_bulk);
    each_seed(10, world, |trace| {
        assert_eq!(trace.end().delivered, 0, "seed {}", trace.seed);
        assert!(bulks(&trace.asked).count() <= 40, "seed {}: hammered", trace.seed);
    });
}

#[test]
fn a_key_refused_once() {
    for status in [401, 403] {
        let reply = Reply::text(status, r#"{"message":"Forbidden"}"#);
        let world = move |seed| instead(seed, reply.clone(), |asked| is_bulk(asked) && asked.nth == 2);
        each_seed(20, world, all_delivered);
    }
}

/// A whim of the service lasts longer than one request: whatever was on the wire in that second is refused, and
/// only a *delayed* second refusal blames the key.
#[test]
fn a_key_refused_for_a_second() {
    let reply = Reply::text(403, r#"{"message":"Forbidden"}"#);
    let world = move |seed| instead(seed, reply.clone(), |asked| asked.at < START + 1_000);
    each_seed(20, world, all_delivered);
}

#[test]
fn a_key_refused_twice() {
    for status in [401, 403] {
        let reply = Reply::text(status, r#"{"message":"Forbidden"}"#);
        let world = move |seed| instead(seed, reply.clone(), |_| true);
        each_seed(20, world, |trace| {
            blocked(trace, "key_refused", Category::Credentials);
            assert!(trace.asked.len() <= 12, "seed {}: {} requests", trace.seed, trace.asked.len());
            assert!(!trace.summary().stop.as_ref().unwrap().retry_helps);
        });
    }
}

/// A key that is revoked in the middle of a run: blocked, and what was taken before is not lost from the counts.
#[test]
fn a_key_revoked_in_the_middle() {
    let reply = Reply::text(403, "{}");
    let world = move |seed| instead(seed, reply.clone(), move |asked| asked.at > START + 3_000 + 100 * (seed % 60));
    each_seed(20, world, |trace| {
        if trace.result() != RunResult::Succeeded {
            blocked(trace, "key_refused", Category::Credentials);
        }
    });
}

#[test]
fn refusals_that_a_person_must_end() {
    let cases = [(402, "plan_limit"), (404, "not_found"), (301, "redirected"), (302, "redirected"), (0, "redirected")];
    for (status, code) in cases {
        let world = move |seed| instead(seed, Reply::text(status, "{}"), |asked| is_bulk(asked) && asked.nth >= 2);
        each_seed(10, world, |trace| {
            blocked(trace, code, Category::Remote);
            assert!(!trace.summary().stop.as_ref().unwrap().retry_helps, "{status}");
            // Those that were open at that moment, and no more.
            assert!(bulks(&trace.asked).count() <= 6, "{status}: hammered");
        });
    }
}

/// Every second batch's first answer is lost, though the account does its work: what goes out again has a budget of its
/// own, so that the account gets no more than its usual traffic and a fifth.
#[test]
fn resends_have_a_budget() {
    let world = |seed| {
        let mut sent = BTreeSet::new();
        World::new(seed, 40_000, Knobs::default()).faults(move |asked| {
            let first = is_bulk(asked) && sent.insert(asked.body.clone());
            if first && sent.len().is_multiple_of(2) { Fault::AnswerLost } else { Fault::None }
        })
    };
    each_seed(3, world, |trace| {
        let seed = trace.seed;
        assert_eq!(trace.end().delivered, 40_000, "seed {seed}: {:?}", trace.summary());
        let mut seen = BTreeSet::new();
        let again: Vec<u64> = bulks(&trace.asked).filter(|asked| !seen.insert(&asked.body)).map(|one| one.at).collect();
        assert!(again.len() > 60, "seed {seed}: only {} resends", again.len());
        for (first, from) in again.iter().enumerate() {
            for (last, until) in again.iter().enumerate().skip(first) {
                let allowed = 20 + (until - from) / 3_000;
                let count = (last - first + 1) as u64;
                assert!(count <= allowed, "seed {seed}: {count} resends in {} ms", until - from);
            }
        }
    });
}

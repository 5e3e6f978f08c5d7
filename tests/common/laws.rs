//! The invariants that hold in every scenario, computed from the wire and the oracle alone.

use super::account::address;
use super::{Asked, Kind, Trace};
use activecampaign_export::export::{Progress, RunResult};
use activecampaign_export::rejection::Rule;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The contacts of a body.
pub fn contacts_of(body: &[u8]) -> Vec<Value> {
    let body: Value = serde_json::from_slice(body).expect("a body that is JSON");
    body["contacts"].as_array().expect("contacts").clone()
}

/// The bodies of all imports that went out.
pub fn bulks(asked: &[Asked]) -> impl Iterator<Item = &Asked> {
    asked.iter().filter(|asked| asked.kind == Kind::Bulk)
}

/// Conservation, and counters that never go back.
pub fn after_a_step(progress: &Progress, trace: &Trace, seed: u64) {
    assert!(progress.balances(), "seed {seed}: {progress:?}");
    let rejected = trace.rejections.iter().filter(|rejection| rejection.rule != Rule::Duplicate).count() as u64;
    assert!(progress.rejected >= rejected, "seed {seed}: more rejections reported than counted");
    if let Some(last) = trace.reports.last() {
        let told = |progress: &Progress| {
            [progress.read, progress.delivered, progress.rejected, progress.unverified, progress.batches]
        };
        assert!(told(last).iter().zip(told(progress)).all(|(before, now)| *before <= now), "seed {seed}: went back");
    }
}

/// What must be true of every finished run.
pub fn at_the_end(trace: &Trace) {
    let (seed, summary) = (trace.seed, trace.summary());
    let progress = &summary.progress;
    assert!(progress.balances(), "seed {seed}: {progress:?}");
    let stopped = matches!(summary.result, RunResult::Blocked | RunResult::Cancelled);
    assert!(stopped || progress.pending + progress.queued == 0, "seed {seed}: {summary:?}");
    assert_eq!(summary.stop.is_some(), summary.result == RunResult::Blocked, "seed {seed}: {summary:?}");
    let by_rule: u64 = trace.by_rule().values().sum();
    assert_eq!(by_rule, progress.rejected, "seed {seed}: rejections by rule");
    let rejected = trace.rejections.iter().filter(|rejection| rejection.rule != Rule::Duplicate).count() as u64;
    assert_eq!(progress.rejected, rejected, "seed {seed}: rejected profiles and their reports");
    let duplicates = trace.rejections.iter().filter(|rejection| rejection.rule == Rule::Duplicate).count() as u64;
    assert_eq!(duplicates, progress.duplicate, "seed {seed}: duplicates and their reports");
    let rows: BTreeSet<u64> = trace.rejections.iter().map(|rejection| rejection.position.row).collect();
    assert_eq!(rows.len(), trace.rejections.len(), "seed {seed}: a profile reported twice");
    assert_eq!(progress.requests, trace.asked.len() as u64, "seed {seed}: requests");
    no_false_delivery(trace);
    bodies_stay_the_same(trace);
    within_the_windows(&trace.asked, seed);
}

/// Invariant 3: what counts as delivered has been applied, with this run's payload.
fn no_false_delivery(trace: &Trace) {
    let mut sent: BTreeMap<String, Value> = BTreeMap::new();
    for asked in bulks(&trace.asked) {
        sent.extend(contacts_of(&asked.body).into_iter().map(|contact| (address(&contact), contact)));
    }
    let applied = |(address, contact): &(&String, &Value)| {
        trace.account.applied.get(*address).is_some_and(|payloads| payloads.contains(contact))
    };
    let applied = sent.iter().filter(applied).count() as u64;
    let delivered = trace.end().delivered;
    assert!(delivered <= applied, "seed {}: {delivered} delivered, but {applied} applied", trace.seed);
}

/// Invariants 6 and 9: a contact has the same bytes in every request; `batches` and `resent` say what was sent.
fn bodies_stay_the_same(trace: &Trace) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let (mut sends, mut posts) = (0, 0);
    for asked in bulks(&trace.asked) {
        posts += 1;
        for contact in contacts_of(&asked.body).into_iter().filter(|_| asked.left) {
            sends += 1;
            // Key order is part of the text: serde_json keeps none, so the raw body is asked as well.
            let text = contact.to_string();
            let known = first.entry(address(&contact)).or_insert_with(|| text.clone());
            assert_eq!(*known, text, "seed {}: a contact changed between two sends", trace.seed);
        }
    }
    let progress = trace.end();
    assert_eq!(progress.batches, posts, "seed {}: batches", trace.seed);
    assert_eq!(progress.resent, sends - first.len() as u64, "seed {}: resent", trace.seed);
}

/// Every address stands in exactly one body, however often that body went out (no batch was split or thinned).
pub fn resends_are_identical(trace: &Trace) {
    let bodies: BTreeSet<&[u8]> = bulks(&trace.asked).map(|asked| asked.body.as_slice()).collect();
    let mut addresses = BTreeSet::new();
    for body in bodies {
        for contact in contacts_of(body) {
            assert!(addresses.insert(address(&contact)), "seed {}: an address in two bodies", trace.seed);
        }
    }
}

/// Invariant 8 and the account's five a second.
pub fn within_the_windows(asked: &[Asked], seed: u64) {
    let times = |keep: &dyn Fn(&Asked) -> bool| -> Vec<u64> {
        asked.iter().filter(|asked| keep(asked)).map(|asked| asked.true_at).collect()
    };
    let check = |times: Vec<u64>, limit: usize, span: u64, what: &str| {
        for window in times.windows(limit + 1) {
            let took = window[limit].saturating_sub(window[0]);
            assert!(took >= span, "seed {seed}: {} {what} in {took} ms", limit + 1);
        }
    };
    check(times(&|_| true), 5, 1_000, "requests");
    check(times(&|asked| asked.contacts >= 2), 100, 60_000, "imports of several");
    check(times(&|asked| asked.contacts == 1), 20, 60_000, "imports of one");
}

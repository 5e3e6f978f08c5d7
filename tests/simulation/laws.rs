//! The invariants of delivery, judged by the wire, the oracle and the reference model alone.

use super::faults::Fault;
use super::model::Fate;
use super::world::{Run, World};
use crate::common::account::address;
use crate::common::laws::{bulks, contacts_of, within_the_windows};
use activecampaign_export::export::{Progress, RunResult, Store, Summary};
use activecampaign_export::json::write;
use activecampaign_export::rejection::Rule;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// 10 and 11: what goes on from a state knows what that state knew.
pub fn nothing_is_forgotten(seed: u64, before: &Progress, after: &Progress) {
    let told = |progress: &Progress| {
        let Progress { read, delivered, rejected, duplicate, excluded, unverified, .. } = *progress;
        [read, delivered, rejected, duplicate, excluded, unverified]
    };
    assert_eq!(told(before), told(after), "seed {seed}: a state that does not restore");
    let open = |progress: &Progress| progress.pending + progress.queued;
    assert_eq!(open(before), open(after), "seed {seed}: open contacts of a state");
}

/// 17 and 18: some kilobytes, in which nobody's address, name or key is found.
pub fn a_state_is_small_and_holds_nobody(seed: u64, store: &Store) {
    let bytes = &store.checkpoint;
    assert!(bytes.len() < 24_000, "seed {seed}: a state of {} bytes", bytes.len());
    for canary in ["example.com", "@", "AdaAda", "Ada1"] {
        let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        // One byte may be anything's; longer ones may not.
        assert!(!found || canary.len() == 1, "seed {seed}: {canary} in a state");
    }
    assert_eq!(store.log.len() % 4_096, 0, "seed {seed}: part of a block");
}

/// What must be true once a run has ended.
pub fn at_the_end(world: &World, run: &Run, number: u64) {
    let (seed, summary) = (world.seed, &run.summary);
    let progress = &summary.progress;
    assert!(progress.balances(), "seed {seed}: {progress:?}");
    let stopped = matches!(summary.result, RunResult::Blocked | RunResult::Cancelled);
    assert!(stopped || progress.pending + progress.queued == 0, "seed {seed}: {summary:?}");
    assert_eq!(summary.stop.is_some(), summary.result == RunResult::Blocked, "seed {seed}: a reason");
    if !stopped {
        assert_eq!(progress.read, world.model.fates.len() as u64, "seed {seed}: profiles read");
    }
    each_profile_has_one_end(world, run, stopped);
    nothing_false_is_delivered(world, run, stopped);
    if number == 1 {
        resends_have_a_cause(world, run);
        resends_are_identical(world);
        within_the_windows(&world.asked, seed);
        // A batch whose fate stays unknown five times in a row is given up in good conscience.
        if !world.swarm.murky && !stopped && world.swarm.rate <= 80 {
            assert_eq!(progress.unverified, 0, "seed {seed}: unverified without a cause: {summary:?}");
        }
    }
}

/// 1, 2 and 20: rejected rows are complete, and are those that the model and the account say.
fn each_profile_has_one_end(world: &World, run: &Run, stopped: bool) {
    let (seed, progress) = (world.seed, &run.summary.progress);
    let mut rows = BTreeMap::new();
    for rejection in &run.rejections {
        let known = rows.insert(rejection.position.row, rejection.rule);
        assert!(known.is_none(), "seed {seed}: row {} told twice", rejection.position.row);
    }
    let count = |wanted: &dyn Fn(Rule) -> bool| rows.values().filter(|rule| wanted(**rule)).count() as u64;
    // A run that lost its store may have told more than is stored.
    if run.summary.stop.as_ref().is_none_or(|stop| stop.code != "state_not_stored") {
        assert_eq!(progress.duplicate, count(&|rule| rule == Rule::Duplicate), "seed {seed}: duplicates");
        assert_eq!(progress.rejected, count(&|rule| rule != Rule::Duplicate), "seed {seed}: rejected rows");
        let by_rule: u64 = summary_by_rule(run).values().sum();
        assert_eq!(by_rule, progress.rejected, "seed {seed}: by rule");
    }
    let knobs = &world.account.knobs;
    for (row, rule) in &rows {
        let fate = &world.model.fates[usize::try_from(*row).unwrap() - 1];
        let right = match (rule, fate) {
            (Rule::Duplicate, Fate::Duplicate) => true,
            (Rule::FailedInImport, Fate::Contact(address)) => knobs.fail_late.contains(address),
            (Rule::RefusedByAccount, Fate::Contact(address)) => {
                knobs.refuse_named.contains(address) || knobs.refuse_silently.contains(address)
            }
            (rule, Fate::Rejected(code)) => rule.code() == *code,
            _ => false,
        };
        assert!(right, "seed {seed}: row {row} is {fate:?}, and was told as {rule:?}");
    }
    if stopped {
        return;
    }
    for (row, fate) in (1..).zip(&world.model.fates) {
        let told = rows.contains_key(&row);
        assert!(told || matches!(fate, Fate::Contact(_)), "seed {seed}: row {row} is {fate:?}, and nobody was told");
    }
}

fn summary_by_rule(run: &Run) -> BTreeMap<String, u64> {
    let summary: Value = serde_json::from_str(&write(&run.summary)).unwrap();
    serde_json::from_value(summary["rejectedByRule"].clone()).unwrap()
}

/// 3: what counts as delivered has been applied with this run's payload; without unverified ones, all of it.
fn nothing_false_is_delivered(world: &World, run: &Run, stopped: bool) {
    let (seed, progress) = (world.seed, &run.summary.progress);
    let applied = |address: &String| {
        let payload = &world.model.payloads[address];
        world.account.applied.get(address).is_some_and(|payloads| payloads.contains(payload))
    };
    let rejected: BTreeSet<u64> = run.rejections.iter().map(|rejection| rejection.position.row).collect();
    let contacts: Vec<&String> =
        world.model.addresses().filter(|address| !rejected.contains(&world.model.row_of(address).unwrap())).collect();
    let there = contacts.iter().filter(|address| applied(address)).count() as u64;
    assert!(
        progress.delivered <= there,
        "seed {seed}: {} delivered, {there} applied, {:?}",
        progress.delivered,
        world.account.knobs
    );
    if !stopped {
        let open = contacts.len() as u64 - progress.delivered;
        assert_eq!(open, progress.unverified, "seed {seed}: contacts without an end");
        if progress.unverified == 0 {
            let lost = contacts.iter().find(|address| !applied(address));
            assert_eq!(lost, None, "seed {seed}: lost");
        }
    }
}

/// 4, 6, 9 and 16: a contact has the same bytes in every request; batches go out again only for a cause; `resent`
/// hides nothing, not even what was sent just before a crash.
fn resends_have_a_cause(world: &World, run: &Run) {
    let seed = world.seed;
    let mut first: BTreeMap<String, Value> = BTreeMap::new();
    let mut bodies: BTreeMap<&[u8], u64> = BTreeMap::new();
    for asked in bulks(&world.asked).filter(|asked| asked.left) {
        *bodies.entry(&asked.body).or_default() += 1;
    }
    let mut sends = 0;
    for (body, times) in &bodies {
        for contact in contacts_of(body) {
            sends += times;
            let address = address(&contact);
            let payload = world.model.payloads.get(&address);
            assert_eq!(payload, Some(&contact), "seed {seed}: a payload that nobody mapped");
            first.insert(address, contact);
        }
    }
    let again: u64 = bodies.values().map(|sends| sends - 1).sum();
    let knobs = &world.account.knobs;
    let bad = (knobs.refuse_named.len() + knobs.refuse_silently.len()) as u64;
    // Imports that fail, get stuck or share an id are sent again up to four times each.
    let murky = if world.swarm.murky { 5 * (12 + bodies.len() as u64) } else { 0 };
    let allowed = world.excuses + 3 * bad + murky;
    assert!(again <= allowed, "seed {seed}: {again} resends, {allowed} causes");
    let resent = sends - first.len() as u64;
    let told = run.summary.progress.resent;
    assert!(told >= resent, "seed {seed}: {resent} contacts went out again, {told} were told");
    assert!(world.processes > 1 || told == resent, "seed {seed}: {resent} contacts went out again, {told} were told");
}

/// 6 and 9: an address stands in one body only, unless a refusal or repeated failures gave cause to take that body
/// apart; then all others are parts of it.
fn resends_are_identical(world: &World) {
    let seed = world.seed;
    let mut holders: BTreeMap<String, Vec<(BTreeSet<String>, bool)>> = BTreeMap::new();
    let sent: BTreeSet<&[u8]> = bulks(&world.asked).filter(|asked| asked.left).map(|asked| &*asked.body).collect();
    for body in sent {
        let met = &world.bodies[body];
        let addresses: BTreeSet<String> = contacts_of(body).iter().map(address).collect();
        for one in &addresses {
            holders.entry(one.clone()).or_default().push((addresses.clone(), met.refused || met.faults >= 2));
        }
    }
    for (address, mut bodies) in holders {
        bodies.sort_by_key(|(addresses, _)| core::cmp::Reverse(addresses.len()));
        for pair in bodies.windows(2) {
            let ((whole, cause), (part, _)) = (&pair[0], &pair[1]);
            assert!(*cause, "seed {seed}: {address} was packed again without a cause");
            assert!(part.len() < whole.len() && part.is_subset(whole), "seed {seed}: {address} in bodies that overlap");
        }
    }
}

/// 15: a run stops for what a fault of this seed explains; the source and the states never are to blame here.
pub fn a_stop_has_a_cause(world: &World, summary: &Summary) {
    let Some(stop) = &summary.stop else { return };
    let (faults, knobs) = (&world.swarm.faults, &world.account.knobs);
    let has = |wanted: &[Fault]| wanted.iter().any(|fault| faults.contains(fault));
    let explained = match stop.code {
        "key_refused" => has(&[Fault::Forbidden, Fault::Page]),
        "state_not_stored" => world.swarm.store_fails,
        "remote_unavailable" => !faults.is_empty(),
        "rate_limited" => has(&[Fault::TooMany, Fault::ImportsThrottled]),
        "batches_refused" => !knobs.refuse_silently.is_empty() || !knobs.refuse_named.is_empty(),
        _ => false,
    };
    assert!(explained, "seed {}: stopped without a cause: {stop:?}", world.seed);
}

/// Attempts are spaced: full jitter may be short once, and not most of the time.
pub fn failures_are_followed_by_pauses(pauses: &[u64]) {
    let short = pauses.iter().filter(|pause| **pause < 100).count();
    println!("{short} of {} pauses are short", pauses.len());
    assert!(short * 4 <= pauses.len() + 20, "no backoff: {short} of {} pauses are short", pauses.len());
}

/// 14: what an address was given last is the newest run's.
pub fn the_newest_payload_stays(world: &World) {
    for (address, payloads) in &world.account.applied {
        let runs: Vec<u64> = payloads.iter().map(run_of).collect();
        assert!(runs.is_sorted(), "seed {}: {address} was given {runs:?}", world.seed);
    }
}

fn run_of(payload: &Value) -> u64 {
    let last = payload["last_name"].as_str().unwrap();
    last.strip_prefix("Run").and_then(|rest| rest.get(..1)).unwrap().parse().unwrap()
}

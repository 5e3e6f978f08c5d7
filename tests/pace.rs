//! The whole rate is used, and never more: a million profiles against an account that answers at once settle within one
//! per cent of the time that ActiveCampaign's limits set, over resumes too, with states that stay small. Virtual time;
//! nothing is asserted of the machine that runs it.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::connection::{AccountSchema, List};
use activecampaign_export::export::{Export, ExportOptions, Request, RunResult, Summary};
use activecampaign_export::plan::Plan;
use common::START;
use common::quiet::{KEEP, Quiet};
use std::collections::{BTreeMap, BTreeSet};

const PROFILES: u64 = 1_000_000;
/// 250 contacts a request, 100 requests in any minute (docs).
const BATCHES: u64 = PROFILES / 250;
const MILLIS: u64 = BATCHES.div_ceil(100) * 60_000;
/// Imports take about six seconds.
const IMPORT: u64 = 6_000;

const HEADER: &[u8] = b"EMail\n";
/// Rows are all of one length, so that any part of the source can be made by itself.
const ROW: u64 = 20;

fn source_bytes() -> u64 {
    HEADER.len() as u64 + PROFILES * ROW
}

fn source(from: u64) -> Vec<u8> {
    let mut bytes = if from == 0 { HEADER.to_vec() } else { Vec::new() };
    let rows = from.saturating_sub(HEADER.len() as u64);
    assert_eq!(rows % ROW, 0, "a resume begins at a record");
    for row in (rows / ROW..PROFILES).take(13_000) {
        let line = format!("u{row:07}@example.eu\n");
        bytes.extend_from_slice(line.as_bytes());
    }
    bytes
}

fn plan() -> Plan {
    let list = List { id: 4, name: "Newsletter".into(), active_subscribers: None };
    let account = AccountSchema { lists: vec![list], ..AccountSchema::default() };
    Plan::parse(br#"{"version":1,"list":4,"mapping":{"email":"EMail"}}"#, Some(&account), &[]).expect("a plan")
}

fn options() -> ExportOptions {
    ExportOptions { seed: 9, reveal: false, source_bytes: Some(source_bytes()), keep: Some(KEEP) }
}

/// An account that answers at once and lists whatever it was sent.
#[derive(Default)]
struct Account {
    imports: BTreeMap<String, (u64, usize)>,
    held: BTreeSet<Vec<u8>>,
}

impl Account {
    fn answer(&mut self, now: u64, request: &Request) -> (u16, Vec<u8>) {
        let Some(body) = &request.call.body else {
            let (done, contacts) = self.imports[request.call.path.split_once("batchId=").unwrap().1];
            let ids: Vec<String> = (1..=contacts).map(|id| format!("\"{id}\"")).collect();
            let status = if now < done { "active" } else { "completed" };
            let ids = if now < done { String::new() } else { ids.join(",") };
            return (200, format!(r#"{{"status":"{status}","success":[{ids}],"failure":[]}}"#).into_bytes());
        };
        let contacts = body.split(|byte| *byte == b'{').filter_map(|part| part.strip_prefix(b"\"email\":\""));
        let addresses: Vec<Vec<u8>> = contacts.map(|part| part[..19].to_vec()).collect();
        let id = format!("batch-{}", self.imports.len());
        self.imports.insert(id.clone(), (now + IMPORT, addresses.len()));
        self.held.extend(addresses);
        (200, format!(r#"{{"success":1,"batchId":"{id}"}}"#).into_bytes())
    }
}

fn check(world: &Quiet<'_>, account: &Account, summary: &Summary) {
    assert_eq!(summary.result, RunResult::Succeeded, "{summary:?}");
    assert_eq!((summary.progress.delivered, account.held.len() as u64), (PROFILES, PROFILES));
    let took = world.now - START;
    assert!((MILLIS * 99..=MILLIS * 101).contains(&(took * 100)), "{took} ms; the limits make it {MILLIS} ms");
    let holds = |times: &[u64], limit: usize, span: u64| {
        times.windows(limit + 1).all(|window| window[limit] - window[0] >= span)
    };
    assert!(holds(&world.posts, 100, 60_000), "more than 100 imports in a minute");
    assert!(holds(&world.requests, 5, 1_000), "more than 5 requests in a second");
    assert!(world.largest_state < 24_000, "a state of {} bytes", world.largest_state);
}

/// The same world with an account that can be looked at afterwards.
fn run(process: impl FnOnce(&mut Quiet<'_>) -> Summary) {
    let account = std::cell::RefCell::new(Account::default());
    let mut world = Quiet::new(source, Box::new(|now, request| account.borrow_mut().answer(now, request)));
    let summary = process(&mut world);
    check(&world, &account.borrow(), &summary);
}

#[test]
fn a_million_profiles_take_what_the_limits_take() {
    run(|world| {
        let export = Export::new(plan(), options(), None, world.time());
        let summary = world.drive(export, |_| false).expect("nobody killed it");
        assert_eq!(world.posts.len() as u64, BATCHES);
        summary
    });
}

#[test]
fn and_no_more_over_resumes() {
    run(|world| {
        let mut export = Export::new(plan(), options(), None, world.time());
        // Gone on with at once: whatever the dead one sent is in the windows of the next.
        for posts in [37, 1_200, 1_201] {
            assert_eq!(world.drive(export, |world| world.posts.len() >= posts), None, "it was to be killed");
            let (checkpoint, log) = (world.checkpoint.clone(), world.log.clone());
            export = Export::resume(plan(), options(), None, world.time(), &checkpoint, &log).expect("a resume");
        }
        let summary = world.drive(export, |_| false).expect("nobody killed it");
        // Of three deaths, at most what was on the wire: six requests each.
        assert!(summary.progress.resent <= 3 * 6 * 250, "{} resent", summary.progress.resent);
        summary
    });
}

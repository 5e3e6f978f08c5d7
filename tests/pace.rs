//! The whole rate is used, and never more: a million profiles against an account that answers at once settle within one
//! per cent of the time that ActiveCampaign's limits set, over resumes too, with states that stay small. Virtual time;
//! nothing is asserted of the machine that runs it.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::connection::{AccountSchema, List};
use activecampaign_export::delivery::pace::Pace;
use activecampaign_export::delivery::rate::Kind;
use activecampaign_export::export::{Export, ExportOptions, Input, Output, Remote, Request, RunResult, Summary};
use activecampaign_export::plan::Plan;
use activecampaign_export::time::{Random, Timestamp};
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

fn within(posts: &[u64], requests: &[u64]) {
    let holds = |times: &[u64], limit: usize, span: u64| {
        times.windows(limit + 1).all(|window| window[limit] - window[0] >= span)
    };
    assert!(holds(posts, 100, 60_000), "more than 100 imports in a minute");
    assert!(holds(requests, 5, 1_000), "more than 5 requests in a second");
}

fn check(world: &Quiet<'_>, account: &Account, summary: &Summary) {
    assert_eq!(summary.result, RunResult::Succeeded, "{summary:?}");
    assert_eq!((summary.progress.delivered, account.held.len() as u64), (PROFILES, PROFILES));
    let took = world.now - START;
    assert!((MILLIS * 99..=MILLIS * 101).contains(&(took * 100)), "{took} ms; the limits make it {MILLIS} ms");
    within(&world.posts, &world.requests);
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

/// Two exports in one process, on one clock, against one account.
struct Pair {
    runs: [Export; 2],
    ends: [Option<Summary>; 2],
    sources: [String; 2],
    wakes: [u64; 2],
    account: Account,
    now: u64,
    pending: BTreeMap<(u64, usize), (usize, u64, Vec<u8>)>,
    posts: Vec<u64>,
    requests: Vec<u64>,
}

impl Pair {
    fn tell(&mut self, run: usize, input: &Input<'_>) {
        self.runs[run].handle_input(Timestamp::from_millis(self.now), input).unwrap();
        self.drain(run);
    }

    fn drain(&mut self, run: usize) {
        while let Some(output) = self.runs[run].poll_output() {
            match output {
                Output::Send(request) => {
                    self.requests.push(self.now);
                    self.posts.extend(request.call.body.is_some().then_some(self.now));
                    let answer = self.account.answer(self.now, &request).1;
                    self.pending.insert((self.now + 130, self.requests.len()), (run, request.id, answer));
                }
                Output::Finish(end) => (self.ends[run], self.wakes[run]) = (Some(end), u64::MAX),
                Output::Wait(wait) if wait.wants_bytes => {
                    let bytes = core::mem::take(&mut self.sources[run]);
                    let input = if bytes.is_empty() { Input::EndOfSource } else { Input::Bytes(bytes.as_bytes()) };
                    return self.tell(run, &input);
                }
                Output::Wait(wait) => self.wakes[run] = wait.until.map_or(u64::MAX, Timestamp::as_millis),
                Output::Report(_) | Output::Reject(_) | Output::Store(_) => {}
            }
        }
    }

    fn step(&mut self) {
        let wake = self.wakes[0].min(self.wakes[1]);
        match self.pending.first_key_value().map(|((at, _), _)| *at) {
            Some(at) if at <= wake => {
                let ((at, _), (run, id, body)) = self.pending.pop_first().unwrap();
                self.now = at;
                self.tell(run, &Input::Response { id, status: 200, retry_after: None, body: &body });
            }
            _ => {
                self.now = wake;
                self.tell(usize::from(self.wakes[0] != wake), &Input::Wake);
            }
        }
    }
}

/// Fault 47: two exports at once are one account's, and share its windows.
#[test]
fn two_exports_of_one_account() {
    const EACH: u64 = 60_000;
    let pace = Pace::default();
    let export = |seed| {
        let mut remote = Remote::default();
        remote.share(&pace);
        let options = ExportOptions { seed, ..ExportOptions::default() };
        Export::new(plan(), options, Some(remote), Timestamp::from_millis(START))
    };
    let source = |run: u64| (0..EACH).map(|row| format!("r{run}-{row:06}@example.eu\n")).collect::<String>();
    let mut pair = Pair {
        runs: [export(1), export(2)],
        ends: [None, None],
        sources: [1, 2].map(|run| format!("EMail\n{}", source(run))),
        wakes: [u64::MAX; 2],
        account: Account::default(),
        now: START,
        pending: BTreeMap::new(),
        posts: Vec::new(),
        requests: Vec::new(),
    };
    pair.drain(0);
    pair.drain(1);
    while pair.ends.iter().any(Option::is_none) {
        pair.step();
    }
    for end in pair.ends.iter().flatten() {
        assert_eq!((end.result, end.progress.delivered), (RunResult::Succeeded, EACH), "{end:?}");
    }
    assert_eq!(pair.posts.len() as u64, 2 * EACH / 250);
    within(&pair.posts, &pair.requests);
    // The window is used, too: 480 batches are five windows, of which the first one goes at once.
    let took = pair.now - START;
    assert!((240_000..300_000).contains(&took), "{took} ms");
}

/// Turns that several processes take, each when it likes, keep every window; what is kept goes on where it was.
#[test]
fn turns_keep_the_windows() {
    let mut random = Random::new(11);
    let mut pace = Pace::default();
    let start = Timestamp::from_millis(START);
    let mut now = start;
    let (mut all, mut multi, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3_000 {
        now = now.plus(random.up_to(900));
        let kind = [Kind::MultiContact, Kind::SingleContact, Kind::Other][random.up_to(2) as usize];
        let at = pace.turn(kind, now);
        assert!(at >= now);
        all.push(at);
        match kind {
            Kind::MultiContact => multi.push(at),
            Kind::SingleContact => single.push(at),
            Kind::Other => {}
        }
        if random.up_to(9) == 0 {
            pace = Pace::from_bytes(&pace.to_bytes()).expect("what was kept");
        }
    }
    // Whoever has 100 in a minute has the 101st after it.
    for (times, limit, span) in [(&mut all, 5, 1_000), (&mut multi, 100, 60_000), (&mut single, 20, 60_000)] {
        times.sort();
        for pair in times.windows(limit + 1) {
            assert!(pair[limit].since(pair[0]) >= span, "{limit} in {span} ms");
        }
    }
    assert!(now.since(start) < all[2_999].since(start), "there were more than the windows let through");
}

#[test]
fn turns_that_are_none_are_refused() {
    let bytes = Pace::default().to_bytes();
    assert!(Pace::from_bytes(&bytes).is_some());
    assert!(Pace::from_bytes(&bytes[1..]).is_none());
    assert!(Pace::from_bytes(&[bytes.as_slice(), &[0]].concat()).is_none());
    assert!(Pace::from_bytes(&[]).is_none());
}

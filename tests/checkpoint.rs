//! What a run stores is gone on with, by this release and by those to come; whatever is not surely its own is refused,
//! and said to be so. States of every version are kept as files: a change that cannot read them shows here.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use activecampaign_export::checkpoint::{CheckpointKey, VERSION};
use activecampaign_export::error::{Category, Stop};
use activecampaign_export::export::{Export, ExportOptions, Input, Keep, Request, RunResult, Summary};
use activecampaign_export::plan::Plan;
use activecampaign_export::time::Timestamp;
use common::account::{Account, Knobs};
use common::quiet::{KEEP, Quiet};
use common::{START, contact_before, csv, definition, email, schema};
use core::hash::Hasher;
use proptest::prelude::*;
use siphasher::sip128::Hasher128;
use std::cell::RefCell;
use std::path::PathBuf;

const PROFILES: usize = 2_000;

fn plan() -> Plan {
    Plan::parse(definition().to_string().as_bytes(), Some(&schema()), &[]).expect("a plan")
}

fn source() -> Vec<u8> {
    let mut source = csv(PROFILES);
    source.extend_from_slice(b"C0,nobody,Ada,Lovelace,,1\nC0,USER7@example.com,Ada,Lovelace,,1\n");
    source
}

fn options() -> ExportOptions {
    ExportOptions { seed: 42, reveal: false, source_bytes: Some(source().len() as u64), keep: Some(KEEP) }
}

/// An account of which half the contacts are there before, one is refused by name, and some fail late.
fn account() -> Account {
    let mut account = Account::new(Knobs {
        refuse_named: [email(900)].into(),
        fail_late: (300..310).map(email).collect(),
        index_base: 1,
        ..Knobs::default()
    });
    (1..=PROFILES).step_by(2).for_each(|index| account.hold(&contact_before(&email(index))));
    account
}

fn answer(account: &RefCell<Account>, now: u64, request: &Request) -> (u16, Vec<u8>) {
    let body = request.call.body.clone().unwrap_or_default();
    let method = if body.is_empty() { "GET" } else { "POST" };
    let reply = account.borrow_mut().answer(now, method, &request.call.path, &body);
    (reply.status, reply.body)
}

fn world(account: &RefCell<Account>) -> Quiet<'_> {
    let bytes = source();
    let piece = move |from: u64| bytes[usize::try_from(from).unwrap()..].iter().take(20_000).copied().collect();
    Quiet::new(piece, Box::new(|now, request| answer(account, now, request)))
}

/// A state in the middle of a run: some batches settled, some taken, some on the wire, one thinned out.
fn state() -> (Vec<u8>, Vec<u8>, u64) {
    let account = RefCell::new(account());
    let mut world = world(&account);
    let export = Export::new(plan(), options(), None, world.time());
    // The first outcomes are there after six seconds; two batches and a half fill a block of the log.
    let end = world.drive(export, |world| !world.log.is_empty());
    assert_eq!(end, None, "it was to be killed");
    (world.checkpoint, world.log, world.now)
}

fn resume(options: ExportOptions, checkpoint: &[u8], log: &[u8]) -> Result<Export, Stop> {
    Export::resume(plan(), options, None, Timestamp::from_millis(START + 10_000), checkpoint, log)
}

fn refusal(options: ExportOptions, checkpoint: &[u8], log: &[u8]) -> &'static str {
    match resume(options, checkpoint, log) {
        Ok(_) => panic!("it was gone on with"),
        Err(stop) => {
            assert_eq!(stop.category, Category::Checkpoint, "{stop:?}");
            assert!(!stop.message.is_empty() && !stop.remedy.is_empty() && !stop.retry_helps, "{stop:?}");
            stop.code
        }
    }
}

/// Goes on to the end with an account that has what the state says was sent, and more.
fn go_on(checkpoint: &[u8], log: &[u8], now: u64) -> (Summary, Account) {
    let account = RefCell::new(account());
    let summary = {
        let mut world = world(&account);
        world.now = now;
        let export = Export::resume(plan(), options(), None, world.time(), checkpoint, log).expect("a resume");
        world.drive(export, |_| false).expect("nobody killed it")
    };
    (summary, account.into_inner())
}

fn check_the_end(summary: &Summary) {
    let progress = &summary.progress;
    assert_eq!(summary.result, RunResult::CompletedWithRejections, "{summary:?}");
    assert_eq!((progress.read, progress.duplicate), (PROFILES as u64 + 2, 1), "{progress:?}");
    assert_eq!(progress.delivered + progress.rejected, PROFILES as u64 + 1, "{progress:?}");
    // One without an address, one refused, ten that failed late.
    assert_eq!(progress.rejected, 12, "{progress:?}");
}

#[test]
fn a_run_goes_on_from_any_of_its_states() {
    let account = RefCell::new(account());
    let mut world = world(&account);
    let mut export = Export::new(plan(), options(), None, world.time());
    for state in 1.. {
        // Killed at its first state, then at its second one, and so on, each time by another process.
        let stored = world.states;
        if let Some(summary) = world.drive(export, |world| world.states >= stored + state) {
            check_the_end(&summary);
            assert!(state > 3, "only {state} processes");
            break;
        }
        let (checkpoint, log) = (world.checkpoint.clone(), world.log.clone());
        export = Export::resume(plan(), options(), None, world.time(), &checkpoint, &log).expect("a resume");
    }
}

#[test]
fn the_time_left_is_not_told_from_what_is_read_again() {
    let (checkpoint, log, _) = state();
    let mut export = resume(options(), &checkpoint, &log).expect("a resume");
    let now = Timestamp::from_millis(START + 10_000);
    // Eight batches at a hundred a minute and six seconds to settle: more can never be left.
    let most = 8 * 600 + 6_000;
    let mut told = 0;
    let mut at = usize::try_from(export.source_offset()).unwrap();
    let mut ended = false;
    loop {
        while export.poll_output().is_some() {}
        let left = export.progress().remaining_millis;
        assert!(left.is_none_or(|left| left <= most), "{left:?} after {at} bytes");
        told += usize::from(left.is_some());
        if ended {
            break;
        }
        let piece: Vec<u8> = source()[at..].iter().take(500).copied().collect();
        at += piece.len();
        ended = piece.is_empty();
        let input = if ended { Input::EndOfSource } else { Input::Bytes(&piece) };
        export.handle_input(now, &input).expect("an input");
    }
    assert!(told > 0, "nothing was ever told");
}

#[test]
fn a_state_stands_for_itself() {
    let (checkpoint, log, now) = state();
    assert!(log.len() >= 4_096, "no block of the log was stored");
    // Two processes that go on from one state do the same.
    let (first, one) = go_on(&checkpoint, &log, now);
    let (second, other) = go_on(&checkpoint, &log, now);
    assert_eq!(first, second);
    assert_eq!(one.applied, other.applied);
}

/// The name of a version's files, without the ending.
fn fixture(version: u16) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/checkpoint/v{version}"))
}

/// Where a version is new, `CHECKPOINT_FIXTURE=write` writes its files; those of older versions are never written again.
#[test]
fn states_of_every_version_are_read() {
    if std::env::var("CHECKPOINT_FIXTURE").is_ok_and(|word| word == "write") {
        let (checkpoint, log, _) = state();
        std::fs::write(fixture(VERSION).with_extension("checkpoint"), checkpoint).unwrap();
        std::fs::write(fixture(VERSION).with_extension("log"), log).unwrap();
    }
    for version in VERSION.saturating_sub(1).max(1)..=VERSION {
        let read = |ending: &str| std::fs::read(fixture(version).with_extension(ending)).expect("a kept state");
        let (checkpoint, log) = (read("checkpoint"), read("log"));
        assert_eq!(checkpoint[4..6], version.to_le_bytes(), "version {version}");
        // A new account knows none of the batches that the state waits for: they are sent again.
        let (summary, account) = go_on(&checkpoint, &log, START + 60_000);
        assert_eq!(summary.progress.read, PROFILES as u64 + 2, "version {version}");
        let settled = PROFILES - account.applied.len();
        let unknown = usize::try_from(summary.progress.unverified).unwrap();
        assert!(
            settled >= 250 && unknown == 0,
            "version {version}: {settled} settled, {unknown} unverified: {summary:?}"
        );
    }
}

/// What this release writes today is what the kept state is: any change of the format needs a new version.
#[test]
fn the_format_has_not_changed() {
    let (checkpoint, log, _) = state();
    let kept = |ending: &str| std::fs::read(fixture(VERSION).with_extension(ending)).expect("a kept state");
    assert!(checkpoint == kept("checkpoint"), "the checkpoint differs from the one that is kept");
    assert!(log == kept("log"), "the log differs from the one that is kept");
}

#[test]
fn what_is_not_its_own_is_refused() {
    let (checkpoint, log, _) = state();
    let keep = |key: &[u8; 16], account: u64| Some(Keep { key: CheckpointKey::new(*key), account });
    let no_key = ExportOptions { keep: None, ..options() };
    assert_eq!(refusal(no_key, &checkpoint, &log), "checkpoint_forged", "without a key");
    let other_key = ExportOptions { keep: keep(b"the other's key.", 7), ..options() };
    assert_eq!(refusal(other_key, &checkpoint, &log), "checkpoint_forged");
    let other_account = ExportOptions { keep: keep(b"the state's key!", 8), ..options() };
    assert_eq!(refusal(other_account, &checkpoint, &log), "checkpoint_other_account");
    let other_source = ExportOptions { source_bytes: Some(5), ..options() };
    assert_eq!(refusal(other_source, &checkpoint, &log), "checkpoint_other_source");
    let mut changed = definition();
    changed["mapping"]["tags"] = serde_json::json!(["Another"]);
    let changed = Plan::parse(changed.to_string().as_bytes(), Some(&schema()), &[]).unwrap();
    let other = Export::resume(changed, options(), None, Timestamp::from_millis(START), &checkpoint, &log);
    assert_eq!(other.err().map(|stop| stop.code), Some("checkpoint_other_definition"));
    // Neither the name of an export nor the order and spacing of its settings change anything of what is sent.
    let mut renamed = definition();
    renamed["name"] = serde_json::json!("Platinum customers");
    let spaced = serde_json::to_string_pretty(&definition()).unwrap();
    let turned = format!(r#"{{"mapping": {}, "list": 4, "version": 1}}"#, definition()["mapping"]);
    for same in [renamed.to_string(), spaced, turned] {
        let plan = Plan::parse(same.as_bytes(), Some(&schema()), &[]).unwrap();
        let now = Timestamp::from_millis(START);
        assert!(Export::resume(plan, options(), None, now, &checkpoint, &log).is_ok(), "{same}");
    }
}

#[test]
fn what_is_broken_or_newer_is_refused() {
    let (checkpoint, log, _) = state();
    for length in 0..checkpoint.len() {
        let code = refusal(options(), &checkpoint[..length], &log);
        assert_eq!(code, "checkpoint_unreadable", "cut to {length} bytes");
    }
    let mut longer = checkpoint.clone();
    longer.push(0);
    assert_eq!(refusal(options(), &longer, &log), "checkpoint_unreadable");
    let mut newer = checkpoint.clone();
    newer[4..6].copy_from_slice(&(VERSION + 1).to_le_bytes());
    assert_eq!(refusal(options(), &newer, &log), "checkpoint_newer");
    for at in 0..checkpoint.len() {
        for bit in [0, 3, 7] {
            let mut flipped = checkpoint.clone();
            flipped[at] ^= 1 << bit;
            let code = refusal(options(), &flipped, &log);
            let expected: &[&str] = match at {
                0..4 => &["checkpoint_unreadable"],
                4..6 => &["checkpoint_unreadable", "checkpoint_newer"],
                6..10 => &["checkpoint_unreadable"],
                _ => &["checkpoint_forged"],
            };
            assert!(expected.contains(&code), "bit {bit} of byte {at}: {code}");
        }
    }
}

#[test]
fn a_damaged_log_is_refused() {
    let (checkpoint, log, now) = state();
    for cut in [0, 1, log.len() - 1] {
        assert_eq!(refusal(options(), &checkpoint, &log[..cut]), "checkpoint_log_damaged", "cut to {cut}");
    }
    for at in (0..log.len()).step_by(97) {
        let mut flipped = log.clone();
        flipped[at] ^= 16;
        assert_eq!(refusal(options(), &checkpoint, &flipped), "checkpoint_log_damaged", "byte {at}");
    }
    // What a process left behind the length that its last state names counts for nothing.
    let mut longer = log.clone();
    longer.extend_from_slice(&[7; 5_000]);
    assert_eq!(go_on(&checkpoint, &longer, now).0, go_on(&checkpoint, &log, now).0);
}

#[test]
fn another_source_of_the_same_length_is_found_out() {
    let (checkpoint, log, now) = state();
    let account = RefCell::new(account());
    let mut bytes = source();
    let at = bytes.windows(7).position(|window| window == b"Ada1200").expect("a row");
    bytes[at] = b'E';
    let piece = move |from: u64| bytes[usize::try_from(from).unwrap()..].to_vec();
    let mut world = Quiet::new(piece, Box::new(|now, request| answer(&account, now, request)));
    world.now = now;
    let export = Export::resume(plan(), options(), None, world.time(), &checkpoint, &log).expect("a resume");
    let summary = world.drive(export, |_| false).expect("nobody killed it");
    assert_eq!(summary.result, RunResult::Blocked, "{summary:?}");
    assert_eq!(summary.stop.map(|stop| (stop.code, stop.category)), Some(("source_changed", Category::Source)));
    assert!(world.posts.is_empty(), "something was sent");
    assert_eq!(world.states, 0, "the state was written over");
}

/// A state with this body and the right MAC, as only somebody with the key can write it.
fn sealed(body: &[u8]) -> Vec<u8> {
    let mut framed = b"ACXC".to_vec();
    framed.extend_from_slice(&VERSION.to_le_bytes());
    framed.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
    framed.extend_from_slice(body);
    let mut hasher = siphasher::sip128::SipHasher24::new_with_key(b"the state's key!");
    hasher.write(&[1]);
    hasher.write(&framed);
    framed.extend_from_slice(&hasher.finish128().as_u128().to_le_bytes());
    framed
}

/// Behind the MAC stands what an older release may have got wrong: whatever it is, it is refused, or adds up and ends.
#[test]
fn states_that_cannot_be_are_refused() {
    let (checkpoint, log, _) = state();
    let body = &checkpoint[10..checkpoint.len() - 16];
    assert!(sealed(body) == checkpoint, "the frame is not what the documentation says");
    let (mut refused, mut driven) = (0, 0);
    for at in 0..body.len() {
        for change in [0x01, 0x40, 0x80, 0xff] {
            let mut hostile = body.to_vec();
            hostile[at] ^= change;
            match resume(options(), &sealed(&hostile), &log) {
                Err(stop) => {
                    // Names of columns are checked against the definition, as those of a source are.
                    assert!(stop.code.starts_with("checkpoint_") || stop.code == "settings", "byte {at}: {stop:?}");
                    refused += 1;
                }
                Ok(export) => {
                    assert!(export.progress().balances(), "byte {at}: {:?}", export.progress());
                    if at % 97 == 0 {
                        let account = RefCell::new(account());
                        let mut world = world(&account);
                        world.now = START + 10_000;
                        let summary = world.drive(export, |_| false).expect("nobody killed it");
                        assert!(summary.progress.balances(), "byte {at}: {summary:?}");
                        driven += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 1_000 && driven > 20, "{refused} refused, {driven} driven");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// Whatever stands there: an answer, and no panic.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), framed in any::<bool>()) {
        let mut checkpoint = bytes;
        if framed && checkpoint.len() >= 26 {
            let length = u32::try_from(checkpoint.len() - 26).unwrap();
            checkpoint[..4].copy_from_slice(b"ACXC");
            checkpoint[4..6].copy_from_slice(&VERSION.to_le_bytes());
            checkpoint[6..10].copy_from_slice(&length.to_le_bytes());
        }
        let code = refusal(options(), &checkpoint, &[]);
        prop_assert!(["checkpoint_unreadable", "checkpoint_newer", "checkpoint_forged"].contains(&code));
    }
}

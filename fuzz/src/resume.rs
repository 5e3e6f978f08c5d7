//! Stored states of any content: refused, or gone on with to the end of the run.

use crate::account::Listing;
use crate::input::Input;
use crate::run::{Host, discover};
use crate::script::Script;
use crate::seal::{keep, of_this_run, seal};
use activecampaign_export::error::Category;
use activecampaign_export::export::{Discovery, Export, ExportOptions, Output, Wanted};
use activecampaign_export::plan::Plan;
use activecampaign_export::time::Timestamp;
use serde_json::json;
use std::sync::LazyLock;

/// The input is a checkpoint as it stands, and not a body to be sealed.
pub const AS_IT_STANDS: u8 = 1;
/// The body keeps its own definition and account.
pub const OWN_IDENTITY: u8 = 2;
/// States of the run that goes on cannot be stored.
pub const NOT_STORED: u8 = 4;
/// The source breaks off.
pub const BREAKS: u8 = 8;
/// The run is cancelled soon.
pub const CANCELLED: u8 = 16;
/// The host knows the source's length.
pub const LENGTH_KNOWN: u8 = 32;

/// The sources that states are gone on with: tables of some and of many profiles, and objects.
pub static SOURCES: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| [crate::profiles(20), crate::profiles(600), objects(30)]);

fn objects(count: usize) -> Vec<u8> {
    let profile = |index: usize| {
        let object = json!({ "CustomerId": index, "EMail": format!("user{index}@example.com"), "FirstName": "Ada",
                             "LastName": "Lovelace", "Telephone": null, "Points": index * 3, "Consent": !index.is_multiple_of(5) });
        object.to_string() + "\n"
    };
    (1..=count).map(profile).collect::<String>().into_bytes()
}

/// The plan of these runs.
#[must_use]
pub fn plan() -> Plan {
    static PLAN: LazyLock<Plan> = LazyLock::new(|| {
        Plan::parse(crate::definition().to_string().as_bytes(), Some(&crate::schema()), &[]).expect("a plan")
    });
    PLAN.clone()
}

/// One input: how the host is, the source, the time, how the account answers, its first answers, the log, the state.
pub fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.byte();
    let has = |flag: u8| flags & flag != 0;
    let source = &SOURCES[usize::from(input.byte()) % SOURCES.len()];
    // A host tells its time as a number of JavaScript.
    let now = input.pick(&[crate::START, crate::START + 3_600_000, 0, 1 << 52]);
    let listing = input.pick(&[Listing::All, Listing::None, Listing::Nobody, Listing::Unknown]);
    let answers = usize::from(input.byte());
    let answers = input.take(answers);
    let log = input.block();
    let plan = plan();
    let checkpoint = match (has(AS_IT_STANDS), has(OWN_IDENTITY)) {
        (true, _) => input.rest().to_vec(),
        (false, true) => seal(input.rest()),
        (false, false) => seal(&of_this_run(input.rest(), plan.definition)),
    };
    let script = || {
        let mut script = Script::new(Input::new(answers));
        script.account.listing = listing;
        script.stores = !has(NOT_STORED);
        script
    };
    afterwards(now, &checkpoint, source, script);
    let source_bytes = has(LENGTH_KNOWN).then_some(source.len() as u64);
    let options = ExportOptions { seed: 1, reveal: false, source_bytes, keep: Some(keep()) };
    let resumed = Export::resume(plan.clone(), options, None, Timestamp::from_millis(now), &checkpoint, log);
    let mut export = match resumed {
        Ok(export) => export,
        Err(stop) => {
            assert!([Category::Checkpoint, Category::Settings].contains(&stop.category), "{stop:?}");
            return;
        }
    };
    let from = usize::try_from(export.source_offset()).unwrap_or(usize::MAX);
    let mut host = Host::new(script(), source.get(from..).unwrap_or_default());
    host.now = now;
    host.breaks = has(BREAKS);
    host.cancel_at = has(CANCELLED).then_some(3);
    host.log = log.to_vec();
    host.drive(&mut export);
    // What the run stored in its turn can be gone on with.
    if let Some(stored) = &host.stored {
        let again = Export::resume(plan, options, None, Timestamp::from_millis(now), &stored.checkpoint, &host.log);
        assert!(again.is_ok(), "{:?}", again.err());
    }
}

/// The account's windows after such a state, for a new run and for reading the account.
fn afterwards<'a>(now: u64, checkpoint: &[u8], source: &'a [u8], script: impl Fn() -> Script<'a>) {
    let at = Timestamp::from_millis(now);
    let Ok(remote) = Export::aftermath(keep(), checkpoint) else { return };
    let mut export = Export::new(plan(), ExportOptions::default(), Some(remote.clone()), at);
    let last = std::iter::from_fn(|| export.poll_output()).last();
    assert!(matches!(last, Some(Output::Wait(_))), "{last:?}");
    if source.len() < 4_096 && now == crate::START {
        let mut export = Export::new(plan(), ExportOptions::default(), Some(remote.clone()), at);
        Host::new(script(), source).drive(&mut export);
        let discovery = Discovery::new(Wanted::default(), 1, at).after(Some(remote), at);
        let _ = discover(discovery, &mut script());
    }
}

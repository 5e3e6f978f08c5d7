//! A virtual world for one run: a clock, a wire with delays and faults, a model account, and the invariants of
//! the invariants of delivery asserted after every step. Everything follows from one seed.

// Helpers of tests may fail like tests, show what they do, and each test file uses its own part of them.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

pub mod account;
pub mod dice;
pub mod encode;
pub mod laws;
pub mod quiet;

use account::{Account, Knobs, Reply};
use activecampaign_export::activecampaign::Method;
use activecampaign_export::connection::{AccountSchema, Field, FieldKind, List};
use activecampaign_export::error::Category;
use activecampaign_export::export::{
    Export, ExportOptions, Input, Output, Progress, Request, RunResult, Sent, Summary, Wait,
};
use activecampaign_export::json::write;
use activecampaign_export::plan::Plan;
use activecampaign_export::rejection::Rejection;
use activecampaign_export::time::Timestamp;
use dice::Dice;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The clock at the start.
pub const START: u64 = 1_790_000_000_000;
/// Steps after which a run counts as endless.
const MOST_STEPS: usize = 400_000;

/// What kind of request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Bulk,
    Info,
    Contacts,
    Other,
}

/// A request as the wire saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// By the host's clock.
    pub at: u64,
    /// By a clock that nobody sets.
    pub true_at: u64,
    pub kind: Kind,
    /// Number among the requests of its kind, from 1.
    pub nth: usize,
    pub path: String,
    pub body: Vec<u8>,
    /// Contacts in it.
    pub contacts: usize,
    /// Whether it left, as far as the host can know.
    pub left: bool,
}

/// What the wire does to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The account never sees it; this is the answer.
    Instead(Reply),
    /// The account takes it, but this is the answer.
    Masked(Reply),
    /// It never left.
    Unsent,
    /// No answer; the account never saw it.
    Lost,
    /// No answer; the account took it.
    AnswerLost,
}

pub type Faults<'f> = Box<dyn FnMut(&Asked) -> Fault + 'f>;

/// What the source does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Complete,
    /// It breaks off after so many bytes.
    BreaksAt(usize),
    /// It ends after so many bytes, though it said more.
    ShortAt(usize),
}

/// One run to be made.
pub struct World<'f> {
    pub seed: u64,
    pub definition: Value,
    pub csv: Vec<u8>,
    pub account: Account,
    pub faults: Faults<'f>,
    pub ending: Ending,
    pub cancel_at_step: Option<usize>,
    /// Added to the clock at a step, forwards or backwards.
    pub jump: Option<(usize, i64)>,
    pub reveal: bool,
}

/// All that a run did.
pub struct Trace {
    pub seed: u64,
    /// Of a finished run.
    summary: Option<Summary>,
    pub rejections: Vec<Rejection>,
    pub asked: Vec<Asked>,
    pub account: Account,
    pub reports: Vec<Progress>,
    pub waits: Vec<(u64, Wait)>,
    pub ended: u64,
    pub steps: usize,
    /// Every output in order, for comparing runs.
    pub log: Vec<String>,
}

impl Trace {
    pub fn summary(&self) -> &Summary {
        self.summary.as_ref().expect("a finished run")
    }

    pub fn result(&self) -> RunResult {
        self.summary().result
    }

    pub fn end(&self) -> &Progress {
        &self.summary().progress
    }

    /// The stop's code and who must act.
    pub fn stop(&self) -> Option<(&'static str, Category)> {
        self.summary().stop.as_ref().map(|stop| (stop.code, stop.category))
    }

    /// Rejections by the code of their rule, as a host sees them.
    pub fn by_rule(&self) -> BTreeMap<String, u64> {
        let summary: Value = serde_json::from_str(&write(self.summary())).unwrap();
        serde_json::from_value(summary["rejectedByRule"].clone()).unwrap()
    }
}

/// The definition used by most scenarios.
pub fn definition() -> Value {
    json!({
        "version": 1, "name": "Gold customers", "list": 4,
        "mapping": {
            "id": "CustomerId", "email": "EMail", "firstName": "FirstName", "lastName": "LastName",
            "phone": "Telephone", "fields": [{"id": 12, "column": "Points"}], "tags": ["Contoso"]
        }
    })
}

/// Profile number `index` of the generated sources.
pub fn email(index: usize) -> String {
    format!("user{index}@example.com")
}

/// A source of `count` good profiles, all different.
pub fn csv(count: usize) -> Vec<u8> {
    let mut text = String::from("CustomerId,EMail,FirstName,LastName,Telephone,Points\n");
    for index in 1..=count {
        text.push_str(&format!("C{index},User{index}@Example.com,Ada{index},Lovelace,+4930{:07},{index}\n", index));
    }
    text.into_bytes()
}

/// What profile `index` is as a contact, by the documentation.
pub fn contact(index: usize) -> Value {
    json!({
        "email": email(index), "first_name": format!("Ada{index}"), "last_name": "Lovelace",
        "phone": format!("+4930{index:07}"), "fields": [{"id": 12, "value": index.to_string()}],
        "tags": ["Contoso"], "subscribe": [{"listid": 4}]
    })
}

/// A contact as the account had it before any run.
pub fn contact_before(address: &str) -> Value {
    json!({"email": address, "first_name": "Before", "last_name": "Before", "phone": ""})
}

/// The schema that fits [`definition`].
pub fn schema() -> AccountSchema {
    let field = Field {
        id: 12,
        title: "Loyalty points".into(),
        perstag: "LOYALTY_POINTS".into(),
        kind: FieldKind::Number,
        options: Vec::new(),
    };
    AccountSchema {
        lists: vec![List { id: 4, name: "Newsletter".into(), active_subscribers: None }],
        fields: vec![field],
        tags: Vec::new(),
    }
}

impl<'f> World<'f> {
    pub fn new(seed: u64, profiles: usize, knobs: Knobs) -> Self {
        Self {
            seed,
            definition: definition(),
            csv: csv(profiles),
            account: Account::new(knobs),
            faults: Box::new(|_| Fault::None),
            ending: Ending::Complete,
            cancel_at_step: None,
            jump: None,
            reveal: false,
        }
    }

    pub fn faults(mut self, faults: impl FnMut(&Asked) -> Fault + 'f) -> Self {
        self.faults = Box::new(faults);
        self
    }

    /// Runs to the end, asserting the laws after every step.
    pub fn run(self) -> Trace {
        let plan = Plan::parse(self.definition.to_string().as_bytes(), Some(&schema()), &[]).expect("a plan");
        let declared = match self.ending {
            Ending::ShortAt(_) => Some(self.csv.len() as u64),
            _ => None,
        };
        let options = ExportOptions { seed: self.seed, reveal: self.reveal, source_bytes: declared, keep: None };
        let export = Export::new(plan, options, None, Timestamp::from_millis(START));
        Runner::new(self, export).run()
    }
}

/// The kind of a request, by its path.
pub fn kind_of(path: &str) -> Kind {
    match path.split('?').next().unwrap() {
        "/api/3/import/bulk_import" => Kind::Bulk,
        "/api/3/import/info" => Kind::Info,
        "/api/3/contacts" => Kind::Contacts,
        _ => Kind::Other,
    }
}

#[derive(PartialEq)]
enum Event {
    Answer(Reply),
    Silence(Sent),
}

struct Runner<'f> {
    world: World<'f>,
    export: Export,
    dice: Dice,
    now: u64,
    /// By how much the host's clock was set, back or forward.
    skew: i64,
    fed: usize,
    said_end: bool,
    counts: BTreeMap<Kind, usize>,
    pending: BTreeMap<(u64, u64), Event>,
    wait: Option<Wait>,
    trace: Trace,
}

impl<'f> Runner<'f> {
    fn new(mut world: World<'f>, export: Export) -> Self {
        let trace = Trace {
            seed: world.seed,
            summary: None,
            rejections: Vec::new(),
            asked: Vec::new(),
            account: std::mem::take(&mut world.account),
            reports: Vec::new(),
            waits: Vec::new(),
            ended: 0,
            steps: 0,
            log: Vec::new(),
        };
        let dice = Dice::new(world.seed ^ 0xd1ce);
        Self {
            world,
            export,
            dice,
            now: START,
            skew: 0,
            fed: 0,
            said_end: false,
            counts: BTreeMap::new(),
            pending: BTreeMap::new(),
            wait: None,
            trace,
        }
    }

    fn run(mut self) -> Trace {
        self.drain();
        while self.trace.summary.is_none() {
            self.trace.steps += 1;
            assert!(self.trace.steps < MOST_STEPS, "seed {}: the run does not end", self.world.seed);
            self.step();
            self.drain();
        }
        self.trace.ended = self.now;
        let takes = self.now + 3_600_000;
        self.trace.account.settle(takes);
        laws::at_the_end(&self.trace);
        self.trace
    }

    /// Carries out all outputs.
    fn drain(&mut self) {
        self.wait = None;
        while let Some(output) = self.export.poll_output() {
            assert!(self.wait.is_none() && self.trace.summary.is_none(), "an output after Wait or Finish");
            self.trace.log.push(format!("{} {output:?}", self.now));
            match output {
                Output::Send(request) => self.send(request),
                Output::Store(_) => panic!("a state, though none is kept"),
                Output::Reject(rejection) => self.trace.rejections.push(rejection),
                Output::Report(progress) => {
                    assert!(progress.balances(), "seed {}: {progress:?}", self.world.seed);
                    self.trace.reports.push(progress);
                }
                Output::Wait(wait) => {
                    self.trace.waits.push((self.now, wait));
                    self.wait = Some(wait);
                }
                Output::Finish(summary) => self.trace.summary = Some(summary),
            }
        }
        assert!(self.wait.is_some() || self.trace.summary.is_some(), "neither Wait nor Finish");
        laws::after_a_step(&self.export.progress(), &self.trace, self.world.seed);
    }

    fn send(&mut self, request: Request) {
        let Request { id, call, .. } = request;
        let kind = kind_of(&call.path);
        let nth = self.counts.entry(kind).or_default();
        *nth += 1;
        let body = call.body.unwrap_or_default();
        let contacts = if kind == Kind::Bulk { laws::contacts_of(&body).len() } else { 0 };
        let mut asked = Asked {
            at: self.now,
            true_at: self.now.checked_add_signed(-self.skew).unwrap(),
            kind,
            nth: *nth,
            path: call.path,
            body,
            contacts,
            left: true,
        };
        let method = if call.method == Method::Post { "POST" } else { "GET" };
        let fault = (self.world.faults)(&asked);
        let mut take = || self.trace.account.answer(self.now, method, &asked.path, &asked.body);
        let event = match fault {
            Fault::None => Event::Answer(take()),
            Fault::Instead(reply) => Event::Answer(reply),
            Fault::Masked(reply) => {
                take();
                Event::Answer(reply)
            }
            Fault::Unsent => Event::Silence(Sent::No),
            Fault::Lost => Event::Silence(Sent::Unknown),
            Fault::AnswerLost => {
                take();
                Event::Silence(Sent::Unknown)
            }
        };
        asked.left = event != Event::Silence(Sent::No);
        self.trace.asked.push(asked);
        let at = self.now + self.dice.between(30, 900);
        self.pending.insert((at, id), event);
    }

    /// Lets the next thing happen: a cancel, a piece of the source, an answer, or the end of the wait.
    fn step(&mut self) {
        if let Some((_, by)) = self.world.jump.filter(|(at, _)| *at == self.trace.steps) {
            // Answers arrive as late as before: the clock moved, not the network.
            let pending = std::mem::take(&mut self.pending);
            let moved = |at: u64| at.checked_add_signed(by).unwrap();
            self.pending = pending.into_iter().map(|((at, id), event)| ((moved(at), id), event)).collect();
            self.now = moved(self.now);
            // By real time nothing has passed, whichever way the clock was set.
            self.skew += by;
        }
        if self.world.cancel_at_step == Some(self.trace.steps) {
            return self.tell(&Input::Cancel);
        }
        let wait = self.wait.unwrap();
        if wait.wants_bytes && !self.said_end {
            return self.feed();
        }
        let answer = self.pending.first_key_value().map(|((at, _), _)| *at);
        let wake = wait.until.map(Timestamp::as_millis);
        match (answer, wake) {
            (Some(answer), Some(wake)) if wake < answer => self.wake(wake),
            (Some(_), _) => {
                let ((at, id), event) = self.pending.pop_first().unwrap();
                self.now = self.now.max(at);
                match event {
                    Event::Answer(Reply { status, retry_after, body }) => {
                        let retry_after = retry_after.as_deref();
                        self.tell(&Input::Response { id, status, retry_after, body: &body });
                    }
                    Event::Silence(sent) => self.tell(&Input::Unanswered { id, sent }),
                }
            }
            (None, Some(wake)) => self.wake(wake),
            (None, None) => panic!("seed {}: a wait that nothing can end: {wait:?}", self.world.seed),
        }
    }

    fn wake(&mut self, at: u64) {
        assert!(at > self.now || self.world.jump.is_some(), "seed {}: a wait that is already over", self.world.seed);
        self.now = self.now.max(at);
        self.tell(&Input::Wake);
    }

    fn feed(&mut self) {
        let end = match self.world.ending {
            Ending::Complete => self.world.csv.len(),
            Ending::BreaksAt(at) | Ending::ShortAt(at) => at.min(self.world.csv.len()),
        };
        if self.fed < end {
            let size = usize::try_from(self.dice.between(1, 30_000)).unwrap();
            let until = (self.fed + size).min(end);
            let piece = self.world.csv[self.fed..until].to_vec();
            self.fed = until;
            return self.tell(&Input::Bytes(&piece));
        }
        self.said_end = true;
        match self.world.ending {
            Ending::BreaksAt(_) => self.tell(&Input::SourceFailed),
            _ => self.tell(&Input::EndOfSource),
        }
    }

    fn tell(&mut self, input: &Input<'_>) {
        self.export.handle_input(Timestamp::from_millis(self.now), input).expect("inputs in order");
    }
}

/// Runs a scenario for many seeds; of some, twice, to see that the same seed gives the same trace.
pub fn each_seed(count: u64, world: impl Fn(u64) -> World<'static>, check: impl Fn(&Trace)) {
    for seed in 1..=count {
        let trace = world(seed).run();
        if seed % 16 == 1 {
            assert_eq!(world(seed).run().log, trace.log, "seed {seed}: two traces");
        }
        // Shown when the test fails, so that the seed is known.
        println!("seed {seed}: {:?} after {} ms", trace.result(), trace.ended - START);
        check(&trace);
    }
}

//! The world around simulated runs: one clock, a wire with faults, a store, processes that die and are followed by
//! others. One seed decides everything.

use super::faults::{Swarm, Wire, account};
use super::laws;
use super::model::{Model, Size, definition};
use crate::common::account::{Account, Reply};
use crate::common::dice::Dice;
use crate::common::{Asked, Kind, START, kind_of, schema};
use activecampaign_export::activecampaign::Method;
use activecampaign_export::checkpoint::CheckpointKey;
use activecampaign_export::export::{
    Export, ExportOptions, Input, Keep, Output, Progress, Request, RunResult, Sent, Store, Summary, Wait,
};
use activecampaign_export::plan::Plan;
use activecampaign_export::rejection::Rejection;
use activecampaign_export::time::Timestamp;
use std::collections::BTreeMap;

/// Steps of one process after which it counts as endless.
const MOST_STEPS: usize = 60_000;
/// Processes of one run, crashes and people's second tries together.
const MOST_PROCESSES: u64 = 40;

pub const KEEP: Keep = Keep { key: CheckpointKey::new(*b"the state's key!"), account: 7 };

/// What is stored: whole, or not at all.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    pub checkpoint: Option<Vec<u8>>,
    pub log: Vec<u8>,
    pub rejections: Vec<Rejection>,
    progress: Option<Progress>,
    /// Until when the account is closed, as far as the stored state can know.
    closed_until: u64,
}

/// What happened to one body on the wire.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The account refused it, so that it may be taken apart.
    pub refused: bool,
    /// Answers that were not the account's, or none.
    pub faults: u64,
    /// Who learned that no answer comes, and when, until it goes out again.
    failed: Option<(u64, u64)>,
}

enum Event {
    Answer(u64, Reply),
    Silence(u64, Sent),
    Stored(u64, bool),
    /// Something on the wire reaches the account at last.
    Late(Vec<u8>),
}

/// One process: what dies with it.
struct Process {
    number: u64,
    export: Export,
    wait: Option<Wait>,
    summary: Option<Summary>,
    fed: usize,
    said_end: bool,
    /// Rejections that were told and are not stored yet.
    told: Vec<Rejection>,
    /// What the state that is being stored would make durable.
    storing: Option<(Store, Vec<Rejection>, Progress, u64)>,
    /// The input being handled is the word that a state is stored.
    stored_now: bool,
    /// It died over the word that a state is stored.
    dead: bool,
    /// Another one has taken over.
    fenced: bool,
    /// It was about to send what it had stored: that much may overlap.
    grace: bool,
    steps: usize,
    /// Until when the account told it to ask for nothing, by true time.
    closed_until: u64,
}

/// How a process ended.
enum End {
    Finished(Box<Summary>),
    Died,
}

/// All that happened, over all runs of a seed.
pub struct World {
    pub seed: u64,
    pub dice: Dice,
    pub swarm: Swarm,
    pub account: Account,
    pub model: Model,
    pub durable: Durable,
    pub asked: Vec<Asked>,
    /// Resends of a batch that the account, the wire or a crash is to blame for.
    pub excuses: u64,
    pub crashes: u64,
    pub now: u64,
    skew: i64,
    sequence: u64,
    pending: BTreeMap<(u64, u64), (u64, Event)>,
    pub processes: u64,
    counts: BTreeMap<Kind, usize>,
    pub bodies: BTreeMap<Vec<u8>, Body>,
    /// Milliseconds between the word that no answer comes and the same batch's next send.
    pub pauses: Vec<u64>,
    /// A line for each output, of seeds that are run twice.
    pub log: Option<Vec<String>>,
    /// Whether the lines are shown as they come: a trace is for seeds that fail.
    pub shows: bool,
}

/// The end of one run, whatever processes it took.
pub struct Run {
    pub summary: Summary,
    pub rejections: Vec<Rejection>,
}

impl World {
    pub fn new(seed: u64, keep_log: bool) -> Self {
        let mut dice = Dice::new(seed);
        let swarm = Swarm::new(&mut dice);
        let profiles = match dice.below(10) {
            0..5 => dice.between(1, 300),
            5..9 => dice.between(200, 1_200),
            _ => dice.between(1_200, 2_500),
        };
        // Now and then so large that each contact is a batch of its own, of which the account takes the fewest.
        let (profiles, size) = match dice.below(40) {
            0 => (dice.between(25, 60), Size::Alone),
            1..6 => (profiles, Size::Long),
            _ => (profiles, Size::Usual),
        };
        let model = Model::new(&mut dice, profiles as usize, 1, size);
        let account = account(&mut dice, &model, &swarm);
        Self {
            seed,
            dice,
            swarm,
            account,
            model,
            durable: Durable::default(),
            asked: Vec::new(),
            excuses: 0,
            crashes: 0,
            now: START,
            skew: 0,
            sequence: 0,
            pending: BTreeMap::new(),
            processes: 0,
            counts: BTreeMap::new(),
            bodies: BTreeMap::new(),
            pauses: Vec::new(),
            log: keep_log.then(Vec::new),
            shows: false,
        }
    }

    /// Follows a run to its end: processes die and are followed by others, and when somebody must act, somebody
    /// does, a few times.
    pub fn run(&mut self) -> Run {
        let mut tries = 3;
        loop {
            let first = self.durable.checkpoint.is_none();
            let process = self.start(first);
            match self.follow(process) {
                End::Finished(summary) => {
                    laws::a_stop_has_a_cause(self, &summary);
                    let again = match summary.result {
                        RunResult::Blocked => true,
                        RunResult::Cancelled => self.dice.below(2) == 0,
                        _ => false,
                    };
                    if !again || tries == 0 || self.durable.checkpoint.is_none() {
                        return Run { summary: *summary, rejections: self.durable.rejections.clone() };
                    }
                    tries -= 1;
                }
                End::Died => self.crashes += 1,
            }
            assert!(self.processes < MOST_PROCESSES, "seed {}: too many processes", self.seed);
            let pauses = [0, 10, 1_000, 30_000, 3_600_000];
            self.now += pauses[self.dice.below(5) as usize];
            // Between two processes only a clock that is set back can be told from time that passed.
            if self.swarm.clock_is_set && self.dice.below(3) == 0 {
                self.jump(-3_600_000);
            }
        }
    }

    /// A new run over another source, after the one before has ended or was given up.
    pub fn next_run(&mut self, profiles: usize) -> Run {
        self.model = Model::new(&mut self.dice, profiles, 2, Size::Usual);
        let before = core::mem::take(&mut self.durable);
        let keep = before.checkpoint.as_deref();
        let now = Timestamp::from_millis(self.now);
        let remote = keep.map(|checkpoint| Export::aftermath(KEEP, checkpoint).expect("an aftermath"));
        self.processes = 0;
        self.swarm.crashes_left = 0;
        let export = Export::new(self.plan(), self.options(), remote, now);
        let process = self.process(export);
        match self.follow(process) {
            End::Finished(summary) => Run { summary: *summary, rejections: self.durable.rejections.clone() },
            End::Died => panic!("seed {}: a crash without a cause", self.seed),
        }
    }

    fn plan(&self) -> Plan {
        Plan::parse(definition().to_string().as_bytes(), Some(&schema()), &[]).expect("a plan")
    }

    fn options(&mut self) -> ExportOptions {
        let source_bytes = (self.seed.is_multiple_of(2)).then_some(self.model.csv.len() as u64);
        ExportOptions { seed: self.dice.next(), reveal: false, source_bytes, keep: Some(KEEP) }
    }

    fn start(&mut self, first: bool) -> Process {
        let (plan, options) = (self.plan(), self.options());
        let now = Timestamp::from_millis(self.now);
        let Some(checkpoint) = self.durable.checkpoint.clone().filter(|_| !first) else {
            let process = self.process(Export::new(plan, options, None, now));
            return process;
        };
        let export = Export::resume(plan, options, None, now, &checkpoint, &self.durable.log);
        let export = export.unwrap_or_else(|stop| panic!("seed {}: {stop:?}", self.seed));
        if let Some(before) = &self.durable.progress {
            laws::nothing_is_forgotten(self.seed, before, &export.progress());
        }
        self.process(export)
    }

    fn process(&mut self, export: Export) -> Process {
        self.processes += 1;
        let fed = usize::try_from(export.source_offset()).unwrap();
        Process {
            number: self.processes,
            export,
            wait: None,
            summary: None,
            fed,
            said_end: false,
            told: Vec::new(),
            storing: None,
            stored_now: false,
            dead: false,
            fenced: false,
            grace: false,
            steps: 0,
            closed_until: self.durable.closed_until,
        }
    }

    /// Runs one process to its end. One that only seems dead may wake up after another has taken over.
    fn follow(&mut self, mut process: Process) -> End {
        let mut alive = self.drain(&mut process);
        // Whether it is between two steps when it dies, so that it could go on if it only seemed to.
        let mut between = false;
        while alive && process.summary.is_none() {
            process.steps += 1;
            assert!(process.steps < MOST_STEPS, "seed {}: the run does not end", self.seed);
            self.step(&mut process);
            // After the answer, before it is stored.
            between = !process.dead && self.swarm.crash(&mut self.dice);
            alive = !process.dead && !between && self.drain(&mut process);
        }
        if let Some(summary) = process.summary.take() {
            self.pending.retain(|_, (owner, event)| *owner != process.number || matches!(event, Event::Late(_)));
            return End::Finished(Box::new(summary));
        }
        self.excuses += 8;
        if self.swarm.zombies && between && self.dice.below(2) == 0 {
            self.haunt(process);
        } else {
            self.pending.retain(|_, (owner, event)| *owner != process.number || matches!(event, Event::Late(_)));
        }
        End::Died
    }

    /// The owner was not dead but slow: it wakes up when the run is another one's, and must send nothing more.
    fn haunt(&mut self, mut process: Process) {
        process.fenced = true;
        process.grace = process.stored_now;
        let mut awake = self.drain(&mut process);
        process.grace = false;
        while awake && process.summary.is_none() {
            process.steps += 1;
            assert!(process.steps < MOST_STEPS, "seed {}: a zombie does not end", self.seed);
            self.step(&mut process);
            awake = self.drain(&mut process);
        }
        self.pending.retain(|_, (owner, event)| *owner != process.number || matches!(event, Event::Late(_)));
    }

    /// Carries out all outputs; `false` when the process dies over one.
    fn drain(&mut self, process: &mut Process) -> bool {
        process.wait = None;
        while let Some(output) = process.export.poll_output() {
            assert!(process.wait.is_none() && process.summary.is_none(), "an output after Wait or Finish");
            if let Some(log) = &mut self.log {
                let line = format!("{} {} {output:?}", process.number, self.now);
                if self.shows {
                    println!("{line:.400}");
                }
                log.push(line);
            }
            match output {
                Output::Send(request) => {
                    // After the intent, before the wire; and just after it.
                    if self.dies(process) {
                        return false;
                    }
                    self.send(process, request);
                    if self.dies(process) {
                        return false;
                    }
                }
                Output::Reject(rejection) => process.told.push(rejection),
                Output::Report(progress) => assert!(progress.balances(), "seed {}: {progress:?}", self.seed),
                Output::Store(store) => {
                    if !self.store(process, store) {
                        return false;
                    }
                }
                Output::Wait(wait) => process.wait = Some(wait),
                Output::Finish(summary) => process.summary = Some(summary),
            }
        }
        assert!(process.wait.is_some() || process.summary.is_some(), "seed {}: neither Wait nor Finish", self.seed);
        let progress = process.export.progress();
        assert!(progress.balances(), "seed {}: {progress:?}", self.seed);
        true
    }

    fn dies(&mut self, process: &Process) -> bool {
        !process.fenced && self.swarm.crash(&mut self.dice)
    }

    /// Stores a state, or what of it a crash leaves.
    fn store(&mut self, process: &mut Process, store: Store) -> bool {
        laws::a_state_is_small_and_holds_nobody(self.seed, &store);
        let told = core::mem::take(&mut process.told);
        let number = store.number;
        if process.fenced {
            process.storing = None;
            self.later(process.number, 3, Event::Stored(number, false));
            return true;
        }
        if self.dies(process) {
            // Torn: part of the log is there, the checkpoint is the old one.
            let torn = self.dice.below(store.log.len() as u64 + 1) as usize;
            self.durable.log.extend_from_slice(&store.log[..torn]);
            return false;
        }
        if self.swarm.store_fails && self.dice.below(60) == 0 {
            process.told = told;
            // What was on its way is then only in an older state.
            self.excuses += 8;
            self.later(process.number, 3, Event::Stored(number, false));
            return true;
        }
        let progress = process.export.progress();
        process.storing = Some((store, told, progress, process.closed_until));
        let takes = self.dice.between(1, 40);
        self.later(process.number, takes, Event::Stored(number, true));
        true
    }

    /// The state is on the disk.
    fn write(&mut self, store: Store, told: Vec<Rejection>, progress: Progress) {
        let before = usize::try_from(store.log_bytes).unwrap() - store.log.len();
        assert!(self.durable.log.len() >= before, "seed {}: a hole in the log", self.seed);
        self.durable.log.truncate(before);
        self.durable.log.extend_from_slice(&store.log);
        self.durable.checkpoint = Some(store.checkpoint);
        self.durable.rejections.extend(told);
        self.durable.progress = Some(progress);
    }

    fn later(&mut self, owner: u64, millis: u64, event: Event) {
        self.sequence += 1;
        self.pending.insert((self.now + millis, self.sequence), (owner, event));
    }

    fn send(&mut self, process: &Process, request: Request) {
        let Request { id, call, .. } = request;
        let kind = kind_of(&call.path);
        let bulk = kind == Kind::Bulk;
        // First, since a stale owner is told of no stored state, which the second one would name.
        assert!(!bulk || !process.fenced || process.grace, "seed {}: a stale owner sent a batch", self.seed);
        assert!(!bulk || process.stored_now, "seed {}: a batch went out before its intent was stored", self.seed);
        let true_at = self.true_now();
        let nth = self.counts.entry(kind).or_default();
        *nth += 1;
        let body = call.body.unwrap_or_default();
        let starts = body.windows(9).filter(|window| window == br#"{"email":"#);
        let contacts = if bulk { starts.count() } else { 0 };
        let open = true_at >= process.closed_until || process.fenced;
        assert!(open, "seed {}: a request to a closed account", self.seed);
        let mut asked = Asked { at: self.now, true_at, kind, nth: *nth, path: call.path, body, contacts, left: true };
        let method = if call.method == Method::Post { "POST" } else { "GET" };
        let wire = self.swarm.wire(&mut self.dice, kind);
        // An import whose outcome the account denies is sent again, too.
        if matches!(kind, Kind::Bulk | Kind::Info) && wire != Wire::Fine {
            self.excuses += 1;
        }
        let wire_fine = wire == Wire::Fine;
        let mut take = || self.account.answer(self.now, method, &asked.path, &asked.body);
        let event = match wire {
            Wire::Fine => Event::Answer(id, take()),
            Wire::Instead(reply) => Event::Answer(id, reply),
            Wire::Masked(reply) => {
                take();
                Event::Answer(id, reply)
            }
            Wire::Nothing(sent) => Event::Silence(id, sent),
            Wire::AnswerLost => {
                take();
                Event::Silence(id, Sent::Unknown)
            }
            Wire::Late(millis) => {
                self.later(process.number, millis, Event::Late(asked.body.clone()));
                Event::Silence(id, Sent::Unknown)
            }
        };
        asked.left = !matches!(event, Event::Silence(_, Sent::No));
        let takes = self.dice.between(20, 900);
        if bulk && (!process.fenced || process.grace) {
            self.follow_body(process.number, &asked, &event, wire_fine, takes);
        }
        if !process.fenced || process.grace {
            self.asked.push(asked);
        }
        self.later(process.number, takes, event);
    }

    /// Notes what gives cause to take a body apart, and how long one that got no answer pauses.
    fn follow_body(&mut self, owner: u64, asked: &Asked, event: &Event, fine: bool, takes: u64) {
        let body = self.bodies.entry(asked.body.clone()).or_default();
        body.refused |= fine && matches!(event, Event::Answer(_, Reply { status: 400 | 413, .. }));
        body.faults += u64::from(!fine);
        if let Some((process, failed_at)) = body.failed.take()
            && process == owner
        {
            self.pauses.push(asked.true_at.saturating_sub(failed_at));
        }
        body.failed = matches!(event, Event::Silence(..)).then_some((owner, asked.true_at + takes));
    }

    /// The time by a clock that nobody sets back.
    fn true_now(&self) -> u64 {
        self.now.checked_add_signed(-self.skew).unwrap()
    }

    /// Lets the next thing happen to a process: a piece of the source, something pending, or the end of the wait.
    fn step(&mut self, process: &mut Process) {
        process.stored_now = false;
        if self.swarm.cancels && !process.fenced && self.dice.below(400) == 0 {
            self.swarm.cancels = false;
            return self.tell(process, &Input::Cancel);
        }
        if self.swarm.clock_is_set && self.dice.below(300) == 0 {
            let by = if self.dice.below(2) == 0 { -3_600_000 } else { 3_600_000 };
            self.jump(by);
        }
        let wait = process.wait.unwrap();
        if wait.wants_bytes && !process.said_end && self.dice.below(8) != 0 {
            return self.feed(process);
        }
        let mine = |(_, (owner, event)): &(&(u64, u64), &(u64, Event))| {
            *owner == process.number || matches!(event, Event::Late(_))
        };
        let next = self.pending.iter().find(mine).map(|(key, _)| *key);
        let wake = wait.until.map(Timestamp::as_millis);
        match (next, wake) {
            (Some((at, _)), Some(wake)) if wake < at => self.wake(process, wake),
            (Some(key), _) => self.happen(process, key),
            (None, Some(wake)) => self.wake(process, wake),
            (None, None) if wait.wants_bytes && !process.said_end => self.feed(process),
            (None, None) => panic!("seed {}: a wait that nothing can end: {wait:?}", self.seed),
        }
    }

    fn happen(&mut self, process: &mut Process, key: (u64, u64)) {
        let Some((_, event)) = self.pending.remove(&key) else { return };
        self.now = self.now.max(key.0);
        match event {
            Event::Answer(id, Reply { status, retry_after, body }) => {
                let retry_after = retry_after.as_deref();
                if status == 429 {
                    let seconds = retry_after.and_then(|header| header.parse::<u64>().ok()).unwrap_or(0);
                    process.closed_until = process.closed_until.max(self.true_now() + seconds.min(900) * 1_000);
                }
                self.tell(process, &Input::Response { id, status, retry_after, body: &body });
            }
            Event::Silence(id, sent) => self.tell(process, &Input::Unanswered { id, sent }),
            Event::Stored(number, true) if process.fenced => {
                self.tell(process, &Input::NotStored { number, taken_over: true });
            }
            Event::Stored(number, true) => {
                if let Some((store, told, progress, closed_until)) = process.storing.take() {
                    self.durable.closed_until = closed_until;
                    self.write(store, told, progress);
                }
                // On the disk, and the process does not know it yet.
                if self.dies(process) {
                    process.dead = true;
                    return;
                }
                process.stored_now = true;
                self.tell(process, &Input::Stored { number });
            }
            Event::Stored(number, false) => {
                self.tell(process, &Input::NotStored { number, taken_over: process.fenced });
            }
            Event::Late(body) => {
                self.account.answer(self.now, "POST", "/api/3/import/bulk_import", &body);
                self.tell(process, &Input::Wake);
            }
        }
    }

    /// The host's clock moves, and nothing else does.
    fn jump(&mut self, by: i64) {
        let moved = |at: u64| at.checked_add_signed(by).unwrap();
        let pending = core::mem::take(&mut self.pending);
        self.pending = pending.into_iter().map(|((at, nth), event)| ((moved(at), nth), event)).collect();
        self.now = moved(self.now);
        self.account.move_clock(by);
        self.skew += by;
    }

    fn wake(&mut self, process: &mut Process, at: u64) {
        self.now = self.now.max(at);
        self.tell(process, &Input::Wake);
    }

    fn feed(&mut self, process: &mut Process) {
        let end = self.model.csv.len();
        if process.fed < end {
            let size = self.dice.between(1, 60_000) as usize;
            let until = (process.fed + size).min(end);
            let piece = self.model.csv[process.fed..until].to_vec();
            process.fed = until;
            return self.tell(process, &Input::Bytes(&piece));
        }
        process.said_end = true;
        self.tell(process, &Input::EndOfSource);
    }

    fn tell(&mut self, process: &mut Process, input: &Input<'_>) {
        let now = Timestamp::from_millis(self.now);
        process.export.handle_input(now, input).expect("inputs in order");
    }

    /// Lets the account finish whatever reached it.
    pub fn let_it_settle(&mut self) {
        let late: Vec<(u64, u64)> = self.pending.keys().copied().collect();
        for key in late {
            if let Some((_, Event::Late(body))) = self.pending.remove(&key) {
                self.account.answer(key.0.max(self.now), "POST", "/api/3/import/bulk_import", &body);
            }
        }
        self.account.settle(self.now + 3 * 3_600_000);
    }
}

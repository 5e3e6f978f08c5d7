//! Drives the machines of the core on a virtual clock, and checks their laws after every step.

use crate::script::{Event, Script};
use activecampaign_export::activecampaign::Call;
use activecampaign_export::error::{Misuse, Stop};
use activecampaign_export::export::{
    Account, Discovery, Export, Input, Output, Progress, RunResult, Store, Summary, Wait,
};
use activecampaign_export::rejection::Rule;
use activecampaign_export::time::Timestamp;
use std::collections::VecDeque;

/// Steps after which a run counts as endless.
const MOST_STEPS: u32 = 60_000;

/// The host's part in a run.
#[derive(Debug)]
pub struct Host<'a> {
    /// What comes of each request.
    pub script: Script<'a>,
    /// The bytes that the source has from where the run reads it.
    pub source: &'a [u8],
    /// Bytes of each piece.
    pub piece: usize,
    /// Whether the source breaks off instead of ending.
    pub breaks: bool,
    /// The step at which the run is cancelled.
    pub cancel_at: Option<u32>,
    /// The time.
    pub now: u64,
    /// The log as it was stored so far, and the last state with it.
    pub log: Vec<u8>,
    /// The last state that was stored.
    pub stored: Option<Store>,
    /// Every state with its log, where somebody wants them.
    pub states: Option<Vec<(Vec<u8>, Vec<u8>)>>,
}

impl<'a> Host<'a> {
    /// A host with a source and answers.
    #[must_use]
    pub fn new(script: Script<'a>, source: &'a [u8]) -> Self {
        let (piece, now) = (4_096, crate::START);
        Self { script, source, piece, breaks: false, cancel_at: None, now, log: Vec::new(), stored: None, states: None }
    }

    /// Drives a run to its end.
    pub fn drive(&mut self, export: &mut Export) -> Summary {
        let mut run = Run::default();
        for step in 0..MOST_STEPS {
            self.drain(export, &mut run);
            if let Some(summary) = run.summary.take() {
                run.check_end(&summary);
                let late = export.handle_input(Timestamp::from_millis(self.now), &Input::Wake);
                assert_eq!(late, Err(Misuse::Finished));
                return summary;
            }
            let wait = run.wait.take().expect("neither Wait nor Finish");
            if self.cancel_at == Some(step) {
                self.tell(export, &Input::Cancel);
                continue;
            }
            self.step(export, &mut run, wait);
        }
        panic!("the run does not end: {:?}", export.progress());
    }

    fn tell(&self, export: &mut Export, input: &Input<'_>) {
        export.handle_input(Timestamp::from_millis(self.now), input).expect("an input in order");
    }

    fn drain(&mut self, export: &mut Export, run: &mut Run) {
        while let Some(output) = export.poll_output() {
            assert!(run.wait.is_none() && run.summary.is_none(), "an output after Wait or Finish");
            match output {
                Output::Send(request) => run.open.push_back((request.id, request.call)),
                Output::Reject(rejection) => {
                    if rejection.rule == Rule::Duplicate {
                        run.duplicates += 1;
                    } else {
                        run.rejections += 1;
                    }
                    let said = rejection.rule == Rule::RefusedByAccount && rejection.reason.contains('@');
                    assert!(!said, "an address in a reason: {rejection:?}");
                }
                Output::Store(store) => {
                    assert!(run.storing.is_none(), "one state at a time");
                    run.storing = Some(store);
                }
                Output::Report(progress) => assert!(progress.balances(), "{progress:?}"),
                Output::Wait(wait) => run.wait = Some(wait),
                Output::Finish(summary) => run.summary = Some(summary),
            }
        }
        let progress = export.progress();
        assert!(progress.balances(), "{progress:?}");
        run.forward(progress);
    }

    /// Lets the next thing happen.
    fn step(&mut self, export: &mut Export, run: &mut Run, wait: Wait) {
        if let Some(store) = run.storing.take() {
            return self.store(export, store);
        }
        if wait.wants_bytes && !run.ended {
            return self.feed(export, run);
        }
        let until = wait.until.map(Timestamp::as_millis);
        let at = self.now.saturating_add(self.script.delay());
        if until.is_some_and(|until| run.open.is_empty() || until < at) {
            self.now = self.now.max(until.unwrap_or_default());
            return self.tell(export, &Input::Wake);
        }
        let next = if self.script.newest_first { run.open.pop_back() } else { run.open.pop_front() };
        let Some((id, call)) = next else { panic!("a wait that nothing can end: {wait:?}") };
        self.now = at;
        match self.script.next(&call) {
            Event::Answer(reply) => {
                let retry_after = reply.retry_after.as_deref();
                let input = Input::Response { id, status: reply.status, retry_after, body: &reply.body };
                self.tell(export, &input);
            }
            Event::Silence(sent) => self.tell(export, &Input::Unanswered { id, sent }),
        }
    }

    fn store(&mut self, export: &mut Export, store: Store) {
        let number = store.number;
        if !self.script.stores {
            return self.tell(export, &Input::NotStored { number, taken_over: self.now.is_multiple_of(2) });
        }
        let before = usize::try_from(store.log_bytes).expect("a short log").checked_sub(store.log.len());
        self.log.truncate(before.expect("a log that is longer than what was added to it"));
        self.log.extend(&store.log);
        assert_eq!(self.log.len() as u64, store.log_bytes, "the log's length");
        if let Some(states) = &mut self.states {
            states.push((store.checkpoint.clone(), self.log.clone()));
        }
        self.stored = Some(store);
        self.tell(export, &Input::Stored { number });
        // Its outputs were not drained yet, or it has finished.
        let early = export.handle_input(Timestamp::from_millis(self.now), &Input::Wake);
        assert!(matches!(early, Err(Misuse::Undrained | Misuse::Finished)), "{early:?}");
    }

    fn feed(&mut self, export: &mut Export, run: &mut Run) {
        let rest = self.source.get(run.fed..).unwrap_or_default();
        let piece = rest.get(..self.piece.min(rest.len())).unwrap_or_default();
        if !piece.is_empty() {
            run.fed += piece.len();
            return self.tell(export, &Input::Bytes(piece));
        }
        run.ended = true;
        self.tell(export, if self.breaks { &Input::SourceFailed } else { &Input::EndOfSource });
    }
}

/// What a run did so far.
#[derive(Debug, Default)]
struct Run {
    open: VecDeque<(u64, Call)>,
    wait: Option<Wait>,
    storing: Option<Store>,
    summary: Option<Summary>,
    fed: usize,
    ended: bool,
    rejections: u64,
    duplicates: u64,
    /// What was counted when this process began, and last.
    first: Option<Progress>,
    last: Progress,
}

impl Run {
    /// Nothing that was counted is taken back.
    fn forward(&mut self, now: Progress) {
        let told = |progress: &Progress| {
            let Progress { read, delivered, rejected, duplicate, excluded, unverified, batches, requests, .. } =
                *progress;
            [read, delivered, rejected, duplicate, excluded, unverified, batches, requests]
        };
        assert!(told(&self.last).iter().zip(told(&now)).all(|(before, now)| *before <= now), "{:?} {now:?}", self.last);
        self.first.get_or_insert(now);
        self.last = now;
    }

    fn check_end(&self, summary: &Summary) {
        let progress = &summary.progress;
        assert!(progress.balances(), "{summary:?}");
        let stopped = matches!(summary.result, RunResult::Blocked | RunResult::Cancelled);
        assert!(stopped || progress.pending + progress.queued == 0, "{summary:?}");
        assert_eq!(summary.stop.is_some(), summary.result == RunResult::Blocked, "{summary:?}");
        if let Some(stop) = &summary.stop {
            check_stop(stop);
        }
        let before = self.first.unwrap_or_default();
        // The first outputs of a run may already tell some.
        let new = progress.rejected - before.rejected..=progress.rejected;
        assert!(new.contains(&self.rejections), "{} rejections told, {summary:?}", self.rejections);
        let new = progress.duplicate - before.duplicate..=progress.duplicate;
        assert!(new.contains(&self.duplicates), "{} duplicates told, {summary:?}", self.duplicates);
    }
}

fn check_stop(stop: &Stop) {
    assert!(!stop.code.is_empty() && !stop.message.is_empty() && !stop.remedy.is_empty(), "{stop:?}");
    assert!(!stop.message.contains('@'), "an address in a message: {stop:?}");
}

/// Reads an account to the end of it.
pub fn discover(mut discovery: Discovery, script: &mut Script<'_>) -> Result<Account, Stop> {
    let mut now = crate::START;
    let mut open: Option<(u64, Call)> = None;
    for _ in 0..MOST_STEPS {
        let mut wait = None;
        while let Some(output) = discovery.poll_output() {
            assert!(wait.is_none(), "an output after Wait");
            match output {
                Output::Send(request) => {
                    assert!(open.is_none() && request.call.body.is_none(), "one request at a time, which never writes");
                    open = Some((request.id, request.call));
                }
                Output::Wait(new) => wait = Some(new),
                Output::Finish(result) => {
                    assert!(discovery.poll_output().is_none(), "an output after Finish");
                    if let Err(stop) = &result {
                        check_stop(stop);
                    }
                    return result;
                }
                other => panic!("{other:?}"),
            }
        }
        let wait = wait.expect("neither Wait nor Finish");
        let told = match open.take() {
            Some((id, call)) => {
                now += script.delay();
                let at = Timestamp::from_millis(now);
                match script.next(&call) {
                    Event::Answer(reply) => {
                        let retry_after = reply.retry_after.as_deref();
                        let input = Input::Response { id, status: reply.status, retry_after, body: &reply.body };
                        discovery.handle_input(at, &input)
                    }
                    Event::Silence(sent) => discovery.handle_input(at, &Input::Unanswered { id, sent }),
                }
            }
            None => {
                let until = wait.until.expect("a wait that something ends").as_millis();
                assert!(until > now, "a wait that is already over");
                now = until;
                discovery.handle_input(Timestamp::from_millis(now), &Input::Wake)
            }
        };
        told.expect("an input in order");
    }
    panic!("reading the account does not end");
}

//! A host where nothing goes wrong: answers and stores take as long as they always take, states are kept, and a process
//! can be killed when its test says so.

use super::START;
use activecampaign_export::checkpoint::CheckpointKey;
use activecampaign_export::export::{Export, Input, Keep, Output, Request, Store, Summary, Wait};
use activecampaign_export::rejection::Rejection;
use activecampaign_export::time::Timestamp;
use std::collections::BTreeMap;

/// Milliseconds that an answer and a store take.
const ANSWER: u64 = 120;
const STORE: u64 = 15;

pub const KEEP: Keep = Keep { key: CheckpointKey::new(*b"the state's key!"), account: 7 };

enum Event {
    Answer(u64, u16, Vec<u8>),
    Stored(u64),
}

/// The account's part: what it answers to a request at a time, as status and body.
pub type Remote<'a> = Box<dyn FnMut(u64, &Request) -> (u16, Vec<u8>) + 'a>;

/// The host, its disk and its clock, which outlive the processes.
pub struct Quiet<'a> {
    pub now: u64,
    remote: Remote<'a>,
    /// Bytes of the source from a place on, some at a time; none at its end.
    source: Box<dyn Fn(u64) -> Vec<u8> + 'a>,
    pub requests: Vec<u64>,
    pub posts: Vec<u64>,
    pub checkpoint: Vec<u8>,
    pub log: Vec<u8>,
    pub states: u64,
    pub largest_state: usize,
    pub rejections: Vec<Rejection>,
    pending: BTreeMap<(u64, u64), Event>,
    sequence: u64,
}

impl<'a> Quiet<'a> {
    pub fn new(source: impl Fn(u64) -> Vec<u8> + 'a, remote: Remote<'a>) -> Self {
        Self {
            now: START,
            remote,
            source: Box::new(source),
            requests: Vec::new(),
            posts: Vec::new(),
            checkpoint: Vec::new(),
            log: Vec::new(),
            states: 0,
            largest_state: 0,
            rejections: Vec::new(),
            pending: BTreeMap::new(),
            sequence: 0,
        }
    }

    pub fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    /// Drives a process to its end; `None` when it was killed.
    pub fn drive(&mut self, mut export: Export, kill: impl Fn(&Self) -> bool) -> Option<Summary> {
        let mut fed = export.source_offset();
        self.pending.clear();
        loop {
            let wait = match self.drain(&mut export) {
                Ok(wait) => wait,
                Err(summary) => return Some(*summary),
            };
            if kill(self) {
                return None;
            }
            if wait.wants_bytes {
                let piece = (self.source)(fed);
                fed += piece.len() as u64;
                let input = if piece.is_empty() { Input::EndOfSource } else { Input::Bytes(&piece) };
                export.handle_input(self.time(), &input).unwrap();
                continue;
            }
            let wake = wait.until.map_or(u64::MAX, Timestamp::as_millis);
            match self.pending.first_key_value().map(|(key, _)| *key) {
                Some((at, _)) if at <= wake => {
                    let ((at, _), event) = self.pending.pop_first().unwrap();
                    self.now = at;
                    let input = match &event {
                        Event::Answer(id, status, body) => {
                            Input::Response { id: *id, status: *status, retry_after: None, body }
                        }
                        Event::Stored(number) => Input::Stored { number: *number },
                    };
                    export.handle_input(self.time(), &input).unwrap();
                }
                _ => {
                    self.now = wake;
                    export.handle_input(self.time(), &Input::Wake).unwrap();
                }
            }
        }
    }

    fn drain(&mut self, export: &mut Export) -> Result<Wait, Box<Summary>> {
        while let Some(output) = export.poll_output() {
            match output {
                Output::Send(request) => {
                    self.requests.push(self.now);
                    if request.call.body.is_some() {
                        self.posts.push(self.now);
                    }
                    let (status, body) = (self.remote)(self.now, &request);
                    self.later(ANSWER, Event::Answer(request.id, status, body));
                }
                Output::Store(store) => self.store(store),
                Output::Wait(wait) => return Ok(wait),
                Output::Finish(summary) => return Err(Box::new(summary)),
                Output::Report(progress) => assert!(progress.balances(), "{progress:?}"),
                Output::Reject(rejection) => self.rejections.push(rejection),
            }
        }
        panic!("neither Wait nor Finish");
    }

    fn store(&mut self, Store { number, checkpoint, log, log_bytes }: Store) {
        self.states += 1;
        self.largest_state = self.largest_state.max(checkpoint.len());
        self.log.truncate(usize::try_from(log_bytes).unwrap() - log.len());
        self.log.extend_from_slice(&log);
        self.checkpoint = checkpoint;
        self.later(STORE, Event::Stored(number));
    }

    fn later(&mut self, millis: u64, event: Event) {
        self.sequence += 1;
        self.pending.insert((self.now + millis, self.sequence), event);
    }
}

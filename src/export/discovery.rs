//! Reads an account: whose key it is, its lists, fields and tags, every page of them.

use super::remote::{Remote, fatal, key_refused};
use super::{Input, Output, Sent, Wait, WaitReason};
use crate::activecampaign::account::{self, ContactLimit};
use crate::activecampaign::answer::{Judgement, judge};
use crate::activecampaign::{Call, fields, lists, tags};
use crate::connection::AccountSchema;
use crate::delivery::pace::Pace;
use crate::delivery::rate::Kind;
use crate::error::{Category, Misuse, Stop};
use crate::export::Request;
use crate::json::{Json, Value, Writer};
use crate::limits::{FIRST_CONTACT_TRIES, FORBIDDEN_PAUSE_MILLIS, FORBIDDEN_TRIES, MAX_ATTEMPTS, MAX_PAGES};
use crate::time::Timestamp;
use std::collections::VecDeque;

/// How much of an account is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The tags, which may be many pages.
    pub tags: bool,
    /// The plan's contact limit, which only an administrator's key may read.
    pub limit: bool,
}

/// What an account is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The login name of the key's user.
    pub user: String,
    /// Lists, fields and tags.
    pub schema: AccountSchema,
    /// The plan's limit, where the key may read it.
    pub contact_limit: Option<ContactLimit>,
}

impl Json for Account {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("user", &self.user);
            self.schema.members(json);
            json.optional("contactLimit", &self.contact_limit);
        });
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    User,
    Lists,
    Fields,
    Tags,
    Limit,
}

/// The machine that reads an account.
pub struct Discovery {
    remote: Remote,
    wanted: Wanted,
    step: Step,
    read: u64,
    pages: u32,
    /// Refusals of the key, and other failures, in a row.
    refusals: u32,
    failures: u32,
    pages_instead: u32,
    not_before: Timestamp,
    open: Option<u64>,
    account: Account,
    outputs: VecDeque<Output<Result<Account, Stop>>>,
    finished: bool,
}

impl Discovery {
    /// A machine that reads what is wanted.
    #[must_use]
    pub fn new(wanted: Wanted, seed: u64, now: Timestamp) -> Self {
        Self::sharing(&Pace::default(), wanted, seed, now)
    }

    /// The same within an account's windows, together with all others that have a share in them.
    #[must_use]
    pub fn sharing(pace: &Pace, wanted: Wanted, seed: u64, now: Timestamp) -> Self {
        let mut remote = Remote::new(seed);
        remote.share(pace);
        let now = remote.pace().tell(now);
        let mut discovery = Self {
            remote,
            wanted,
            step: Step::User,
            read: 0,
            pages: 0,
            refusals: 0,
            failures: 0,
            pages_instead: 0,
            not_before: now,
            open: None,
            account: Account::default(),
            outputs: VecDeque::new(),
            finished: false,
        };
        discovery.go_on(now);
        discovery
    }

    /// The same after an earlier process, in whose windows it is to stay.
    #[must_use]
    pub fn after(mut self, remote: Option<Remote>, now: Timestamp) -> Self {
        if let Some(mut remote) = remote {
            remote.share(self.remote.pace());
            let now = remote.pace().tell(now);
            remote.go_on(0, now);
            // Nothing went out yet: what was to be sent first is asked for anew, within those windows.
            self.remote = remote;
            self.open = None;
            self.outputs.clear();
            self.go_on(now);
        }
        self
    }

    /// The account's windows as they stand, for the run that follows.
    #[must_use]
    pub fn into_remote(self) -> Remote {
        self.remote
    }

    /// Takes one input.
    ///
    /// # Errors
    /// The outputs were not drained, or the answer belongs to no open request.
    pub fn handle_input(&mut self, now: Timestamp, input: &Input<'_>) -> Result<(), Misuse> {
        if self.finished {
            return Err(Misuse::Finished);
        }
        if !self.outputs.is_empty() {
            return Err(Misuse::Undrained);
        }
        let now = self.remote.pace().tell(now);
        match input {
            Input::Response { id, status, retry_after, body } => {
                self.take(*id)?;
                let judgement = judge(*status, body);
                self.remote.judged(&judgement, *retry_after, false, now);
                self.answered(judgement, now);
                self.give_up(now);
            }
            Input::Unanswered { id, sent } => {
                self.take(*id)?;
                self.remote.unanswered(now);
                let message = match sent {
                    Sent::No => "The host could not be reached.",
                    Sent::Unknown => "The host did not answer.",
                };
                self.failed(message, now);
                self.give_up(now);
            }
            Input::Cancel => {
                let stop = Stop::new("cancelled", Category::Misuse, "Cancelled.", "Run it again when wanted.");
                self.finish(Err(stop.retryable()));
            }
            Input::Bytes(_)
            | Input::EndOfSource
            | Input::SourceFailed
            | Input::Stored { .. }
            | Input::NotStored { .. }
            | Input::Wake => {}
        }
        self.go_on(now);
        Ok(())
    }

    /// The next output, to `Wait` or `Finish`.
    pub fn poll_output(&mut self) -> Option<Output<Result<Account, Stop>>> {
        self.outputs.pop_front()
    }

    fn take(&mut self, id: u64) -> Result<(), Misuse> {
        if self.open == Some(id) {
            self.open = None;
            return Ok(());
        }
        Err(Misuse::UnknownRequest)
    }

    fn finish(&mut self, result: Result<Account, Stop>) {
        self.finished = true;
        self.outputs.clear();
        self.outputs.push_back(Output::Finish(result));
    }

    fn give_up(&mut self, now: Timestamp) {
        if let Some(stop) = self.remote.gave_up(now).filter(|_| !self.finished) {
            self.finish(Err(stop));
        }
    }

    fn call(&self) -> Call {
        match self.step {
            Step::User => account::user_call(),
            Step::Lists => lists::call(self.read),
            Step::Fields => fields::call(self.read),
            Step::Tags => tags::call(self.read),
            Step::Limit => account::settings_call(),
        }
    }

    fn go_on(&mut self, now: Timestamp) {
        if self.finished {
            return;
        }
        if self.open.is_none() {
            let opens_at = self.remote.opens_at(Kind::Other).unwrap_or(now).max(self.not_before);
            if opens_at > now {
                let reason = if self.failures > 0 { WaitReason::Backoff } else { WaitReason::RateWindow };
                self.outputs.push_back(Output::Wait(Wait {
                    until: Some(self.remote.pace().host_time(opens_at)),
                    reason,
                    wants_bytes: false,
                    in_flight: 0,
                }));
                return;
            }
            let id = self.remote.send(Kind::Other, now);
            self.remote.launched();
            self.open = Some(id);
            self.outputs.push_back(Output::Send(Request { id, kind: Kind::Other, call: self.call() }));
        }
        let wait = Wait { until: None, reason: WaitReason::Answer, wants_bytes: false, in_flight: 1 };
        self.outputs.push_back(Output::Wait(wait));
    }

    fn answered(&mut self, judgement: Judgement, now: Timestamp) {
        match judgement {
            Judgement::Fine(value) => match self.read_page(&value) {
                Some(more) => {
                    (self.refusals, self.failures, self.pages_instead) = (0, 0, 0);
                    if !more {
                        self.advance();
                    }
                }
                None => self.failed("The host's answer is not ActiveCampaign's.", now),
            },
            // Only an administrator's key may read the limit; a run needs it not.
            Judgement::Forbidden | Judgement::NotFound if self.step == Step::Limit => self.advance(),
            Judgement::Forbidden => {
                self.refusals += 1;
                self.not_before = now.plus(FORBIDDEN_PAUSE_MILLIS);
                if self.refusals >= FORBIDDEN_TRIES {
                    self.finish(Err(self.refused()));
                }
            }
            Judgement::LoginPage => {
                self.pages_instead += 1;
                self.not_before = now.plus(FORBIDDEN_PAUSE_MILLIS);
                if self.pages_instead >= FORBIDDEN_TRIES {
                    self.finish(Err(key_refused()));
                }
            }
            Judgement::Throttled => {}
            other => match fatal(&other) {
                Some(stop) => self.finish(Err(stop)),
                None => self.failed("The host answered with an error.", now),
            },
        }
    }

    /// The key works, but may not read this: its user lacks a right.
    fn refused(&self) -> Stop {
        let what = match self.step {
            Step::User | Step::Limit => return key_refused(),
            Step::Lists => "lists",
            Step::Fields => "custom fields",
            Step::Tags => "tags",
        };
        Stop::new(
            "permission",
            Category::Credentials,
            &format!("The account accepts the key, but not for reading {what}."),
            &format!("Give the key's user the right to see {what} in the account's groups."),
        )
    }

    fn failed(&mut self, message: &str, now: Timestamp) {
        self.failures += 1;
        self.not_before = now.plus(self.remote.backoff(self.failures));
        // A host that has never answered is more likely misspelt than in trouble.
        let answered = self.step != Step::User;
        if self.failures >= if answered { MAX_ATTEMPTS } else { FIRST_CONTACT_TRIES } {
            let remedy = "Check the hostname and the network, then try again.";
            let message = format!("{message} It was tried {} times.", self.failures);
            let stop = Stop::new("remote_unavailable", Category::Remote, &message, remedy);
            self.finish(Err(stop.retryable()));
        }
    }

    /// Reads a page of the current step; says whether there are more, `None` when it is none.
    fn read_page(&mut self, value: &Value) -> Option<bool> {
        self.pages += 1;
        let schema = &mut self.account.schema;
        let (count, more) = match self.step {
            Step::User => {
                self.account.user = account::read_user(value)?;
                (0, false)
            }
            Step::Limit => {
                self.account.contact_limit = account::read_limit(value);
                (0, false)
            }
            Step::Lists => extend(&mut schema.lists, lists::read(value)?, self.read),
            Step::Fields => extend(&mut schema.fields, fields::read(value)?, self.read),
            Step::Tags => extend(&mut schema.tags, tags::read(value)?, self.read),
        };
        self.read += count;
        Some(more && self.pages < MAX_PAGES)
    }

    fn advance(&mut self) {
        (self.read, self.pages, self.refusals, self.failures) = (0, 0, 0, 0);
        let next = match self.step {
            Step::User => Some(Step::Lists),
            Step::Lists => Some(Step::Fields),
            Step::Fields if self.wanted.tags => Some(Step::Tags),
            Step::Fields | Step::Tags if self.wanted.limit => Some(Step::Limit),
            _ => None,
        };
        match next {
            Some(step) => self.step = step,
            None => {
                let account = core::mem::take(&mut self.account);
                self.finish(Ok(account));
            }
        }
    }
}

/// Adds a page; gives its size and whether there are more.
fn extend<T>(all: &mut Vec<T>, page: crate::activecampaign::Page<T>, read: u64) -> (u64, bool) {
    let count = page.count;
    let more = page.more_after(read + count);
    all.extend(page.items);
    (count, more)
}

//! What the wire does to each request in turn, as an input says.

use crate::account::{Account, Reply};
use crate::input::{Input, expand};
use activecampaign_export::activecampaign::Call;
use activecampaign_export::export::Sent;
use activecampaign_export::limits::MAX_ANSWER_BYTES;
use serde_json::Value;

/// What comes of a request.
#[derive(Clone, Debug)]
pub enum Event {
    /// An answer.
    Answer(Reply),
    /// None.
    Silence(Sent),
}

/// The answers of an input, and those of a well-behaved account behind them.
#[derive(Debug, Default)]
pub struct Script<'a> {
    input: Input<'a>,
    /// The account that takes over.
    pub account: Account,
    /// Whether the last answer comes again for ever instead.
    pub repeat: bool,
    /// What is told of a state to be stored: stored, or not.
    pub stores: bool,
    /// Whether the newest open request is answered first.
    pub newest_first: bool,
    last: Option<Event>,
    /// Requests so far.
    asked: u64,
}

impl Default for Input<'_> {
    fn default() -> Self {
        Input::new(&[])
    }
}

impl<'a> Script<'a> {
    /// The answers that an input holds.
    #[must_use]
    pub fn new(input: Input<'a>) -> Self {
        Self { input, stores: true, ..Self::default() }
    }

    /// Milliseconds until the next answer.
    pub fn delay(&mut self) -> u64 {
        100 + self.asked % 7 * 400
    }

    /// The event for a request.
    pub fn next(&mut self, call: &Call) -> Event {
        self.asked += 1;
        if self.input.is_empty() {
            return match &self.last {
                Some(last) if self.repeat => last.clone(),
                _ => Event::Answer(self.account.answer(call)),
            };
        }
        let event = self.scripted(call);
        self.last = Some(event.clone());
        event
    }

    fn scripted(&mut self, call: &Call) -> Event {
        const STATUSES: [u16; 24] = [
            200, 201, 204, 299, 0, 100, 301, 302, 400, 401, 402, 403, 404, 408, 413, 418, 422, 429, 500, 502, 503, 504,
            599, 65_535,
        ];
        let kind = self.input.byte();
        match kind & 7 {
            0 => Event::Answer(self.account.answer(call)),
            1 => Event::Silence(if kind & 8 == 0 { Sent::Unknown } else { Sent::No }),
            // The account acts, and something else is told.
            2 => {
                let reply = self.account.answer(call);
                Event::Answer(Reply { status: self.input.pick(&STATUSES), retry_after: self.header(), ..reply })
            }
            _ => {
                let status = self.input.pick(&STATUSES);
                let retry_after = self.header();
                let length = usize::from(self.input.byte()) + if kind & 16 == 0 { 0 } else { 256 };
                let body = self.body(length, call);
                Event::Answer(Reply { status, retry_after, body })
            }
        }
    }

    fn header(&mut self) -> Option<String> {
        let length = usize::from(self.input.byte());
        // Most headers are short; a byte that says more means none.
        (1..=40).contains(&length).then(|| String::from_utf8_lossy(self.input.take(length)).into_owned())
    }

    /// A body in which the bytes 1 and 2 stand for the first two addresses that were asked about, 3 for a number of
    /// its own and 4 for the number of contacts.
    fn body(&mut self, length: usize, call: &Call) -> Vec<u8> {
        let raw = expand(self.input.take(length), MAX_ANSWER_BYTES);
        if !raw.iter().any(|byte| (1..=4).contains(byte)) {
            return raw;
        }
        let parsed: Value = call.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        let sent = parsed["contacts"].as_array().cloned().unwrap_or_default();
        let query = call.path.split_once('?').map_or("", |(_, query)| query);
        let asked = crate::account::parameter(query, "email");
        let address = |place: usize| {
            let known = sent.get(place).and_then(|contact| contact["email"].as_str());
            known.map_or(
                if asked.is_empty() { format!("user{}@example.com", place + 1) } else { asked.clone() },
                str::to_owned,
            )
        };
        let mut out = Vec::new();
        for byte in raw {
            match byte {
                1 | 2 => out.extend(address(usize::from(byte) - 1).bytes()),
                3 => out.extend(self.asked.to_string().bytes()),
                4 => out.extend(sent.len().to_string().bytes()),
                _ => out.push(byte),
            }
        }
        out
    }
}

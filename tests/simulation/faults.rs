//! Which faults a seed switches on, and how often: a random subset each time, so that rare pairs meet.

use super::model::{Model, Size};
use crate::common::account::{Account, Fate, Knobs, Reply};
use crate::common::dice::Dice;
use crate::common::{Kind, contact_before};
use activecampaign_export::export::Sent;
use serde_json::json;

/// What the wire does to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    Fine,
    /// The account never sees it; this is the answer.
    Instead(Reply),
    /// The account takes it, and this is the answer.
    Masked(Reply),
    /// No answer, and the account never saw it.
    Nothing(Sent),
    /// No answer, though the account took it.
    AnswerLost,
    /// No answer; the account takes it so many milliseconds later.
    Late(u64),
}

/// The faults of the wire, by number of the catalogue where one is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 1, 2.
    TooMany,
    /// 4.
    ImportsThrottled,
    /// 9, once.
    Forbidden,
    /// 13, 14.
    Trouble,
    /// 15, 16.
    Unsent,
    /// 17.
    Lost,
    /// 18.
    AnswerLost,
    /// 19.
    AppliedLate,
    /// 20, 21.
    Unreadable,
    /// 21.
    Page,
    /// 24, 30.
    NotYet,
    /// 26.
    Forgotten,
}

const FAULTS: [Fault; 12] = [
    Fault::TooMany,
    Fault::ImportsThrottled,
    Fault::Forbidden,
    Fault::Trouble,
    Fault::Unsent,
    Fault::Lost,
    Fault::AnswerLost,
    Fault::AppliedLate,
    Fault::Unreadable,
    Fault::Page,
    Fault::NotYet,
    Fault::Forgotten,
];

/// The faults of one seed.
#[derive(Clone, Debug)]
pub struct Swarm {
    pub faults: Vec<Fault>,
    /// Faulty requests of a thousand, and how many there will be at most.
    pub rate: u64,
    pub left: u64,
    /// Crashes of a thousand chances, and how many there will be at most.
    crash_rate: u64,
    pub crashes_left: u64,
    /// Whether a crashed owner may live on, and whether storing may fail.
    pub zombies: bool,
    pub store_fails: bool,
    /// Whether the end of some profile may stay unknown by the account's own doing.
    pub murky: bool,
    pub cancels: bool,
    /// 38: the host's clock is set, back or forward.
    pub clock_is_set: bool,
}

impl Swarm {
    pub fn new(dice: &mut Dice) -> Self {
        let calm = dice.below(10) == 0;
        let mut faults: Vec<Fault> = FAULTS.into_iter().filter(|_| !calm && dice.below(3) == 0).collect();
        faults.dedup();
        let forgetful = faults.contains(&Fault::Forgotten);
        Self {
            faults,
            rate: [20, 80, 300, 700][dice.below(4) as usize],
            left: dice.below(50),
            crash_rate: [0, 5, 20, 60][dice.below(4) as usize],
            crashes_left: dice.below(12),
            zombies: dice.below(3) == 0,
            store_fails: dice.below(6) == 0,
            // An import that the account denies twice is anybody's guess.
            murky: dice.below(3) == 0 || forgetful,
            cancels: dice.below(12) == 0,
            clock_is_set: dice.below(6) == 0,
        }
    }

    /// Whether the process dies here.
    pub fn crash(&mut self, dice: &mut Dice) -> bool {
        let dies = self.crashes_left > 0 && dice.below(1_000) < self.crash_rate;
        self.crashes_left -= u64::from(dies);
        dies
    }

    /// Whether no answer to an import is ever lost, nor the process that was to hear it.
    fn answers_come_through(&self) -> bool {
        let losing = [Fault::AnswerLost, Fault::AppliedLate, Fault::Trouble, Fault::Unreadable];
        let crashes = self.crash_rate > 0 && self.crashes_left > 0;
        !crashes && !self.store_fails && !losing.iter().any(|fault| self.faults.contains(fault))
    }

    /// What happens to a request.
    pub fn wire(&mut self, dice: &mut Dice, kind: Kind) -> Wire {
        if self.left == 0 || self.faults.is_empty() || dice.below(1_000) >= self.rate {
            return Wire::Fine;
        }
        let fault = self.faults[dice.below(self.faults.len() as u64) as usize];
        let wire = fault.wire(dice, kind);
        self.left -= u64::from(wire != Wire::Fine);
        wire
    }
}

impl Fault {
    fn wire(self, dice: &mut Dice, kind: Kind) -> Wire {
        let bulk = kind == Kind::Bulk;
        match self {
            Self::TooMany => {
                let reply = Reply::json(429, &json!({"message": "You have exceeded the rate limit."}));
                let headers = ["1", "30", "Wed, 21 Oct 2026 07:28:00 GMT", "soon", "99999999999999999999", "-5"];
                Wire::Instead(match dice.below(7) {
                    6 => reply,
                    which => reply.after(headers[which as usize]),
                })
            }
            Self::ImportsThrottled if bulk => {
                let texts = ["Rate limit exceeded.", "Up to 100 imports may be requested per minute."];
                let reason = texts[dice.below(2) as usize];
                Wire::Instead(Reply::json(400, &json!({"success": 0, "failureReasons": [reason]})))
            }
            Self::Forbidden => Wire::Instead(Reply::json(403, &json!({"message": "No permission"}))),
            Self::Trouble => {
                let status = [500, 502, 503, 504, 520, 408][dice.below(6) as usize];
                let problem =
                    json!({"type": "https://developers.cloudflare.com/", "title": "Error 520", "status": 520});
                let reply =
                    if dice.below(2) == 0 { Reply::json(status, &problem) } else { Reply::text(status, "<html>") };
                if dice.below(3) == 0 { Wire::Masked(reply) } else { Wire::Instead(reply) }
            }
            Self::Unsent => Wire::Nothing(Sent::No),
            Self::Lost => Wire::Nothing(Sent::Unknown),
            Self::AnswerLost => Wire::AnswerLost,
            Self::AppliedLate if bulk => Wire::Late(dice.between(1_000, 9 * 60_000)),
            Self::Unreadable => {
                let bodies = [
                    "{\"success\":1,\"bat",
                    "ok",
                    "{\"success\":0}",
                    "{\"success\":1}",
                    "{\"success\":1,\"batchId\":\"\"}",
                    "[]",
                ];
                let reply = Reply::text(200, bodies[dice.below(6) as usize]);
                if dice.below(2) == 0 { Wire::Masked(reply) } else { Wire::Instead(reply) }
            }
            Self::Page => Wire::Instead(Reply::text(200, "<!DOCTYPE html><html><body>Sign in</body></html>")),
            Self::NotYet if kind == Kind::Info => {
                let bodies = [json!({"status": false}), json!({"status": "waiting"}), json!({"status": "pondering"})];
                Wire::Instead(Reply::json(200, &bodies[dice.below(3) as usize]))
            }
            Self::Forgotten if kind == Kind::Info => {
                let status = if dice.below(2) == 0 { 404 } else { 400 };
                Wire::Instead(Reply::json(status, &json!({"message": "'batchId' is a required field."})))
            }
            Self::ImportsThrottled | Self::AppliedLate | Self::NotYet | Self::Forgotten => Wire::Fine,
        }
    }
}

/// An account with habits of its own, some of them awkward.
pub fn account(dice: &mut Dice, model: &Model, swarm: &Swarm) -> Account {
    let chance = |dice: &mut Dice, of: u64| dice.below(of) == 0;
    let some = |dice: &mut Dice, of: u64, most: usize| {
        let on = dice.below(4) == 0;
        model.addresses().filter(|_| on && dice.below(of) == 0).take(most).cloned().collect()
    };
    let mut knobs = Knobs {
        upper_failure: chance(dice, 3),
        capital_success: chance(dice, 3),
        index_base: dice.below(2),
        refuse_named: some(dice, 60, 60),
        refuse_silently: some(dice, 400, 6),
        fail_late: some(dice, 50, 60),
        odd_word: chance(dice, 4),
        import_millis: [0, 500, 6_000, 40_000][dice.below(4) as usize],
        // Half of a halved body still fits, so that no contact alone is too large.
        max_bytes: (chance(dice, 8) && model.size != Size::Alone).then_some(40_000),
        ..Knobs::default()
    };
    if swarm.murky {
        // Both at once nobody can tell apart but by looking every contact up: see the guide.
        knobs.created_only = chance(dice, 2);
        knobs.skip = if knobs.created_only { std::collections::BTreeSet::new() } else { some(dice, 100, 20) };
        let fates = [Fate::Completes, Fate::Completes, Fate::Completes, Fate::Fails, Fate::Interrupted, Fate::Stuck];
        let count = dice.below(12);
        knobs.fates = (0..count).map(|_| fates[dice.below(6) as usize]).collect();
        // One id for two batches shows only when both answers come through: see the guide.
        knobs.same_batch_id = chance(dice, 4) && swarm.answers_come_through();
        // Without end, so that only a counter of attempts ends it.
        match dice.below(12) {
            0 => knobs.fates = vec![Fate::Fails; 400],
            1 => knobs.fates = vec![Fate::Stuck; 400],
            2 => knobs.info_status = Some([400, 404][dice.below(2) as usize]),
            _ => {}
        }
    }
    let mut account = Account::new(knobs);
    if dice.below(2) == 0 {
        let held: Vec<String> = model.addresses().filter(|_| dice.below(4) == 0).cloned().collect();
        for address in held {
            account.hold(&contact_before(&address));
        }
    }
    account
}

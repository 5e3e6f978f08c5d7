//! The bugs: mistakes of a line or two such as people make, and the law of the simulation that each one breaks.

use super::lab::Change;

/// A bug to be planted.
pub struct Plant {
    pub name: &'static str,
    pub changes: &'static [Change],
    /// Part of what the broken law says.
    pub law: &'static str,
    pub seeds: u64,
    /// The test that must see it.
    pub test: &'static str,
}

const fn change(file: &'static str, find: &'static str, replace: &'static str) -> Change {
    Change { file, find, replace }
}

/// Most bugs show within the first dozens of seeds.
const fn plant(name: &'static str, law: &'static str, changes: &'static [Change]) -> Plant {
    Plant { name, changes, law, seeds: 120, test: "simulation" }
}

/// Some need faults that seldom meet.
const fn rare(name: &'static str, law: &'static str, changes: &'static [Change]) -> Plant {
    Plant { name, changes, law, seeds: 250, test: "simulation" }
}

/// A window is full only in long runs, which are simulated without faults.
const fn paced(name: &'static str, law: &'static str, changes: &'static [Change]) -> Plant {
    Plant { name, changes, law, seeds: 0, test: "pace" }
}

const SAVED: &str = "src/export/saved.rs";
const KEEPING: &str = "src/export/keeping.rs";
const IMPORT: &str = "src/export/import.rs";
const OUTCOME: &str = "src/export/outcome.rs";

/// Planted in each test run; the others when `PLANTED_BUGS` is `all`.
pub const EVERY_TIME: [&str; 6] = ["a:", "b:", "c:", "d1:", "e:", "f:"];

/// Every plant.
#[rustfmt::skip]
pub const PLANTS: &[Plant] = &[
    plant("a: what was only taken counts as settled after a resume", "a state that does not restore", &[change(
        SAVED,
        "export.awaiting = saved.pieces.into_iter().map(watched).collect();",
        "for piece in &saved.pieces { if let (contacts, true) = piece.counts() { export.outcome.delivered += contacts; } }
         export.awaiting = saved.pieces.into_iter().map(watched).filter(|piece| !piece.counts().1).collect();",
    )]),
    plant("a2: the watermark moves over batches that are only taken", "stopped without a cause", &[change(
        KEEPING,
        "units.values().any(|unit| unit.batch.number == number)",
        "units.values().any(|unit| unit.batch.number == number && !unit.is_taken())",
    )]),
    plant("b: a batch does not wait for its stored intent", "a batch went out before its intent was stored", &[change(
        "src/export/sending.rs",
        "Some(keeping) if import => keeping.hold(request),",
        "Some(keeping) if import && keeping.storing() => keeping.hold(request),",
    )]),
    plant("c: accepted counts as delivered", " delivered, ", &[change(
        IMPORT,
        "        // Others pass: contacts that were refused alone",
        "        self.outcome.delivered += self.in_flight.units.remove(id).map_or(0, |unit| unit.contacts());
        // Others pass: contacts that were refused alone",
    )]),
    paced("d1: the windows are forgotten on resume", "more than 100 imports in a minute", &[change(
        "src/delivery/pace.rs",
        "shared.limiter.fields(tape)",
        "Some(())",
    )]),
    plant("d2: the second around a crash is forgotten", "6 requests in", &[change(
        "src/export/remote.rs",
        "self.pace.change(|limiter| limiter.close_until(self.careful_until));",
        "",
    )]),
    plant("e: taken over is taken for stored", "a stale owner sent a batch", &[change(
        "src/export/mod.rs",
        "Input::NotStored { number, taken_over } =>",
        "Input::NotStored { number, taken_over: true } => self.stored(*number, now)?,
         Input::NotStored { number, taken_over } =>",
    )]),
    plant("f: a batch that failed goes out again in halves", "packed again without a cause", &[change(
        IMPORT,
        "        let pause = self.remote.backoff(attempts);\n        self.ready(id, now.plus(pause));",
        "        let pause = self.remote.backoff(attempts);
        let halves = unit.batch.halves();
        self.in_flight.replace(id, halves, now.plus(pause));",
    )]),
    plant("g1: attempts are never counted", "causes", &[change(IMPORT, "        unit.attempts += 1;\n", "")]),
    plant("g2: imports that get stuck are never counted", "causes", &[change(OUTCOME, "        unit.stuck += 1;\n", "")]),
    plant("g3: imports that are denied are never counted", "does not end", &[change(
        OUTCOME,
        "        unit.forgotten += 1;\n",
        "",
    )]),
    plant("h1: every backoff is zero", "no backoff", &[change(
        "src/delivery/retry.rs",
        "random.up_to(bound)",
        "random.up_to(bound * 0)",
    )]),
    plant("h2: a failed batch does not wait", "no backoff", &[change(
        IMPORT,
        "        let pause = self.remote.backoff(attempts);\n        self.ready(id, now.plus(pause));",
        "        let _ = self.remote.backoff(attempts);\n        self.ready(id, now);",
    )]),
    plant("i: rejections of records that are read again are told again", "told twice", &[change(
        "src/export/encoder.rs",
        "        if same { Ok(()) } else",
        "        self.tally.rejections.extend(replay.tally.rejections);
         if same { Ok(()) } else",
    )]),
    plant("j1: given up counts as delivered", " delivered, ", &[change(
        OUTCOME,
        "self.outcome.unverified += unit.contacts();",
        "self.outcome.delivered += unit.contacts();",
    )]),
    plant("j2: a contact that was looked up in vain counts as delivered", " delivered, ", &[change(
        OUTCOME,
        "if applied { Found::Applied } else { Found::Missing }",
        "{ let _ = applied; Found::Applied }",
    )]),
    rare("k: no barrier between runs", "was given", &[change(
        SAVED,
        "        remote.bar_until(saved.loose_until);\n",
        "",
    )]),
];

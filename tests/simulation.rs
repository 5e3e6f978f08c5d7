//! Whole exports, simulated: every fault that a wire, an account, a disk or a process can have, in random company,
//! and the invariants of delivery after every step. One seed decides everything; a failure prints it.
//!
//! `SIMULATION_SEEDS=20000` runs more seeds, `SIMULATION_SEED=7` one of them, `SIMULATION_TRACE=1` with all outputs.

// Helpers of tests may fail like tests, and show what they do.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

mod common;
#[path = "simulation/faults.rs"]
mod faults;
#[path = "simulation/laws.rs"]
mod laws;
#[path = "simulation/model.rs"]
mod model;
#[path = "simulation/world.rs"]
mod world;

use activecampaign_export::export::RunResult;
use world::World;

/// Seeds that failed once, and what they found.
const REGRESSIONS: [u64; 0] = [];

/// One seed: a run to its end, and in some a second one over the same addresses.
fn simulate(seed: u64, keep_log: bool) -> (RunResult, World) {
    let mut world = World::new(seed, keep_log);
    world.shows = number("SIMULATION_TRACE").is_some();
    let run = world.run();
    let result = run.summary.result;
    let second = seed.is_multiple_of(3);
    if !second {
        world.let_it_settle();
    }
    laws::at_the_end(&world, &run, 1);
    if second {
        let profiles = world.model.fates.len();
        let next = world.next_run(profiles);
        world.let_it_settle();
        laws::at_the_end(&world, &next, 2);
        laws::the_newest_payload_stays(&world);
    }
    (result, world)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number")))
}

/// The seeds of one of four shares, so that the machine's processors all have work.
fn share(part: u64) {
    if let Some(seed) = number("SIMULATION_SEED") {
        if seed % 4 == part {
            let (result, _) = simulate(seed, number("SIMULATION_TRACE").is_some());
            println!("seed {seed}: {result:?}");
        }
        return;
    }
    let seeds = number("SIMULATION_SEEDS").unwrap_or(2_000);
    let mut pauses = Vec::new();
    let mut ends = std::collections::BTreeMap::new();
    for seed in (1..=seeds).filter(|seed| seed % 4 == part) {
        let twice = seed % 64 == 1;
        // Shown when the test fails, so that the seed is known.
        println!("seed {seed}");
        let (result, world) = simulate(seed, twice);
        if twice {
            assert!(world.log == simulate(seed, true).1.log, "seed {seed}: two traces");
        }
        pauses.extend(world.pauses);
        *ends.entry(format!("{result:?}")).or_insert(0_u64) += 1;
    }
    println!("{ends:?}");
    laws::failures_are_followed_by_pauses(&pauses);
    // A simulation in which everything fails, or nothing does, proves little.
    if seeds >= 2_000 {
        let enough =
            |result: RunResult, least: u64| ends.get(&format!("{result:?}")).is_some_and(|count| *count >= least);
        assert!(enough(RunResult::Succeeded, 5), "{ends:?}");
        assert!(enough(RunResult::CompletedWithRejections, 50), "{ends:?}");
        assert!(enough(RunResult::Incomplete, 2), "{ends:?}");
    }
}

#[test]
fn first_share() {
    share(0);
}

#[test]
fn second_share() {
    share(1);
}

#[test]
fn third_share() {
    share(2);
}

#[test]
fn fourth_share() {
    share(3);
}

#[test]
fn regressions() {
    for seed in REGRESSIONS {
        println!("seed {seed}");
        simulate(seed, false);
    }
}

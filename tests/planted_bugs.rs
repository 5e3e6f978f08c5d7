//! The simulation can fail. Aim: a green simulation is worth something only if the mistakes that it is there for turn
//! it red. Method: a copy of the crate is made; it must be green as it is; then bugs are planted in it, one at a time,
//! and each must compile, turn the simulation red, and make it name the law that this bug breaks, so that none is
//! caught by accident.
//!
//! Six are planted in each test run, all of them with `PLANTED_BUGS=all`, and those whose names begin with k with
//! `PLANTED_BUGS=k`. What a plant replaces must occur exactly once: one that no
//! longer fits the sources is a failure, too.

// Helpers of tests may fail like tests, and show what they do.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)]

#[path = "planted_bugs/lab.rs"]
mod lab;
#[path = "planted_bugs/plants.rs"]
mod plants;

use lab::{Lab, Verdict};
use plants::{EVERY_TIME, PLANTS, Plant};

/// Seeds of the copy without a bug: as many as any plant is given.
fn most_seeds() -> u64 {
    PLANTS.iter().map(|plant| plant.seeds).max().unwrap()
}

/// What is wrong with a plant's verdict.
fn missed(plant: &Plant, verdict: &Verdict) -> Option<String> {
    if !verdict.red {
        return Some(format!("{} seeds, and nobody noticed", plant.seeds));
    }
    let named = verdict.failures.iter().any(|failure| failure.contains(plant.law));
    (!named).then(|| format!("red, but nothing says {:?}; it says {:#?}", plant.law, verdict.failures))
}

#[test]
fn plants_fit_the_sources() {
    let mut findings = Vec::new();
    for plant in PLANTS {
        for change in plant.changes {
            let text = std::fs::read_to_string(lab::original().join(change.file)).unwrap_or_default();
            findings.extend(change.made(&text).err().map(|error| format!("{}: {error}", plant.name)));
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn each_planted_bug_is_caught() {
    let only = std::env::var("PLANTED_BUGS").unwrap_or_default();
    let wanted = |plant: &&Plant| match only.as_str() {
        "" => EVERY_TIME.iter().any(|name| plant.name.starts_with(name)),
        "all" => true,
        only => plant.name.starts_with(only),
    };
    assert!(PLANTS.iter().any(|plant| wanted(&plant)), "no bug is called {only}");
    let lab = Lab::new();
    for test in ["simulation", "pace"] {
        let healthy = lab.judge(test, &[], most_seeds());
        let healthy = healthy.unwrap_or_else(|error| panic!("the copy without a bug: {error}"));
        assert!(!healthy.red, "{test}: red without a bug, so that red proves nothing:\n{}", healthy.text);
    }
    let mut findings = Vec::new();
    for plant in PLANTS.iter().filter(wanted) {
        let finding = match lab.judge(plant.test, plant.changes, plant.seeds) {
            Ok(verdict) => {
                let first = verdict.failures.first().map_or("green", String::as_str);
                println!("{}\n    {first:.160}", plant.name);
                missed(plant, &verdict)
            }
            Err(error) => Some(error),
        };
        findings.extend(finding.map(|finding| format!("{}: {finding}", plant.name)));
    }
    assert!(findings.is_empty(), "{} of {} plants:\n{}", findings.len(), PLANTS.len(), findings.join("\n"));
}

#[test]
fn a_plant_that_does_not_fit_is_told() {
    let change = lab::Change { file: "a.rs", find: "x += 1;", replace: "" };
    assert_eq!(change.made("x += 1; y"), Ok(" y".to_owned()));
    assert!(change.made("x += 2; y").is_err(), "it is not there");
    assert!(change.made("x += 1; x += 1;").is_err(), "it is there twice");
}

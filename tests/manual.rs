//! The guide names a test for every fault of delivery; here is looked whether each of them is there.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

/// The cases of a row: file and name, each in backticks, a name being of the last file before it.
fn cases(cell: &str) -> Vec<(String, String)> {
    let mut file = String::new();
    let mut cases = Vec::new();
    for quoted in cell.split('`').skip(1).step_by(2) {
        if [".rs", ".mjs", ".ts"].iter().any(|ending| quoted.ends_with(ending)) {
            file = quoted.to_owned();
        } else {
            cases.push((file.clone(), quoted.to_owned()));
        }
    }
    cases
}

fn is_there(file: &str, name: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // A test of Rust by its function; others, and the marks of the simulation, by their words.
    text.contains(&format!("fn {name}(")) || (!name.contains('_') && text.contains(name))
}

#[test]
fn every_fault_has_a_case() {
    let guide = include_str!("../src/manual/delivery.rs");
    let mut findings = Vec::new();
    let mut next = 1;
    for line in guide.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let cells: Vec<&str> = line.trim_end_matches('|').split(" | ").map(str::trim).collect();
        let Some(number) = cells.first().and_then(|cell| cell.parse::<u32>().ok()) else { continue };
        assert_eq!(number, next, "the faults are in order");
        next += 1;
        let found = cases(cells[3]);
        if found.is_empty() {
            findings.push(format!("fault {number} has no case"));
        }
        for (file, name) in found.iter().filter(|(file, name)| !is_there(file, name)) {
            findings.push(format!("fault {number}: {file} has no {name}"));
        }
    }
    assert_eq!(next, 53, "52 faults");
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn a_case_that_is_not_there_is_seen() {
    assert_eq!(cases("`a.rs` `x`, `y`; `b.mjs` `z z`").len(), 3);
    assert!(is_there("tests/manual.rs", "is_there"));
    assert!(!is_there("tests/manual.rs", "is_not_there"));
    assert!(!is_there("tests/none.rs", "is_there"));
}

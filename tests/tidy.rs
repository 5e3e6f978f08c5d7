//! The house stays tidy: the arrows, sizes and bans of the house, read from the files that git knows. The checking
//! functions are themselves tested on planted text, in `tidy_rules.rs`, so that a check which finds nothing is one
//! that would have found something.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/tidy/mod.rs"]
mod tidy;

use std::path::{Path, PathBuf};
use tidy::{arrows, bans, lexer, scripts, sizes, tree};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The paths that git knows or would; in a downloaded copy without git, all but what is built and installed.
fn paths() -> Vec<String> {
    let listed = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    if let Some(listed) = listed.ok().filter(|listed| listed.status.success()) {
        return String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect();
    }
    let mut paths = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if ["target", "node_modules", ".git"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                paths.push(path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"));
            }
        }
    }
    paths.sort();
    paths
}

/// Files that are tracked or would be: path from the root, with their text; binary ones have none.
fn files() -> Vec<(String, Option<String>)> {
    let files: Vec<_> = paths()
        .into_iter()
        .filter(|path| root().join(path).is_file())
        .map(|path| {
            let text = std::fs::read_to_string(root().join(&path)).ok();
            (path, text)
        })
        .collect();
    assert!(files.len() > 100, "only {} files: is this the repository?", files.len());
    files
}

/// Files with one of these endings below one of these folders.
fn below(folders: &[&str], endings: &[&str]) -> Vec<(String, String)> {
    let wanted = |path: &str| {
        let ending = Path::new(path).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        endings.contains(&ending) && folders.iter().any(|folder| path.starts_with(folder))
    };
    let found: Vec<_> = files()
        .into_iter()
        .filter(|(path, _)| wanted(path))
        .map(|(path, text)| {
            let text = text.unwrap_or_else(|| panic!("{path} is not text"));
            (path, text)
        })
        .collect();
    assert!(!found.is_empty(), "no files below {folders:?}");
    found
}

const CODE: [&str; 7] = ["src/", "tests/", "js/src/", "js/test/", "js/scripts/", "js/bench/", "js/examples/"];

/// Fails with all findings at once.
fn none(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn arrows_point_at_nouns() {
    none(below(&["src/"], &["rs"]).iter().flat_map(|(path, text)| arrows::broken(path, text)).collect());
}

#[test]
fn files_of_at_most_600_lines() {
    let files = below(&CODE, &["rs", "ts", "mts", "mjs", "js"]);
    none(files.iter().filter_map(|(path, text)| sizes::too_long(path, text)).collect());
}

#[test]
fn functions_of_at_most_70_lines() {
    let rust = below(&["src/", "tests/", "benches/"], &["rs"]);
    let mut findings: Vec<String> = rust
        .iter()
        .flat_map(|(path, text)| sizes::long_functions(path, &lexer::rust(text), sizes::rust_functions))
        .collect();
    let scripts = below(&["js/"], &["ts", "mts"]);
    findings.extend(
        scripts
            .iter()
            .flat_map(|(path, text)| sizes::long_functions(path, &lexer::script(text), sizes::script_functions)),
    );
    none(findings);
}

#[test]
fn bans() {
    none(below(&["src/"], &["rs"]).iter().flat_map(|(path, text)| bans::broken(path, text)).collect());
}

#[test]
fn unsafe_code_is_forbidden() {
    let text = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let manifest = text("Cargo.toml");
    let lints = manifest.split("[lints.rust]").nth(1).map_or("", |rest| rest.split("\n[").next().unwrap());
    let in_manifest = lints.lines().any(|line| line.replace(' ', "") == "unsafe_code=\"forbid\"");
    assert!(in_manifest || text("src/lib.rs").contains("#![forbid(unsafe_code)]"));
}

#[test]
fn no_paths_of_machines() {
    let found = files().into_iter().filter_map(|(path, text)| Some((path, text?)));
    none(found.flat_map(|(path, text)| tree::machine_paths(&path, &text)).collect());
}

#[test]
fn the_top_level_is_fixed_and_nothing_is_generated() {
    none(files().iter().flat_map(|(path, _)| tree::misplaced(path)).collect());
}

#[test]
fn the_sandbox_stands_alone() {
    none(below(&["js/src/sandbox/"], &["ts"]).iter().flat_map(|(path, text)| scripts::sandbox(path, text)).collect());
}

#[test]
fn only_node_files_import_node() {
    none(below(&["js/src/"], &["ts"]).iter().flat_map(|(path, text)| scripts::node(path, text)).collect());
}

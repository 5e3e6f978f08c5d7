//! What lies where: a fixed top level, nothing generated, and no trace of the machine it was written on.

const TOP: [&str; 17] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "tests",
    "js",
    "pkg-template",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    ".ci",
    "fuzz",
    "benches",
    "rust-toolchain.toml",
    "clippy.toml",
    "rustfmt.toml",
    ".gitignore",
    ".gitattributes",
];

const GENERATED_FOLDERS: [&str; 6] = ["dist", "pkg", "target", "node_modules", "coverage", ".wrangler"];
const GENERATED_ENDINGS: [&str; 8] =
    [".wasm", ".tgz", "_bg.js", ".d.ts", ".map", ".min.js", ".tsbuildinfo", ".profraw"];

/// A path that does not belong here, or that a tool writes.
pub fn misplaced(path: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let parts: Vec<&str> = path.split('/').collect();
    if !TOP.contains(&parts[0]) || parts[0] == ".gitattributes" {
        findings.push(format!("{path}: not on the top level"));
    }
    if parts[..parts.len() - 1].iter().any(|part| GENERATED_FOLDERS.contains(part)) {
        findings.push(format!("{path}: in a folder that a tool writes"));
    }
    if GENERATED_ENDINGS.iter().any(|ending| path.ends_with(ending)) {
        findings.push(format!("{path}: written by a tool"));
    }
    findings
}

/// Lines that name a folder of a machine.
pub fn machine_paths(path: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file is not its own finding.
    let folders = ["root", "home", "work"].map(|name| format!("/{name}/"));
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for folder in &folders {
            let machine = |at: usize| {
                !line[..at]
                    .chars()
                    .next_back()
                    .is_some_and(|letter| letter.is_alphanumeric() || "._-}".contains(letter))
            };
            if line.match_indices(folder.as_str()).any(|(at, _)| machine(at)) {
                findings.push(format!("{path}:{number}: {folder}"));
            }
        }
    }
    findings
}

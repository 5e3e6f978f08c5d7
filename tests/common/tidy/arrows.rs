//! Who may know whom: siblings and nouns know only nouns, `export` composes, `wasm` is the shell.

use super::lexer;

const SIBLINGS: [&str; 6] = ["source", "mapping", "audience", "delivery", "activecampaign", "service"];
const NOUNS: [&str; 13] = [
    "time",
    "error",
    "limits",
    "profile",
    "contact",
    "connection",
    "rejection",
    "plan",
    "text",
    "out",
    "json",
    "masks",
    "checkpoint",
];
const SHELL: [&str; 5] = ["wasm_bindgen", "wasm_bindgen_futures", "js_sys", "web_sys", "serde_wasm_bindgen"];

/// Arrows in the wrong direction.
pub fn broken(path: &str, text: &str) -> Vec<String> {
    let code = lexer::rust(text);
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let parts: Vec<&str> = inner.split('/').filter(|part| *part != "mod").collect();
    let module = parts[0];
    // The guide speaks of all of them.
    if ["wasm", "lib", "manual"].contains(&module) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if module != "export" && !SIBLINGS.contains(&module) && !NOUNS.contains(&module) {
        findings.push(format!("{path}: neither a noun, nor a sibling, nor export, nor wasm"));
    }
    for shell in SHELL.iter().filter(|shell| words(&code).any(|word| word == **shell)) {
        findings.push(format!("{path}: {shell} outside src/wasm"));
    }
    for known in known(&code, parts.len()) {
        let fine = match module {
            "export" => known != "wasm",
            _ => NOUNS.contains(&known.as_str()) || known == module,
        };
        let is_module = SIBLINGS.contains(&known.as_str())
            || NOUNS.contains(&known.as_str())
            || ["export", "wasm"].contains(&known.as_str());
        if is_module && !fine {
            findings.push(format!("{path}: {module} must not know {known}"));
        }
    }
    findings
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

/// The top-level modules that a file names, as `crate::x`, `crate::{x, y}` or by enough `super`s.
fn known(code: &str, depth: usize) -> Vec<String> {
    let up = "super::".repeat(depth);
    let mut known = Vec::new();
    for root in ["crate::", up.as_str()] {
        for (at, _) in code.match_indices(root) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == ':' {
                continue;
            }
            known.extend(heads(&code[at + root.len()..]));
        }
    }
    known
}

/// The first names of a path: one, or those of a group in braces.
fn heads(rest: &str) -> Vec<String> {
    let first = |text: &str| words(text).next().unwrap_or_default().to_owned();
    let Some(group) = rest.strip_prefix('{') else { return vec![first(rest.split(';').next().unwrap())] };
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ => {}
        }
        parts.last_mut().unwrap().push(letter);
    }
    parts.iter().map(|part| first(part.trim_start_matches(','))).filter(|part| !part.is_empty()).collect()
}

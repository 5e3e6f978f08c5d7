//! What the core never does, outside its tests.

use super::lexer;

/// Banned text, and why.
const BANNED: [(&str, &str); 15] = [
    (".unwrap()", "may end the instance"),
    (".expect(", "may end the instance"),
    ("panic!", "may end the instance"),
    ("todo!", "unfinished"),
    ("unimplemented!", "unfinished"),
    ("std::time", "the core has no clock"),
    ("std::thread", "the core starts nothing"),
    ("HashMap", "its order is not deterministic"),
    ("HashSet", "its order is not deterministic"),
    ("println!", "the core has no output"),
    ("print!", "the core has no output"),
    ("eprint!", "the core has no output"),
    ("dbg!", "the core has no output"),
    ("unsafe", "no unsafe code"),
    ("static mut", "no hidden state"),
];

/// Banned text in the code of a file.
pub fn broken(path: &str, text: &str) -> Vec<String> {
    let code = without_tests(&lexer::rust(text));
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(code.lines()) {
        for (banned, why) in BANNED {
            for (at, _) in line.match_indices(banned) {
                // The lexer keeps places: the text itself tells a message from an argument of one's own method.
                let own =
                    banned == ".expect(" && !text.lines().nth(number - 1).unwrap()[at..].starts_with(".expect(\"");
                if stands_alone(line, at, banned) && !own {
                    findings.push(format!("{path}:{number}: {banned} ({why})"));
                }
            }
        }
    }
    findings
}

/// Whether the text is not a part of a longer word, such as `unsafe_code` or a reference to `'static mut`.
fn stands_alone(line: &str, at: usize, banned: &str) -> bool {
    let part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let before = line[..at].chars().next_back();
    let after = line[at + banned.len()..].chars().next();
    let e_print = banned == "println!" && line[..at].ends_with('e');
    let starts = !banned.starts_with(|letter: char| letter.is_alphanumeric()) || !part(before) || e_print;
    let ends = !banned.ends_with(|letter: char| letter.is_alphanumeric()) || !part(after);
    starts && ends && before != Some('\'')
}

/// The code without modules that are compiled for tests only; places stay the same.
fn without_tests(code: &str) -> String {
    let mut rest = code.to_owned();
    while let Some(start) = rest.find("#[cfg(test)]") {
        let open = rest[start..].find('{').map_or(rest.len(), |at| start + at);
        let mut depth = 0;
        let mut end = rest.len();
        for (at, letter) in rest[open..].char_indices() {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            if depth == 0 {
                end = open + at + 1;
                break;
            }
        }
        let blank: String = rest[start..end].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect();
        rest.replace_range(start..end, &blank);
    }
    rest
}

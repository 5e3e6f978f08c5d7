//! No file over 600 lines, no function over 70: split by idea, not by count.

/// A file with too many lines.
pub fn too_long(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > 600).then(|| format!("{path}: {lines} lines"))
}

/// Functions whose text, from the line of the head's end to its closing brace, has too many lines.
pub fn long_functions(path: &str, code: &str, find: fn(&str) -> Vec<(usize, usize)>) -> Vec<String> {
    find(code)
        .into_iter()
        .filter_map(|(start, end)| {
            let lines = code[start..=end].lines().count();
            let number = code[..start].lines().count();
            (lines > 70).then(|| format!("{path}:{number}: a function of {lines} lines"))
        })
        .collect()
}

/// The place of the brace that closes the one at `open`.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, letter) in code.bytes().enumerate().skip(open) {
        depth += i32::from(letter == b'{') - i32::from(letter == b'}');
        if depth == 0 {
            return at;
        }
    }
    code.len() - 1
}

/// From `fn` to the closing brace of each function of Rust.
pub fn rust_functions(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        if before.is_alphanumeric() || before == '_' {
            continue;
        }
        // A type such as `fn(u8)` or a head without a body has no brace before its semicolon.
        let Some(open) = code[at..].find(['{', ';']).map(|length| at + length) else { continue };
        if code[open..].starts_with('{') {
            found.push((at, closing(code, open)));
        }
    }
    found
}

/// From the opening to the closing brace of each function of a script.
pub fn script_functions(code: &str) -> Vec<(usize, usize)> {
    let opens = code.match_indices('{').map(|(at, _)| at);
    opens.filter(|open| is_body(code[..*open].trim_end())).map(|open| (open, closing(code, open))).collect()
}

/// Whether the code before a brace is the head of a function: an arrow, or parentheses after a name that is no
/// keyword of control, with or without a type after them.
fn is_body(before: &str) -> bool {
    if before.ends_with("=>") {
        return true;
    }
    let head = match before.rfind(')') {
        Some(at) if before[at + 1..].trim().is_empty() => &before[..=at],
        Some(at) if is_type(&before[at + 1..]) => &before[..=at],
        _ => return false,
    };
    let mut depth = 0;
    for (at, letter) in head.char_indices().rev() {
        depth += i32::from(letter == ')') - i32::from(letter == '(');
        if depth == 0 {
            let name = head[..at].trim_end();
            let word =
                name.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or_default();
            return !["if", "for", "while", "switch", "catch", "with", "await"].contains(&word);
        }
    }
    false
}

fn is_type(text: &str) -> bool {
    text.trim_start().starts_with(':') && !text.contains([';', '{', '}', '='])
}

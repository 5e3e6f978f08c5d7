//! Imports of TypeScript: the sandbox stands alone, and only files for Node import its modules.

use super::lexer;

/// The modules that a file imports, exports from, or requires.
fn imports(text: &str) -> Vec<String> {
    // Texts are blank in the code, so a place that is code tells where a text of the file is a module's name.
    let code = lexer::script(text);
    let mut found = Vec::new();
    for word in ["from", "import", "require"] {
        for (at, _) in code.match_indices(word) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == '.' {
                continue;
            }
            let rest = text[at + word.len()..].trim_start_matches(['(', ' ', '\n']);
            let Some(quote) = rest.chars().next().filter(|quote| ['"', '\''].contains(quote)) else { continue };
            found.extend(rest[1..].split(quote).next().map(str::to_owned));
        }
    }
    found
}

/// Imports of a file of the sandbox from outside it.
pub fn sandbox(path: &str, text: &str) -> Vec<String> {
    let serves = path.ends_with("/serve.ts");
    let depth = path.trim_start_matches("js/src/sandbox/").matches('/').count();
    let outside = |name: &String| match name.as_str() {
        name if ["hono", "@hono/node-server"]
            .iter()
            .any(|own| name == *own || name.starts_with(&format!("{own}/"))) =>
        {
            false
        }
        name if name.starts_with("node:") => !serves,
        name if name.starts_with("./") => false,
        name => name.matches("../").count() > depth || !name.starts_with("../"),
    };
    imports(text).into_iter().filter(outside).map(|name| format!("{path}: imports {name}")).collect()
}

/// Imports of Node's modules where a browser or a worker must be able to run.
pub fn node(path: &str, text: &str) -> Vec<String> {
    let allowed = ["js/src/cli/", "js/src/node/"].iter().any(|folder| path.starts_with(folder))
        || ["js/src/entry/node.ts", "js/src/sandbox/serve.ts"].contains(&path);
    let found = imports(text).into_iter().filter(|name| name.starts_with("node:") && !allowed);
    found.map(|name| format!("{path}: imports {name}")).collect()
}

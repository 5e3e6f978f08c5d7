//! The checks of `tidy.rs` can fail: each is shown planted text that breaks its rule, and text that does not.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/tidy/mod.rs"]
mod tidy;

use tidy::{arrows, bans, lexer, scripts, sizes, tree};

#[test]
fn lexers_blank_what_is_no_code() {
    let rust =
        "let a = \"fn {\"; // fn {\nlet b = '{'; let c: &'static str = r#\"\"{\"#; /* { /* { */ } */ let d = b'\\'';";
    let code = lexer::rust(rust);
    assert!(!code.contains('{') && !code.contains('}'), "{code}");
    assert!(code.contains("'static str") && code.contains("let d"), "{code}");
    assert_eq!(code.len(), rust.len(), "places stay the same");
    let script = "const a = '{'; // {\nconst b = `x ${ y({ z: \"}\" }) } {`; const c = /[/{]\\/{/g; const d = 4 / 2; /* { */ f();";
    let code = lexer::script(script);
    assert_eq!(code.matches('{').count(), code.matches('}').count(), "{code}");
    assert!(code.contains("const d = 4 / 2") && code.contains("f();"), "{code}");
}

#[test]
fn arrows_are_seen() {
    let broken = [
        ("src/source/csv.rs", "use crate::mapping::Program;"),
        ("src/mapping/mod.rs", "use crate::{error::Issue, delivery::batch::Batch};"),
        ("src/delivery/rate.rs", "fn f() { crate::activecampaign::answer::judge(1, b\"\"); }"),
        ("src/audience/mod.rs", "use super::source::Decoder;"),
        ("src/activecampaign/lists.rs", "use super::super::export::Export;"),
        ("src/error.rs", "use crate::source::Decoder;"),
        ("src/plan/mod.rs", "use crate::mapping::trim;"),
        ("src/profile.rs", "use super::export::Export;"),
        ("src/export/mod.rs", "use wasm_bindgen::prelude::*;"),
        ("src/export/mod.rs", "use crate::wasm::driver;"),
        ("src/time.rs", "fn now() -> f64 { js_sys::Date::now() }"),
    ];
    for (path, text) in broken {
        assert!(!arrows::broken(path, text).is_empty(), "{path}: {text}");
    }
    let fine = [
        ("src/source/csv.rs", "use super::buffer::Buffer; use crate::{profile::Cell, rejection::Rule, limits};"),
        ("src/mapping/mod.rs", "mod bind; use crate::plan::Plan; use self::field::x; // crate::delivery"),
        ("src/mapping/field.rs", "use super::trim::trim; let a = \"crate::source\";"),
        ("src/export/mod.rs", "use crate::source::Decoder; use crate::mapping::Program;"),
        ("src/wasm/mod.rs", "use wasm_bindgen::prelude::*; use crate::export::Export;"),
        ("src/plan/mapping.rs", "use super::reader::Issues; use super::template::Piece;"),
    ];
    for (path, text) in fine {
        assert_eq!(arrows::broken(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn sizes_are_measured() {
    assert!(sizes::too_long("a.rs", &"x\n".repeat(600)).is_none());
    assert!(sizes::too_long("a.rs", &"x\n".repeat(601)).is_some());
    let rust = |lines: usize| {
        lexer::rust(&format!(
            "impl A {{\n    pub fn name<T>(x: T) -> Vec<T> where T: X {{\n{}    }}\n}}\n",
            "        a();\n".repeat(lines)
        ))
    };
    assert!(sizes::long_functions("a.rs", &rust(68), sizes::rust_functions).is_empty());
    assert_eq!(sizes::long_functions("a.rs", &rust(69), sizes::rust_functions).len(), 1);
    let heads = [
        "export async function name(a: A, b = {}): Promise<B> {",
        "const name = async (a: A): Promise<B> => {",
        "const name = a => {",
        "class A { async *name(a: A) {",
        "({ name(a) {",
        "app.get('/x', (c) => {",
    ];
    for head in heads {
        let text = |lines: usize| lexer::script(&format!("{head}\n{}}}\n", "  a();\n".repeat(lines)));
        assert!(sizes::long_functions("a.ts", &text(68), sizes::script_functions).is_empty(), "{head}");
        assert!(!sizes::long_functions("a.ts", &text(69), sizes::script_functions).is_empty(), "{head}");
    }
    for head in [
        "if (a) {",
        "for (const a of b) {",
        "const a = {",
        "interface A {",
        "switch (a) {",
        "export class A extends B {",
    ] {
        let text = lexer::script(&format!("{head}\n{}}}\n", "  a;\n".repeat(90)));
        assert!(sizes::long_functions("a.ts", &text, sizes::script_functions).is_empty(), "{head}");
    }
}

#[test]
fn bans_are_seen() {
    let broken = [
        "x.unwrap();",
        "x.expect(\"y\");",
        "panic!(\"x\")",
        "todo!()",
        "unimplemented!()",
        "use std::time::Instant;",
        "std::thread::spawn(f)",
        "use std::collections::HashMap;",
        "HashSet::new()",
        "println!(\"x\")",
        "eprintln!()",
        "unsafe { x }",
        "static mut X: u8 = 0;",
    ];
    for text in broken {
        assert_eq!(bans::broken("src/a.rs", text).len(), 1, "{text}");
    }
    let fine = [
        "self.expect(b'\"')?; x.unwrap_or(1); x.unwrap_or_default(); x.expect_err(y);",
        "// x.unwrap() panic!\nlet a = \"panic!()\";",
        "#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }",
        "crate::time::Timestamp; let unsafe_code = 1;",
        "static X: u8 = 0; fn f<'a>(x: &'static mut X) {}",
    ];
    for text in fine {
        assert_eq!(bans::broken("src/a.rs", text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(bans::broken("src/a.rs", "#[cfg(test)]\nmod t { }\nx.unwrap();").len(), 1, "behind the tests");
}

#[test]
fn the_tree_is_checked() {
    for path in [
        "foo.txt",
        "dist/x.js",
        "src2/a.rs",
        "js/dist/index.js",
        "js/src/core.wasm",
        "pkg/a.js",
        "js/node_modules/a.js",
        "js/a.tgz",
        "js/src/x_bg.js",
        "js/src/a.d.ts",
    ] {
        assert!(!tree::misplaced(path).is_empty(), "{path}");
    }
    for path in [
        "Cargo.toml",
        "README.md",
        "CHANGELOG.md",
        ".ci/run",
        "src/lib.rs",
        "fuzz/Cargo.toml",
        "js/package-lock.json",
        "pkg-template/README.md",
        "benches/encode.rs",
    ] {
        assert_eq!(tree::misplaced(path), Vec::<String>::new(), "{path}");
    }
    for folder in ["root", "home", "work"] {
        assert!(!tree::machine_paths("a.md", &format!("see /{folder}/x")).is_empty());
    }
    assert!(tree::machine_paths("a.md", "see https://example.com/homework/x, network/root").is_empty());
}

#[test]
fn imports_are_seen() {
    let sandbox = "js/src/sandbox/router.ts";
    for text in [
        "import { a } from '../host.js'",
        "import x from \"../../x.js\"",
        "import 'left-pad'",
        "import 'hono-x'",
        "export * from '../types.js'",
        "await import('node:fs')",
    ] {
        assert_eq!(scripts::sandbox(sandbox, text).len(), 1, "{text}");
    }
    for text in [
        "import { a } from './host.js'",
        "import { Hono } from 'hono'",
        "import { html } from 'hono/html'",
        "import type {\n  C,\n} from 'hono'",
        "import { serve } from \"@hono/node-server\"",
        "// from '../x'",
    ] {
        assert_eq!(scripts::sandbox(sandbox, text), Vec::<String>::new(), "{text}");
    }
    assert!(scripts::sandbox("js/src/sandbox/serve.ts", "import { a } from 'node:http'").is_empty());
    let node = "import { readFile } from 'node:fs/promises'";
    assert_eq!(scripts::node("js/src/export.ts", node).len(), 1);
    assert_eq!(scripts::node("js/src/export.ts", "const fs = require('fs'); import x from 'node:os'").len(), 1);
    for path in ["js/src/cli/run.ts", "js/src/node/file.ts", "js/src/entry/node.ts", "js/src/sandbox/serve.ts"] {
        assert!(scripts::node(path, node).is_empty(), "{path}");
    }
}

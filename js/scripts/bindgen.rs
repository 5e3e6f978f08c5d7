//! Writes the JavaScript glue of the core. Usage: `bindgen INPUT.wasm OUTPUT_DIR`.
//!
//! The generator runs as a library so that its version is the crate's own, pinned by Cargo.lock.
//! `--target web` is the one glue that every host can use: one wasm, and entries that differ in how they obtain it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let mut generator = wasm_bindgen_cli_support::Bindgen::new();
    let generated = generator
        .input_path(input)
        .out_name("core")
        .typescript(true)
        // A fresh instance after a crash is the recommended recovery: js/src/core.ts.
        .reset_state_function(true)
        .web(true)
        .and_then(|generator| generator.generate(output));
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

//! The native candidates of the benchmark: `npm --prefix js run bench` builds and runs them.
//! `native NAME FILE [--verify]` prints the line of JSON that js/bench/worker.mjs prints for the others.
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr, reason = "a program for the benchmark alone")]

#[cfg(unix)]
mod plain;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod tuned;

#[allow(clippy::disallowed_types, reason = "the ban is the core's: a benchmark is what has a clock")]
type Clock = std::time::Instant;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    let begun = Clock::now();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments, begun) {
        Ok(report) => {
            println!("{report}");
            std::process::ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Without the CPU time there is nothing to report.
#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn run(arguments: &[String], begun: Clock) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let (name, path, verify) = match arguments {
        [name, path] => (name, path, false),
        [name, path, mode] if mode == "--verify" => (name, path, true),
        _ => return Err("usage: native NAME FILE [--verify]".into()),
    };
    let mut sink = report::Sink::new(verify);
    match (name.as_str(), path.ends_with(".ndjson")) {
        ("native-plain", false) => plain::csv(path, &mut sink)?,
        ("native-plain", true) => plain::ndjson(path, &mut sink)?,
        ("native-tuned", _) => tuned::run(path, &mut sink)?,
        _ => return Err(format!("no native candidate is named {name}").into()),
    }
    report::report(name, sink, begun.elapsed())
}

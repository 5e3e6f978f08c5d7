//! A copy of the crate in which bugs are planted: the sources that people work on are never touched.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What the manifest's targets need; the copy builds one of them, but cargo wants to see them all.
const COPIED: [&str; 6] = ["Cargo.toml", "Cargo.lock", "src", "tests", "benches", "js/scripts/bindgen.rs"];

/// One replacement in one file.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    pub file: &'static str,
    /// Occurs exactly once in that file.
    pub find: &'static str,
    pub replace: &'static str,
}

impl Change {
    /// The file's text with the change in it; otherwise why it does not fit.
    pub fn made(&self, text: &str) -> Result<String, String> {
        match text.matches(self.find).count() {
            1 => Ok(text.replacen(self.find, self.replace, 1)),
            count => Err(format!("no longer fits: {:?} is {count} times in {}, not once", self.find, self.file)),
        }
    }
}

/// What the simulation said.
#[derive(Debug)]
pub struct Verdict {
    pub red: bool,
    /// What the tests that failed say, without repetitions.
    pub failures: Vec<String>,
    /// All that was printed.
    pub text: String,
}

/// The copy. While it lives, no other process uses it.
pub struct Lab {
    root: PathBuf,
    built: PathBuf,
    /// Held, not read.
    _lock: File,
}

impl Lab {
    /// Copies the crate as it is now.
    pub fn new() -> Self {
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted_bugs");
        fs::create_dir_all(&scratch).expect("a scratch folder");
        let lock = File::create(scratch.join("lock")).expect("a file to lock");
        lock.lock().expect("a lock");
        let root = scratch.join("crate");
        if root.exists() {
            fs::remove_dir_all(&root).expect("the last copy is removed");
        }
        for path in COPIED {
            copy(&original().join(path), &root.join(path));
        }
        Self { root, built: scratch.join("target"), _lock: lock }
    }

    /// Runs the simulation, or another test, with these changes in the sources, and takes them out again.
    ///
    /// Errors: a change does not fit, or the copy does not compile with it. Both say nothing about the simulation.
    pub fn judge(&self, test: &str, changes: &[Change], seeds: u64) -> Result<Verdict, String> {
        let mut pristine = Vec::new();
        for change in changes {
            let path = self.root.join(change.file);
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", change.file))?;
            let planted = change.made(&text);
            pristine.push((path.clone(), text));
            match planted {
                Ok(planted) => write(&path, &planted),
                Err(error) => {
                    restore(pristine);
                    return Err(error);
                }
            }
        }
        let verdict = self.simulate(test, seeds);
        restore(pristine);
        verdict
    }

    fn simulate(&self, test: &str, seeds: u64) -> Result<Verdict, String> {
        let built = self.cargo(test, &["--no-run"], seeds);
        if !built.status.success() {
            return Err(format!("does not compile, which is the plant's fault:\n{}", said(&built)));
        }
        let ran = self.cargo(test, &[], seeds);
        let text = said(&ran);
        if !text.contains("test result:") {
            return Err(format!("the simulation did not run:\n{text}"));
        }
        Ok(Verdict { red: !ran.status.success(), failures: failures(&text), text })
    }

    fn cargo(&self, test: &str, more: &[&str], seeds: u64) -> Output {
        Command::new(env!("CARGO"))
            .args(["test", "--offline", "--locked", "--test", test])
            .args(more)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.built)
            .env("CARGO_TERM_COLOR", "never")
            // Nobody debugs the copy, and each plant builds it again.
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("RUST_BACKTRACE", "0")
            .env("SIMULATION_SEEDS", seeds.to_string())
            .env_remove("SIMULATION_SEED")
            .env_remove("SIMULATION_TRACE")
            .output()
            .expect("cargo runs")
    }
}

/// The crate's own folder.
pub fn original() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        for entry in fs::read_dir(from).expect("a folder that can be read") {
            let entry = entry.expect("an entry");
            copy(&entry.path(), &to.join(entry.file_name()));
        }
        return;
    }
    fs::create_dir_all(to.parent().expect("a file in a folder")).expect("a folder in the copy");
    // Written, not copied: cargo tells by a file's time whether to build it again.
    let bytes = fs::read(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    fs::write(to, bytes).expect("a file in the copy");
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a file of the copy is written");
}

/// Back to what was read, the last change first: two may be in one file.
fn restore(pristine: Vec<(PathBuf, String)>) {
    pristine.into_iter().rev().for_each(|(path, text)| write(&path, &text));
}

fn said(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(text, "{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The messages of all panics, as the test harness shows them.
fn failures(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split(" panicked at ").skip(1) {
        // The first line says where; the message ends at a blank line or at the harness's own words.
        let message: Vec<&str> =
            part.lines().skip(1).take_while(|line| !line.is_empty() && !line.starts_with("note: ")).collect();
        let message = message.join(" ");
        if !found.contains(&message) {
            found.push(message);
        }
    }
    found
}

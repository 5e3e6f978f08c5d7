//! What a native candidate reports; the same as js/bench/sink.mjs.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

pub(crate) const MISSING: &str = "missing_email";
pub(crate) const INVALID: &str = "invalid_email";
pub(crate) const DUPLICATE: &str = "duplicate_email";

/// Takes bodies and refusals; with digests when they are to be compared.
pub(crate) struct Sink {
    bodies: u64,
    bytes: usize,
    largest: usize,
    refusals: BTreeMap<String, u64>,
    digests: Option<Digests>,
}

#[derive(Default)]
struct Digests {
    bodies: Sha256,
    refusals: Sha256,
}

impl Sink {
    pub(crate) fn new(verify: bool) -> Self {
        Self { bodies: 0, bytes: 0, largest: 0, refusals: BTreeMap::new(), digests: verify.then(Digests::default) }
    }

    /// Whether every refusal is wanted by row, in order; otherwise counts are enough.
    pub(crate) fn verifies(&self) -> bool {
        self.digests.is_some()
    }

    pub(crate) fn body(&mut self, body: &[u8]) {
        self.bodies += 1;
        self.bytes += body.len();
        self.largest = self.largest.max(body.len());
        if let Some(digests) = &mut self.digests {
            // The length keeps the border between two bodies.
            digests.bodies.update(format!("{}\n", body.len()));
            digests.bodies.update(body);
        }
    }

    pub(crate) fn refuse(&mut self, row: u64, reason: &str) {
        self.refused(reason, 1);
        if let Some(digests) = &mut self.digests {
            digests.refusals.update(format!("{row}:{reason}\n"));
        }
    }

    /// Refusals by number only.
    pub(crate) fn refused(&mut self, reason: &str, count: u64) {
        if count > 0 {
            *self.refusals.entry(reason.to_owned()).or_default() += count;
        }
    }
}

/// The line: CPU from the start of the process, of all threads.
pub(crate) fn report(name: &str, sink: Sink, wall: Duration) -> Result<Value, Box<dyn std::error::Error>> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let (user, system) = (seconds(usage.user_time()), seconds(usage.system_time()));
    let mut line = json!({
        "name": name,
        "bodies": sink.bodies,
        "bytes": sink.bytes,
        "largest": sink.largest,
        "refusals": sink.refusals,
        "wasmMemoryBytes": null,
        "cpu": user + system,
        "user": user,
        "system": system,
        "wall": wall.as_secs_f64(),
        "peakBytes": peak_bytes().unwrap_or(usage.max_rss() * MAX_RSS_UNIT),
    });
    if let (Some(digests), Value::Object(line)) = (sink.digests, &mut line) {
        line.insert("bodiesDigest".to_owned(), hex(&digests.bodies.finalize()).into());
        line.insert("refusalsDigest".to_owned(), hex(&digests.refusals.finalize()).into());
    }
    Ok(line)
}

/// Kibibytes, but bytes on macOS.
const MAX_RSS_UNIT: i64 = if cfg!(target_os = "macos") { 1 } else { 1024 };

/// The most memory since this program was executed, where /proc tells it. What getrusage tells begins before, with the
/// memory of the process that started this one, which is larger.
fn peak_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<i64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[allow(clippy::cast_precision_loss, reason = "seconds and microseconds of one run")]
fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

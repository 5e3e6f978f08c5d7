//! What the host does for the core, as JavaScript gives it (js/src/host.ts).

use crate::time::Timestamp;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The host's functions for one run.
    pub type CoreHost;

    /// The account, in words that stand for no other.
    #[wasm_bindgen(method, getter)]
    pub(super) fn account(this: &CoreHost) -> String;

    /// Sends a request to the account; resolves to an [`Answer`], and rejects only by a fault of its own.
    #[wasm_bindgen(method, catch)]
    pub(super) fn fetch(
        this: &CoreHost,
        method: &str,
        path: &str,
        kind: &str,
        body: Option<Uint8Array>,
    ) -> Result<Promise, JsValue>;

    /// The next bytes of the source, or `null` at its end; rejects when the source breaks off.
    #[wasm_bindgen(method, catch)]
    pub(super) fn read(this: &CoreHost) -> Result<Promise, JsValue>;

    /// Begins to read the source at this byte; called once, before the first `read`.
    #[wasm_bindgen(method, catch)]
    pub(super) fn open(this: &CoreHost, offset: f64) -> Result<(), JsValue>;

    /// How states are kept and what is stored of this run, as [`Kept`]; `undefined` where none are kept.
    #[wasm_bindgen(method, catch)]
    pub(super) fn load(this: &CoreHost) -> Result<Promise, JsValue>;

    /// Stores a state, all or nothing, with the rejections told before it. Resolves to what became of it: `stored`,
    /// `failed` or `taken_over`.
    #[wasm_bindgen(method, catch)]
    pub(super) fn store(
        this: &CoreHost,
        checkpoint: Uint8Array,
        log: Uint8Array,
        log_bytes: f64,
    ) -> Result<Promise, JsValue>;

    /// Resolves after so many milliseconds, or early when it is called again.
    #[wasm_bindgen(method)]
    pub(super) fn sleep(this: &CoreHost, millis: f64) -> Promise;

    /// Milliseconds since the Unix epoch.
    #[wasm_bindgen(method)]
    pub(super) fn now(this: &CoreHost) -> f64;

    /// Takes a progress report.
    #[wasm_bindgen(method, catch)]
    pub(super) fn report(this: &CoreHost, progress: JsValue) -> Result<(), JsValue>;

    /// Takes the rejections since the last call, as an array.
    #[wasm_bindgen(method, catch)]
    pub(super) fn reject(this: &CoreHost, rejections: JsValue) -> Result<(), JsValue>;

    /// The signal that cancels the run; JavaScript wakes the run when it fires.
    #[wasm_bindgen(method, getter)]
    pub(super) fn signal(this: &CoreHost) -> Option<web_sys::AbortSignal>;

    /// What is stored of a run.
    pub(super) type Kept;

    /// 16 secret bytes.
    #[wasm_bindgen(method, getter)]
    pub(super) fn key(this: &Kept) -> Uint8Array;

    /// The last state of a run that has not ended.
    #[wasm_bindgen(method, getter)]
    pub(super) fn checkpoint(this: &Kept) -> Option<Uint8Array>;

    /// The log beside it.
    #[wasm_bindgen(method, getter)]
    pub(super) fn log(this: &Kept) -> Option<Uint8Array>;

    /// Whether the run before was given up, so that its last state need not be readable.
    #[wasm_bindgen(method, getter, js_name = givenUp)]
    pub(super) fn given_up(this: &Kept) -> bool;

    /// The last state of the run before, when that has ended.
    #[wasm_bindgen(method, getter)]
    pub(super) fn last(this: &Kept) -> Option<Uint8Array>;

    /// An answer as a plain object, so that no `Response` of another realm is refused.
    pub(super) type Answer;

    /// The status, or absent when no answer came.
    #[wasm_bindgen(method, getter)]
    pub(super) fn status(this: &Answer) -> Option<u16>;

    /// The `Retry-After` header.
    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    pub(super) fn retry_after(this: &Answer) -> Option<String>;

    /// The body, within its bound.
    #[wasm_bindgen(method, getter)]
    pub(super) fn body(this: &Answer) -> Option<Uint8Array>;

    /// Whether a request without an answer surely never left.
    #[wasm_bindgen(method, getter)]
    pub(super) fn unsent(this: &Answer) -> Option<bool>;
}

/// A time as JavaScript gives it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds since 1970, below 2^53")]
pub(super) fn moment(millis: f64) -> Timestamp {
    Timestamp::from_millis(millis as u64)
}

impl CoreHost {
    /// The host's clock.
    pub(super) fn time(&self) -> Timestamp {
        moment(self.now())
    }
}

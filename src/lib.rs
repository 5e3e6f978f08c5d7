//! The core of activecampaign-export: segments of customer profiles go to an ActiveCampaign account, and the
//! truth about each profile comes back.
//!
//! ```text
//! bytes ─► source ─► mapping ─► audience ─► delivery/batch ─► Send ─► the host's fetch ─► ActiveCampaign
//!          decode    contact     duplicate   pack, pace                                        │
//! Summary ◄─ export ◄─ activecampaign: what does the answer mean? ◄────────── Response ◄───────┘
//! ```
//!
//! # Laws
//! 1. The core is told; it never asks. Bytes, answers and time come in; requests, rejections and deadlines come
//!    out. The same inputs in the same order give the same outputs.
//! 2. One door in, one door out: [`export::Export::handle_input`], then [`export::Export::poll_output`] until
//!    it answers `Wait` or `Finish`.
//! 3. Accepted is not delivered: a profile counts as delivered when its batch's outcome has been read.
//!    [`export::Progress::balances`] holds at every moment.
//! 4. The API key never enters the core.
//! 5. Personal data is in request bodies, and in rejected rows when they are asked for; nowhere else.
//! 6. Everything is bounded, in [`limits`].
//! 7. Settings become a [`plan::Plan`] that cannot be wrong, or come back as all their issues.
//! 8. A bad profile is data, never an error.
//!
//! # Modules
//! Nouns that everybody may know: [`time`], [`text`], [`out`], [`masks`], [`json`], [`error`], [`limits`],
//! [`profile`], [`contact`], [`rejection`], [`connection`], [`plan`], [`checkpoint`]. Siblings that do not know each
//! other: [`source`], [`mapping`], [`audience`], [`delivery`], [`activecampaign`]. The one composer: [`export`]. The
//! one shell: `wasm`, for WebAssembly only. The guide is [`manual`].
//!
//! # Driving a run
//! ```
//! use activecampaign_export::connection::AccountSchema;
//! use activecampaign_export::export::{Export, ExportOptions, Input, Output, RunResult};
//! use activecampaign_export::plan::Plan;
//! use activecampaign_export::time::Timestamp;
//!
//! let account = br#"{ "lists": [{ "id": 4, "name": "Newsletter" }] }"#;
//! let account = AccountSchema::from_json(account).map_err(std::io::Error::other)?;
//! let settings = br#"{ "version": 1, "list": 4, "mapping": { "email": "EMail" } }"#;
//! let plan = Plan::parse(settings, Some(&account), &[]).map_err(|issues| format!("{issues:?}"))?;
//!
//! let mut now = Timestamp::from_millis(0);
//! let mut run = Export::new(plan, ExportOptions::default(), None, now);
//! let mut source = [b"EMail\n".as_slice(), b"ada@example.com\n"].into_iter();
//! let summary = loop {
//!     match run.poll_output() {
//!         Some(Output::Send(request)) => {
//!             // A host would send it now and tell the answer later; this account answers at once, once drained.
//!             let body: &[u8] = match request.call.path.as_str() {
//!                 "/api/3/import/bulk_import" => br#"{"success":1,"batchId":"b1"}"#,
//!                 _ => br#"{"status":"completed","success":["7"],"failure":[]}"#,
//!             };
//!             while run.poll_output().is_some() {}
//!             run.handle_input(now, &Input::Response { id: request.id, status: 200, retry_after: None, body })?;
//!         }
//!         Some(Output::Wait(wait)) if wait.wants_bytes => match source.next() {
//!             Some(bytes) => run.handle_input(now, &Input::Bytes(bytes))?,
//!             None => run.handle_input(now, &Input::EndOfSource)?,
//!         },
//!         Some(Output::Wait(wait)) => {
//!             now = wait.until.unwrap_or(now);
//!             run.handle_input(now, &Input::Wake)?;
//!         }
//!         Some(Output::Finish(summary)) => break summary,
//!         Some(Output::Reject(_) | Output::Report(_) | Output::Store(_)) => {}
//!         None => return Err("drained without a Wait".into()),
//!     }
//! };
//! assert_eq!(summary.result, RunResult::Succeeded);
//! assert_eq!(summary.progress.delivered, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod activecampaign;
pub mod audience;
pub mod checkpoint;
pub mod connection;
pub mod contact;
pub mod delivery;
pub mod error;
pub mod export;
pub mod json;
pub mod limits;
pub mod manual;
pub mod mapping;
pub mod masks;
pub mod out;
pub mod plan;
pub mod profile;
pub mod rejection;
pub mod service;
pub mod source;
pub mod text;
pub mod time;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;

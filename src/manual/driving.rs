//! Driving a run: the host tells what happened, the core says what to do.
//!
//! # The loop
//! 1. Make an [`Export`](crate::export::Export) from a [`Plan`](crate::plan::Plan).
//! 2. Drain [`poll_output`](crate::export::Export::poll_output) until it gives `Wait` or `Finish`, and do what each
//!    output says.
//! 3. Wait for the first of: bytes of the source (when `wants_bytes`), an answer, the word that a state is stored, the
//!    time in `until`. Tell it by [`handle_input`](crate::export::Export::handle_input); go on with 2.
//!
//! An input before the outputs are drained is [`Misuse::Undrained`](crate::error::Misuse::Undrained), not a guess. A
//! wake that was not due does nothing, so that a host may wake a run as often as it likes.
//!
//! # What a host owes the core
//! * **Time** with every input: milliseconds since 1970. It may go back, or jump; see [`super::delivery`].
//! * **One answer for each request**: [`Response`](crate::export::Input::Response) with the whole body, or
//!   [`Unanswered`](crate::export::Input::Unanswered), which says whether the request can have left. When in doubt,
//!   [`Sent::Unknown`](crate::export::Sent::Unknown): "surely unsent" is believed.
//! * **The key**: the core has none. The host adds it to the request, on the way out.
//! * **The source's end**: `EndOfSource` when it is complete, `SourceFailed` when it is not.
//! * **No redirects**: a 3xx is passed on as it came.
//!
//! # An example
//! Reading an account is a machine of the same kind; here its answers are made up on the spot.
//! ```
//! use activecampaign_export::export::{Discovery, Input, Output, Wanted};
//! use activecampaign_export::time::Timestamp;
//!
//! let now = Timestamp::from_millis(1_790_000_000_000);
//! let mut discovery = Discovery::new(Wanted::default(), 7, now);
//! let account = loop {
//!     match discovery.poll_output() {
//!         Some(Output::Send(request)) => {
//!             let body: &[u8] = match request.call.path.split('?').next() {
//!                 Some("/api/3/users/me") => br#"{"user":{"username":"admin"}}"#,
//!                 Some("/api/3/lists") => br#"{"lists":[{"id":"4","name":"Newsletter"}],"meta":{"total":"1"}}"#,
//!                 _ => br#"{"fields":[],"meta":{"total":"0"}}"#,
//!             };
//!             while discovery.poll_output().is_some() {}
//!             discovery.handle_input(now, &Input::Response { id: request.id, status: 200, retry_after: None, body })?;
//!         }
//!         Some(Output::Wait(_)) => discovery.handle_input(now, &Input::Wake)?,
//!         Some(Output::Finish(account)) => break account.map_err(|stop| stop.message)?,
//!         _ => {}
//!     }
//! };
//! assert_eq!(account.schema.lists[0].id, 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

//! What a run stores, and how another process goes on with it.
//!
//! # What is stored
//! With [`ExportOptions::keep`](crate::export::ExportOptions::keep) a run hands out
//! [`Output::Store`](crate::export::Output::Store): a *checkpoint* of some kilobytes that replaces the one before, and
//! bytes for the *log*, which only grows. The host stores both as one, all or nothing, together with the rejections it
//! was told since the last one, and answers [`Input::Stored`](crate::export::Input::Stored).
//!
//! * The checkpoint holds counts, the account's windows, and of each batch on its way: which records it was packed from,
//!   a fingerprint of its bytes, how far it has come. No address, no value, no key. It is versioned, at most 1 MiB, and
//!   authenticated with a secret of the host ([`CheckpointKey`](crate::checkpoint::CheckpointKey)).
//! * The log holds keyed hashes of the addresses that were packed, 8 bytes each in blocks of 4 KiB: how duplicates of
//!   settled profiles are still found. Its length and a chained hash are in the checkpoint.
//!
//! # When
//! A batch goes out once the state that names it is stored, never before. What was learned from an answer is in the next
//! state; until then a crash forgets it, and the next process asks again.
//!
//! # Going on
//! [`Export::resume`](crate::export::Export::resume) gives a run whose
//! [`source_offset`](crate::export::Export::source_offset) is the first byte of the earliest record that is still needed.
//! From there the records are read again and the same batches packed; each must have the fingerprint it had. Only then
//! is anything sent. A batch that was on the wire may have been applied: it goes out again, the same bytes, and counts in
//! `resent`.
//!
//! # What is refused
//! | code | the state |
//! |---|---|
//! | `checkpoint_unreadable` | is none, or part of one, or does not add up |
//! | `checkpoint_newer` | was written by a newer release |
//! | `checkpoint_forged` | was changed, or written with another key |
//! | `checkpoint_other_definition` | was written for other settings (names and `maxRejectedPercent` may change) |
//! | `checkpoint_other_account` | is of a run to another account |
//! | `checkpoint_other_source` | is of a source of another length |
//! | `checkpoint_log_damaged` | stands beside a log that is not its own |
//! | `source_changed` | is of a source whose records, where they are read again, are others |
//!
//! Records before that place are not read again: whether they were changed since, nothing shows.
//!
//! A refused state is left as it is, and nothing is sent. A version is written until its successor is; each release reads the version
//! before its own. States of every version are kept in `tests/data/checkpoint`.
//!
//! # Between two runs
//! [`Export::aftermath`](crate::export::Export::aftermath) takes the windows of a run that has ended into the next one. If
//! something that it sent may still be applied without anybody knowing, no batch of the next run goes out for ten
//! minutes: an old payload must not land on a newer one.
//!
//! # One owner
//! Who may go on is the store's to decide: each owner has a number above all before it (a *fence*), and a store refuses
//! what a lower one wants to store. A run that is told so
//! ([`NotStored`](crate::export::Input::NotStored) with `taken_over`) sends nothing more.

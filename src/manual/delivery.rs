//! The protocol of delivery: what is promised, and how each fault ends.
//!
//! # The promise
//! **At least once, with idempotent upserts.** A profile counts as delivered only when the outcome of its batch has been
//! read and accounts for it. Every profile is in exactly one bucket, at every moment:
//! [`Progress::balances`](crate::export::Progress::balances).
//!
//! # A batch
//! ```text
//! packed ─► intent stored ─► on the wire ─► taken (an id) ─► settled: delivered, rejected
//!              ▲                   │             │
//!              │     no answer, 5xx, no id       │ failed, interrupted, stuck, forgotten
//!              └── the same bytes again ◄────────┘            after five tries: unverified
//! ```
//! * **Intent first.** Where states are kept, a batch goes out after the state that names it is stored.
//! * **A 200 only queues.** It must hold a batch id; anything else is *ambiguous*: counted neither way, and sent again byte
//!   for byte. Each contact that goes out again is counted in `resent`.
//! * **The outcome** is asked for after five seconds, then at growing pauses. If it accounts for every contact, those that
//!   it lists as failed are rejected and all others delivered. If it falls short, a sample is looked up: some accounts may
//!   list created contacts only. What was not seen and is not listed is `unverified`.
//! * **A refusal that names contacts** rejects those, and the rest goes out again. Whether it counts from zero or one is
//!   learned from a contact that is sent alone, never guessed.
//! * **A refusal that names nobody** halves the batch, as long as other batches pass. When nothing passes, the mapping or
//!   the account is to blame, and the run stops.
//! * **Failures of the remote** wait with full jitter. After three in a row only one request at a time goes out, until one
//!   passes; after ten minutes the run stops, to be gone on with. Resends have a budget: twenty at once, then twenty a
//!   minute.
//! * **A throttle** closes the account for every request, for as long as it says, fifteen minutes at most.
//!
//! # How a run ends
//! | result | meaning |
//! |---|---|
//! | `succeeded` | nothing rejected, nothing unverified |
//! | `completed_with_rejections` | every profile has a known end; some are rejected |
//! | `incomplete` | of some nobody can say |
//! | `blocked` | somebody must act; [`Stop::category`](crate::error::Stop::category) says who. The state is kept |
//! | `cancelled` | nothing new was sent, what was on its way is settled |
//!
//! # What is not promised
//! * **Not more than once.** ActiveCampaign has no idempotency key; with automations on, a batch that goes out again sets
//!   them off again.
//! * **A skipped contact that was there before with the same names and phone**, in an outcome that falls short, looks
//!   delivered: a look-up shows no custom fields. An account that lists created contacts only *and* skips silently cannot
//!   be told from one that does neither, but by looking every contact up.
//! * **One id for two batches**, while the answer to the second is lost, cannot be seen.
//! * **A clock that is set forward between two processes** of a run looks like time that passed: the minute's window may be
//!   used twice. Within one process a late wake is noticed, and the windows are kept.
//! * **Two processes** that export to one account at once do not share their windows; the account's throttle paces them.
//!
//! # The faults
//! Each has a case: a test by this name in this file. `tests/manual.rs` looks whether they are there.
//!
//! | # | fault | what happens | case |
//! |---|---|---|---|
//! | 1 | 429 with seconds | waits as long as it says; the try does not count | `tests/export_transport.rs` `too_many_requests_with_a_time` |
//! | 2 | 429 with a date, nothing, nonsense, a huge number | read, or a pause of its own; 15 minutes at most | `tests/export_transport.rs` `too_many_requests_without_a_time_or_with_nonsense`, `too_many_requests_with_a_huge_time` |
//! | 3 | 429 for ever | blocked after 15 minutes, nothing lost | `tests/export_transport.rs` `throttled_for_ever` |
//! | 4 | 400 "Rate limit exceeded." | a throttle of a minute, no refusal | `tests/export_transport.rs` `the_importers_own_limit_is_a_throttle_and_no_poison` |
//! | 5 | 400 that names contacts | those rejected, the rest sent again | `tests/export_refusals.rs` `named_from_one`, `named_from_zero` |
//! | 6 | positions that make no sense | not guessed: halved | `tests/export_refusals.rs` `positions_that_make_no_sense` |
//! | 7 | 400 that names nobody | halved, within a bound | `tests/export_refusals.rs` `one_poisoned_contact_is_found_by_halving`, `an_account_that_refuses_everything_is_to_blame` |
//! | 8 | 413 | split | `tests/export_refusals.rs` `bodies_above_what_the_edge_takes_are_split` |
//! | 9 | 401, 403 | asked once more after a pause; then blocked: the key's owner | `tests/export_transport.rs` `a_key_refused_once`, `a_key_refused_twice`, `a_key_revoked_in_the_middle` |
//! | 10 | 402, the plan's limit | blocked: the account's owner | `tests/export_transport.rs` `refusals_that_a_person_must_end`; `js/test/package/knobs.test.mjs` `the contact limit in each of its forms` |
//! | 11 | 404, another host | blocked: the hostname | `tests/export_transport.rs` `refusals_that_a_person_must_end` |
//! | 12 | a redirect | never followed; blocked | `tests/export_transport.rs` `refusals_that_a_person_must_end` |
//! | 13 | 5xx once | ambiguous, sent again | `tests/export_transport.rs` `an_error_once` |
//! | 14 | 5xx for minutes | one request at a time until it is back | `tests/export_transport.rs` `an_outage_of_minutes`, `an_outage_for_ever` |
//! | 15 | refused connections, unknown names | surely unsent: tried again, not counted | `tests/export_transport.rs` `an_unreachable_host`; `js/test/http/faults.test.mjs` `a connection that is refused` |
//! | 16 | a certificate that is wrong | no plain HTTP; blocked after a few tries | `js/test/package/faults-remote.test.mjs` `never shows the key to a server with a certificate of its own making` |
//! | 17 | a reset during the upload | ambiguous, sent again | `js/test/http/faults.test.mjs` `reset in the middle of the upload` |
//! | 18 | applied, the answer lost | sent again, counted once | `tests/export_transport.rs` `applied_and_the_answer_lost`; `js/test/http/faults.test.mjs` `answer lost by a reset` |
//! | 19 | no answer, applied later | as 18; the next run waits | `js/test/http/faults.test.mjs` `a request that arrives after its deadline`; `tests/simulation/laws.rs` `the_newest_payload_stays` |
//! | 20 | an answer that is cut, drips, or never ends | a deadline and a bound; ambiguous | `js/test/http/faults.test.mjs` `an answer that drips for ever`, `answer cut without a trace`, `an answer beyond 2 MiB` |
//! | 21 | 200 with a page, bad JSON, no id | never taken; pages again and again: the key is asked about | `tests/export_transport.rs` `answers_that_cannot_be_read`, `pages_for_ever` |
//! | 22 | fewer queued than sent | taken; the outcome decides | `tests/export_outcomes.rs` `fewer_queued_than_sent` |
//! | 23 | one id for two batches | both sent again, under ids of their own | `tests/export_outcomes.rs` `one_id_for_two_open_batches`, `one_id_for_a_settled_batch_and_a_later_one` |
//! | 24 | an outcome that takes long | asked again, up to half an hour | `tests/export_outcomes.rs` `an_import_that_takes_its_time`, `a_status_that_stays_false` |
//! | 25 | failed, interrupted | sent again, five times at most | `tests/export_outcomes.rs` `failed_and_interrupted_imports`, `imports_that_always_fail` |
//! | 26 | an outcome that was forgotten | sent once more, then unverified | `tests/export_outcomes.rs` `outcomes_that_the_account_has_forgotten` |
//! | 27 | an outcome that falls short | looked up, else unverified | `tests/export_outcomes.rs` `updates_that_are_not_listed`, `contacts_that_are_silently_skipped` |
//! | 28 | a strange address among the failures | compared without case; else unverified | `tests/export_outcomes.rs` `an_unknown_address_among_the_failures` |
//! | 29 | completed, then active again | the first verdict stays | `tests/export_outcomes.rs` `a_verdict_is_asked_for_once` |
//! | 30 | a status that nobody knows | not finished | `tests/answers.rs` `outcomes`; `tests/simulation/faults.rs` `pondering` |
//! | 31 | a crash at any point | gone on with; no law is broken | `tests/simulation.rs` `first_share`; `js/test/cli/kill.test.mjs` `goes on until it is done` |
//! | 32 | a crash while a state is written | the old state is whole | `tests/simulation/world.rs` `Torn`; `js/test/package/store.test.mjs` `passes over what a dead owner left behind its last commit` |
//! | 33 | a state that is broken, newer, foreign | refused by name, left as it is | `tests/checkpoint.rs` `what_is_broken_or_newer_is_refused`, `what_is_not_its_own_is_refused` |
//! | 34 | a store that fails | nothing is sent without it; tried again, then blocked | `js/test/package/store.test.mjs` `sends nothing when its first state cannot be stored`, `outlasts a store that fails now and then` |
//! | 35 | stored, and the reply lost | stored again, nothing twice | `js/test/package/faults-store.test.mjs` `is stored once in a folder` |
//! | 36 | two starters | one run; the other is told whose it is | `js/test/package/faults-store.test.mjs` `run once; the other is told whose run it is`; `js/test/package/store.test.mjs` `never gives one fence to two of six processes that race for it` |
//! | 37 | an owner that is stopped and wakes up late | sends nothing more | `js/test/cli/zombie.test.mjs` `sends nothing more`; `tests/simulation/world.rs` `a stale owner sent a batch` |
//! | 38 | a clock that jumps | no burst, no dead wait | `tests/export.rs` `the_clock_jumps`; `js/test/package/faults-remote.test.mjs` `keeps the pace, and ends` |
//! | 39 | new code in the middle of a run | states of the version before are read | `tests/checkpoint.rs` `states_of_every_version_are_read` |
//! | 40 | the host itself throws, again and again | the state is kept; the next call goes on | `js/test/package/faults-host.test.mjs` `goes on after its host threw six times` |
//! | 41 | a wake that comes twice | nothing happens | `tests/export.rs` `the_order_of_calls_is_kept` |
//! | 42 | the core crashes, or its memory ends | the instance is replaced; after three crashes of one run it is blocked | `js/test/store-suite.ts` `does not go on after three crashes of the core, until it is asked to begin anew`; `js/test/package/streams.test.mjs` `ends every run, and none that begins afterwards` |
//! | 43 | a source that throws, stalls, repeats, is short | blocked, or cancelled, or duplicates; nothing false | `tests/export.rs` `the_source_breaks_off`; `js/test/package/api.test.mjs` `a source that stalls does not hold up the end of a run` |
//! | 44 | values that no contact can hold | rejected here, with a rule | `tests/mapping.rs` `values_that_no_contact_can_hold`, `a_hundred_tags_and_one_more` |
//! | 45 | one contact larger than a request | rejected, not looped | `tests/batches.rs` `a_contact_at_the_limit` |
//! | 46 | a list or field that is deleted in between | blocked before anything is sent | `js/test/package/faults-remote.test.mjs` `between two runs, stops the second` |
//! | 47 | two exports, one account | one clock and one set of windows | `tests/pace.rs` `two_exports_of_one_account`; `js/test/package/faults-remote.test.mjs` `keep the account's pace together` |
//! | 48 | cancelled in flight | settled; the rest is not sent, and can be | `tests/export.rs` `cancelled_at_any_step`; `js/test/package/faults-store.test.mjs` `settles what is on its way, and the same call goes on to the end` |
//! | 49 | the key changes | blocked; goes on with the new one | `js/test/package/faults-remote.test.mjs` `stops the run, which goes on with the new key` |
//! | 50 | the state is lost | a new run, with counts of its own | `js/test/package/faults-store.test.mjs` `makes the next run a new one, whose counts are its own` |
//! | 51 | 40 % bad profiles | counted exactly, each told once, memory flat | `js/test/package/faults-store.test.mjs` `is counted exactly, each bad row told once, and the state stays small` |
//! | 52 | too many rejected at the start | stops, when the definition says so | `tests/export.rs` `a_share_of_rejected_profiles_stops_the_run` |
//!
//! Rows 39 to 42 are what an engine at the edge rests on; its own alarms have cases of their own once it is there.

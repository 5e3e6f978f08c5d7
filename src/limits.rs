//! Every bound in one place, each with its unit in the name, its reason and its source.
//!
//! Sources: `docs` is ActiveCampaign's own documentation
//! (<https://developers.activecampaign.com/reference/bulk-import-contacts>,
//! <https://developers.activecampaign.com/reference/rate-limits>); `ours` is a choice of this product.

/// Bytes of one record of the source, line ends included (ours). Profiles of real segments take hundreds
/// of bytes; a record beyond this is a quote that never closes or a file of another kind.
pub const MAX_RECORD_BYTES: usize = 1_048_576;

/// Bytes of one mapped value (ours). A bulk body carries 399,999 bytes for up to 250 contacts.
pub const MAX_VALUE_BYTES: usize = 65_536;

/// Columns of one source (ours). Unified profiles reach hundreds of columns.
pub const MAX_COLUMNS: usize = 4_096;

/// Nesting of one NDJSON record (ours). Mapped values are flat; deeper text is hostile.
pub const MAX_JSON_DEPTH: usize = 32;

/// Objects and arrays open at once in a definition, a schema or an answer (ours, and what most readers of JSON allow).
/// Values are read by recursion; deeper text is hostile.
pub const MAX_NESTING: usize = 127;

/// NDJSON records read before the columns are settled (ours): JSON has no header, so a mapped name must
/// occur in one of the first records to count as a column.
pub const NDJSON_SAMPLE_RECORDS: usize = 100;

/// Bytes read at most while the columns are being settled (ours): one record of the largest size.
pub const MAX_SAMPLE_BYTES: usize = MAX_RECORD_BYTES;

/// Bytes of an address (RFC 5321, 4.5.3.1.3: a path holds 256 octets with its angle brackets).
pub const MAX_EMAIL_BYTES: usize = 254;

/// Bytes before the `@` (RFC 5321, 4.5.3.1.1).
pub const MAX_EMAIL_LOCAL_BYTES: usize = 64;

/// Bytes of one label of a domain (RFC 1035, 2.3.4).
pub const MAX_DOMAIN_LABEL_BYTES: usize = 63;

/// Digits of a usable phone: E.164 allows 15; fewer than 7 cannot be dialled from outside a town.
pub const PHONE_DIGITS: core::ops::RangeInclusive<usize> = 7..=15;

/// Tags of one contact (ours).
pub const MAX_TAGS: usize = 100;

/// Custom fields of one mapping (ours).
pub const MAX_FIELDS: usize = 500;

/// Profiles after which a share of rejected ones tells something (ours): a bad start is often a few test entries.
pub const EARLY_STOP_PROFILES: u64 = 500;

/// Bytes of the settings text (ours).
pub const MAX_SETTINGS_BYTES: usize = 1_048_576;

/// Contacts of one bulk request (docs).
pub const MAX_BATCH_CONTACTS: usize = 250;

/// Bytes of one bulk body, UTF-8 (docs: "less than 400K bytes (399,999 bytes or less)").
pub const MAX_BATCH_BYTES: usize = 399_999;

/// Bulk requests with two or more contacts in any 60 s (docs).
pub const MULTI_CONTACT_REQUESTS_PER_MINUTE: usize = 100;

/// Bulk requests with a single contact in any 60 s (docs).
pub const SINGLE_CONTACT_REQUESTS_PER_MINUTE: usize = 20;

/// Requests of any kind in any second, for the whole account (docs).
pub const REQUESTS_PER_SECOND: usize = 5;

/// Milliseconds added to each window (ours): a window is measured where a request arrives, and requests
/// do not all take equally long to get there.
pub const RATE_GUARD_MILLIS: u64 = 50;

/// Wait after the importer's own "Rate limit exceeded.", which names no time but "a minute" (docs).
pub const THROTTLE_MILLIS: u64 = 60_000;

/// The longest wait a `Retry-After` may impose (ours); beyond it the remote is asked again.
pub const MAX_RETRY_AFTER_MILLIS: u64 = 15 * 60_000;

/// Batches packed and not yet sent (ours): enough to never starve the window, few enough to stay small.
pub const MAX_READY_BATCHES: usize = 4;

/// Batches sent and not yet settled (ours): imports take about 6 s at 100 a minute, so 10 are usual.
pub const MAX_IN_FLIGHT_BATCHES: usize = 32;

/// Bytes of all bodies that are packed or in flight (ours): what keeps the memory flat.
pub const MAX_IN_FLIGHT_BYTES: usize = 8 * 1_048_576;

/// Requests on the wire at once (ours; at the edge a host allows six open connections).
pub const MAX_OPEN_REQUESTS: usize = 6;

/// Bytes read of one answer (ours): 250 failure addresses or 100 fields with options take far less.
pub const MAX_ANSWER_BYTES: usize = 2 * 1_048_576;

/// Sends of one batch whose fate stayed ambiguous, or whose import failed, before it is `unverified` (ours).
pub const MAX_ATTEMPTS: u32 = 5;

/// First and longest pause between attempts (ours; full jitter between zero and the doubled base).
pub const BACKOFF_BASE_MILLIS: u64 = 1_000;
/// See [`BACKOFF_BASE_MILLIS`].
pub const BACKOFF_CAP_MILLIS: u64 = 60_000;

/// Batches of unknown fate that may go out again at once (ours), and how long it takes for one more: twenty a minute,
/// a fifth of the importer's window. An outage must not multiply the traffic of the account that suffers it
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>: a retry quota).
pub const RETRY_BUDGET: u64 = 20;
/// See [`RETRY_BUDGET`].
pub const RETRY_REFILL_MILLIS: u64 = 3_000;

/// A wake that comes so much later than it was asked for is a sleep, or a clock that was set forward (ours): a busy
/// host is late by less.
pub const LATE_MILLIS: u64 = 2_000;
/// The longest wait that is asked for at once (ours), so that a clock which was set forward is noticed.
pub const MAX_WAIT_MILLIS: u64 = 20_000;

/// First look at a batch's outcome after its 200 (imports take about 6 s; before 1 s the answer is `false`).
pub const FIRST_POLL_MILLIS: u64 = 5_000;
/// The longest pause between two looks at one batch (ours).
pub const MAX_POLL_MILLIS: u64 = 60_000;
/// How long a batch may stay unfinished before it is sent again or becomes `unverified` (ours).
pub const SETTLE_DEADLINE_MILLIS: u64 = 30 * 60_000;

/// Bytes of one checkpoint (ours): some kilobytes are usual; the names of 4,096 columns may take much of the rest.
pub const MAX_CHECKPOINT_BYTES: usize = 1_048_576;
/// Any count, place or time of a checkpoint (ours): 2^53 - 1, the largest whole number that JavaScript holds.
pub const MAX_COUNT: u64 = 9_007_199_254_740_991;
/// How far ahead of a state's own clock its times may be (ours): twice the longest wait there is.
pub const MAX_AHEAD_MILLIS: u64 = 30 * 60_000;
/// Hashes of packed addresses that are stored together, beside the checkpoints (ours): 4 KiB, so that a checkpoint
/// stays small and a million addresses are two thousand blocks.
pub const LOG_BLOCK_HASHES: usize = 512;
/// How long nothing new is sent after a run of which a request may still be waiting to be applied (ours): an old
/// payload must not land on a newer one.
pub const BARRIER_MILLIS: u64 = 10 * 60_000;

/// Pages read of one collection (ours): 100 objects each.
pub const MAX_PAGES: u32 = 1_000;
/// Objects of one page (docs).
pub const PAGE_SIZE: u32 = 100;

/// How long the account may give no usable answer before a run stops, to be resumed (ours).
pub const OUTAGE_DEADLINE_MILLIS: u64 = 10 * 60_000;
/// How long the account may answer every request with a throttle before a run stops (ours).
pub const THROTTLE_DEADLINE_MILLIS: u64 = 15 * 60_000;
/// Failures in a row after which the remote as a whole, not one batch, is taken to be in trouble (ours).
pub const OUTAGE_FAILURES: u32 = 3;
/// Refusals of the key in a row before it is blamed (clients report transient 403s).
pub const FORBIDDEN_TRIES: u32 = 2;
/// Tries to reach a host that has never answered (ours).
pub const FIRST_CONTACT_TRIES: u32 = 3;
/// Pause before the second try of a refused key (ours).
pub const FORBIDDEN_PAUSE_MILLIS: u64 = 2_000;
/// Times that a batch whose import does not end is sent again (ours).
pub const MAX_STUCK_RESENDS: u32 = 1;
/// Batches refused in a row without a name before the mapping or the account is blamed instead of single
/// contacts (ours: halving a batch of 250 down to one contact takes 9, and some siblings may be bad too).
pub const REFUSALS_IN_A_ROW: u32 = 12;
/// Contacts of a batch that is refused because of every one of them, from which the mapping or the account is suspected
/// (ours), and such batches in a row after which it is blamed.
pub const WHOLLY_NAMED: u64 = 10;
/// See [`WHOLLY_NAMED`].
pub const WHOLLY_NAMED_IN_A_ROW: u32 = 3;
/// Failures of one batch, while others pass, after which it is halved (ours).
pub const POISON_FAILURES: u32 = 3;
/// Batches refused without a name in one run before it stops (ours: 16 poisoned contacts, each found by halving).
pub const MAX_REFUSALS: u32 = 256;
/// Contacts looked up to learn whether an account lists updated contacts among a batch's successes (ours).
pub const SHORTFALL_SAMPLE: usize = 10;
/// Contacts looked up in one run (ours): at 5 a second, beside the imports, some ten minutes.
pub const MAX_LOOKUPS: u32 = 2_500;

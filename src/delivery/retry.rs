//! When to try again: full jitter between zero and a doubling bound; the remote's own word where it gives one.

use crate::checkpoint::Tape;
use crate::limits::{
    BACKOFF_BASE_MILLIS, BACKOFF_CAP_MILLIS, MAX_RETRY_AFTER_MILLIS, RETRY_BUDGET, RETRY_REFILL_MILLIS,
};
use crate::text::{find_any, parts};
use crate::time::{Random, Timestamp};

/// The pause before attempt number `failures + 1`, in milliseconds: `random(0, min(cap, base * 2^failures))`
/// (<https://cloud.google.com/storage/docs/retry-strategy>; full jitter spreads clients best).
pub fn backoff_millis(random: &mut Random, failures: u32) -> u64 {
    let bound = BACKOFF_BASE_MILLIS.saturating_mul(1 << failures.min(16)).min(BACKOFF_CAP_MILLIS);
    random.up_to(bound)
}

/// How many batches may go out again: some at once, then one every few seconds. It keeps the one moment at which it
/// will be full again.
#[derive(Clone, Copy, Debug, Default)]
pub struct RetryBudget {
    full_at: Timestamp,
}

impl RetryBudget {
    /// The earliest moment for one more; in the past when it may go at once.
    #[must_use]
    pub fn opens_at(&self) -> Timestamp {
        self.full_at.minus((RETRY_BUDGET - 1) * RETRY_REFILL_MILLIS)
    }

    /// One goes out now.
    pub fn spend(&mut self, now: Timestamp) {
        self.full_at = self.full_at.max(now).plus(RETRY_REFILL_MILLIS);
    }

    pub(crate) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        tape.time(&mut self.full_at)
    }
}

/// Reads `Retry-After`: whole seconds or an HTTP date; capped, and `None` for anything else.
#[must_use]
pub fn retry_after_millis(header: &str, now: Timestamp) -> Option<u64> {
    let text = header.trim();
    let millis = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are still a number: the cap says what becomes of it.
        text.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(1_000)
    } else {
        http_date(text)?.since(now)
    };
    Some(millis.min(MAX_RETRY_AFTER_MILLIS))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7; the two obsolete forms are not read).
fn http_date(text: &str) -> Option<Timestamp> {
    let mut date = parts(text.get(find_any(text, b",")? + 1..)?.strip_prefix(' ')?, b" ");
    let day: u64 = date.next()?.parse().ok()?;
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = date.next()?;
    let month = u64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1;
    let year: u64 = date.next()?.parse().ok()?;
    let mut clock = parts(date.next()?, b":").map(str::parse::<u64>);
    let (hour, minute, second) = (clock.next()?.ok()?, clock.next()?.ok()?, clock.next()?.ok()?);
    let in_range = (1970..=9999).contains(&year) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if date.next() != Some("GMT") || !in_range {
        return None;
    }
    Some(Timestamp::from_millis(
        (days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000,
    ))
}

/// Days of the Gregorian calendar before a date, counted from 1970 (years begin in March, so that the leap day is last).
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468
}

//! When to try again: a table of `Retry-After` headers (RFC 9110, 10.2.3, as far as anybody sends them), and the
//! bounds of full jitter, for many seeds.

use activecampaign_export::delivery::retry::{RetryBudget, backoff_millis, retry_after_millis};
use activecampaign_export::time::{Random, Timestamp};
use proptest::prelude::*;

/// Sun, 06 Nov 1994 08:49:37 GMT, as RFC 9110 writes it; by `date -u -d @784111777`.
const NOV_1994: u64 = 784_111_777_000;
/// Thu, 29 Feb 2024 23:59:59 GMT.
const LEAP_DAY: u64 = 1_709_251_199_000;
const CAP: u64 = 900_000;

#[test]
fn retry_after() {
    let table: [(&str, u64, Option<u64>); 26] = [
        ("0", NOV_1994, Some(0)),
        ("1", NOV_1994, Some(1_000)),
        ("30", NOV_1994, Some(30_000)),
        (" 30 ", NOV_1994, Some(30_000)),
        ("030", NOV_1994, Some(30_000)),
        ("899", NOV_1994, Some(899_000)),
        ("900", NOV_1994, Some(CAP)),
        ("901", NOV_1994, Some(CAP)),
        ("86400", NOV_1994, Some(CAP)),
        ("18446744073709551616", NOV_1994, Some(CAP)),
        ("99999999999999999999999999999999999999", NOV_1994, Some(CAP)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", NOV_1994, Some(0)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", NOV_1994, Some(60_000)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", NOV_1994 - 1, Some(1)),
        ("Mon, 07 Nov 1994 08:49:37 GMT", NOV_1994, Some(CAP)),
        ("Sat, 05 Nov 1994 08:49:37 GMT", NOV_1994, Some(0)),
        ("Fri, 01 Mar 2024 00:00:09 GMT", LEAP_DAY, Some(10_000)),
        ("", NOV_1994, None),
        ("soon", NOV_1994, None),
        ("-1", NOV_1994, None),
        ("+1", NOV_1994, None),
        ("1.5", NOV_1994, None),
        ("1e3", NOV_1994, None),
        ("30, 60", NOV_1994, None),
        ("Sun, 06 Nov 1994 08:49:37 CET", NOV_1994, None),
        ("Sun, 06 Foo 1994 08:49:37 GMT", NOV_1994, None),
    ];
    for (header, now, expected) in table {
        assert_eq!(retry_after_millis(header, Timestamp::from_millis(now)), expected, "{header:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5_000) })]

    /// Whatever stands there: no panic, and never longer than the cap.
    #[test]
    fn any_header(header in any::<String>(), now in any::<u64>()) {
        let told = retry_after_millis(&header, Timestamp::from_millis(now));
        prop_assert!(told.is_none_or(|millis| millis <= CAP));
    }

    #[test]
    fn nearly_a_date(day in "[0-9]{1,3}", year in "[0-9]{1,20}", clock in "[0-9:]{0,12}") {
        let header = format!("Sun, {day} Nov {year} {clock} GMT");
        prop_assert!(retry_after_millis(&header, Timestamp::default()).is_none_or(|millis| millis <= CAP));
    }

    /// Full jitter: from zero to a bound that doubles up to a minute.
    #[test]
    fn jitter_stays_in_its_bounds(seed in any::<u64>(), failures in 0_u32..5_000) {
        let bound = 1_000_u64.checked_shl(failures).filter(|_| failures < 16).map_or(60_000, |bound| bound.min(60_000));
        let mut random = Random::new(seed);
        for _ in 0..20 {
            prop_assert!(backoff_millis(&mut random, failures) <= bound);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// Twenty at once, then one every three seconds, however they are asked for; and whoever waits gets one.
    #[test]
    fn the_budget_of_retries(pauses in prop::collection::vec(0_u64..9_000, 1..400)) {
        let mut budget = RetryBudget::default();
        let mut now = NOV_1994;
        let mut spent = Vec::new();
        for pause in pauses {
            now += pause;
            let opens = budget.opens_at().as_millis();
            prop_assert!(opens <= now + 3_000, "starved for {} ms", opens.saturating_sub(now));
            now = now.max(opens);
            budget.spend(Timestamp::from_millis(now));
            spent.push(now);
        }
        for (first, from) in spent.iter().enumerate() {
            for (last, until) in spent.iter().enumerate().skip(first) {
                let allowed = 20 + (until - from) / 3_000;
                prop_assert!((last - first + 1) as u64 <= allowed, "{} in {} ms", last - first + 1, until - from);
            }
        }
    }
}

#[test]
fn jitter_is_full_and_replays() {
    for failures in [0, 1, 3, 6, 40] {
        let bound = (1_000_u64 << failures.min(16)).min(60_000);
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..2_000).map(|_| backoff_millis(&mut random, failures)).collect::<Vec<_>>()
        };
        let draws = draw(11);
        assert_eq!(draws, draw(11), "the same seed");
        assert_ne!(draws, draw(12), "another seed");
        let low = draws.iter().filter(|pause| **pause < bound / 10).count();
        let high = draws.iter().filter(|pause| **pause > bound - bound / 10).count();
        assert!((100..300).contains(&low) && (100..300).contains(&high), "{failures}: {low} low, {high} high");
    }
}

//! An account's windows, for hosts where no single process sees all its requests: one owner gives out turns.

use super::host::moment;
use crate::delivery::pace::Pace;
use crate::delivery::rate::Kind;
use crate::delivery::retry::retry_after_millis;
use crate::limits::{RATE_GUARD_MILLIS, THROTTLE_MILLIS};
use wasm_bindgen::prelude::*;

/// The windows of one account.
#[wasm_bindgen]
pub struct AccountPace {
    pace: Pace,
}

#[wasm_bindgen]
impl AccountPace {
    /// What `state` gave, or windows that nothing is known of. A state that is none may stand for full windows: the
    /// account stays closed until they have passed.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(state: Option<Vec<u8>>, now: f64) -> Self {
        let pace = match state.as_deref().map(Pace::from_bytes) {
            None => Pace::default(),
            Some(Some(pace)) => pace,
            Some(None) => {
                let pace = Pace::default();
                let now = pace.tell(moment(now));
                pace.change(|limiter| limiter.close_until(now.plus(THROTTLE_MILLIS + RATE_GUARD_MILLIS)));
                pace
            }
        };
        Self { pace }
    }

    /// Makes room for a request of this kind; gives the time at which it may go out, in milliseconds.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970, below 2^53")]
    pub fn turn(&self, kind: &str, now: f64) -> f64 {
        self.pace.turn(Kind::named(kind), moment(now)).as_millis() as f64
    }

    /// The account said that there were too many: nothing goes out before the time it names in `Retry-After`, a second
    /// at least.
    pub fn throttled(&self, retry_after: Option<String>, now: f64) {
        let now = self.pace.tell(moment(now));
        let told = retry_after.and_then(|header| retry_after_millis(&header, now)).unwrap_or_default();
        self.pace.change(|limiter| limiter.close_until(now.plus(told.max(1_000))));
    }

    /// To be kept.
    #[must_use]
    pub fn state(&self) -> Vec<u8> {
        self.pace.to_bytes()
    }
}

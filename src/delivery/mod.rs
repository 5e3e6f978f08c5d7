//! How contacts travel: packed by count and bytes, paced to the account's limits, tried again with care.
//! Knows neither the source nor the remote's language.

pub mod batch;
pub mod pace;
pub mod rate;
pub mod retry;

//! The checks that keep the house tidy, as functions from text to findings.

// Each test file uses its own part; helpers of tests may fail like tests.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]

pub mod arrows;
pub mod bans;
pub mod lexer;
pub mod scripts;
pub mod sizes;
pub mod tree;

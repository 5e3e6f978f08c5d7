//! The core of activecampaign-export.
#![allow(missing_docs)]
pub mod limits;
pub mod profile;
pub mod rejection;
pub mod source;

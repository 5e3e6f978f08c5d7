//! The core of activecampaign-export.
pub mod activecampaign;
pub mod audience;
pub mod connection;
pub mod contact;
pub mod delivery;
pub mod error;
pub mod export;
pub mod limits;
pub mod mapping;
pub mod masks;
pub mod plan;
pub mod profile;
pub mod rejection;
pub mod source;
pub mod text;
pub mod time;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;

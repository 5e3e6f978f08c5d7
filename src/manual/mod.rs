//! The guide: how the core is driven, what it promises, and where things are added. Its examples are tests.
//!
//! * [`driving`]: one input, all outputs, and what a host owes the core.
//! * [`mapping`]: from a profile to a contact.
//! * [`delivery`]: the protocol, batch by batch; what is promised; every fault and the test that shows it.
//! * [`resuming`]: what is stored, when, and what is refused.
//! * [`extending`]: a source format, a field type, a call, a host, a store.

pub mod delivery;
pub mod driving;
pub mod extending;
pub mod mapping;
pub mod resuming;

//! Where things are added, and what judges them.
//!
//! | to add | touch | what judges it |
//! |---|---|---|
//! | a source format | `src/source/<name>.rs`, one arm in `Format`, files in `tests/data/source` | `tests/any_split.rs` finds the files by itself: any split into chunks gives the same |
//! | a rule for profiles | one line in `src/rejection.rs`, at the end of its list | a case in `tests/mapping_values.rs` named for the rule |
//! | a field type | one variant in `src/mapping/field.rs` and `src/connection.rs` | valid and invalid values in `tests/mapping_values.rs` |
//! | an ActiveCampaign call | `src/activecampaign/<call>.rs`; its answers in the one table of `answer.rs` | recorded answers in `tests/answers.rs`, the simulation |
//! | something to be stored | `fields` of its type, one more version, `tests/data/checkpoint` | `tests/checkpoint.rs` fails until the version is new |
//! | a bound | `src/limits.rs`, with unit, reason and source | whatever breaks it, with the bound in its test |
//! | a fault | a row in [`super::delivery`], `tests/simulation/faults.rs` | `tests/manual.rs`: each row names a test that exists |
//! | a law of delivery | `tests/simulation/laws.rs` | a planted bug in `tests/planted_bugs/plants.rs` that breaks it |
//! | a store | `js/src/store/`, the contract in `contract.ts` | `js/test/store-suite.ts`, unchanged, in every host that has the store |
//! | a host | `js/src/entry/<host>.ts`, one condition in `pkg-template/package.json`, a runner in `js/test/hosts` | `js/test/suite.ts`, unchanged |
//!
//! # The house
//! Siblings (`source`, `mapping`, `audience`, `delivery`, `activecampaign`) do not know each other; what two of them
//! share is a noun. Only `export` composes; only `wasm` knows JavaScript. `tests/tidy.rs` holds these arrows, the sizes of
//! files and functions, and what is banned from the core: clocks, threads, hash maps, panics.

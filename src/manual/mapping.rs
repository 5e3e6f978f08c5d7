//! From a profile to a contact.
//!
//! A definition names columns. Once the source's columns are known it is compiled into a program over their indexes;
//! each profile then becomes the JSON of one contact, or breaks a rule.
//!
//! ```
//! use activecampaign_export::export::{Advance, Encoder, EncoderOptions};
//! use activecampaign_export::plan::Plan;
//!
//! let settings = br#"{
//!     "version": 1, "list": 4,
//!     "mapping": { "email": "EMail", "firstName": "First", "tags": [{ "column": "Tier", "prefix": "tier: " }] }
//! }"#;
//! let plan = Plan::parse(settings, None, &[]).map_err(|issues| format!("{issues:?}"))?;
//! let mut encoder = Encoder::new(plan, EncoderOptions::default());
//! encoder.feed(b"EMail,First,Tier\n Ada@Example.com ,Ada,gold\nnobody,Zoe,\n");
//! encoder.finish();
//! let Advance::Batch(batch) = encoder.advance().map_err(|stop| stop.message)? else { return Err("no batch".into()) };
//! assert_eq!(
//!     core::str::from_utf8(batch.body())?,
//!     r#"{"contacts":[{"email":"ada@example.com","first_name":"Ada","tags":["tier: gold"],"subscribe":[{"listid":4}]}],"exclude_automations":true}"#
//! );
//! let rejected = encoder.take_rejections();
//! assert_eq!((rejected[0].position.row, rejected[0].rule.code()), (2, "email_no_at"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rules
//! * An **address** is trimmed, put into lower case and checked by ActiveCampaign's own rules before anything is sent:
//!   one bad address would refuse its whole batch.
//! * **Blanks are left out**, never sent: what a blank does to a value that the account holds is not known.
//! * A value that does not fit its **field** (no date, no option, no number) is left out and counted as an omission; the
//!   contact goes out without it.
//! * **The first of an address wins**, over the whole run and without regard to case. The later ones are duplicates,
//!   reported with their rows.
//! * A bad profile is data: it is counted and reported, and nothing else happens. With
//!   [`max_rejected_percent`](crate::plan::Plan::max_rejected_percent) a run stops when they are too many, since that
//!   looks like a wrong column.

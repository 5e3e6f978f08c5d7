//! What goes in, and what must become of it: a generated source, and the fate of each of its profiles by the rules
//! of the documentation alone.

use crate::common::dice::Dice;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What must become of a profile before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is a contact with this address.
    Contact(String),
    /// An earlier profile has its address.
    Duplicate,
    /// It breaks the rule with this code.
    Rejected(&'static str),
}

/// How large the contacts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Usual,
    /// A third of them some kilobytes.
    Long,
    /// So large that no two fit one request.
    Alone,
}

/// A source and the fates of its profiles, in the order of their rows.
#[derive(Clone, Debug)]
pub struct Model {
    pub csv: Vec<u8>,
    pub fates: Vec<Fate>,
    rows: BTreeMap<String, u64>,
    /// What the account must be sent for each address.
    pub payloads: BTreeMap<String, Value>,
    pub size: Size,
}

/// The definition of every simulated export.
pub fn definition() -> Value {
    json!({
        "version": 1, "name": "Gold customers", "list": 4,
        "mapping": {
            "id": "CustomerId", "email": "EMail", "firstName": "FirstName", "lastName": "LastName",
            "fields": [{"id": 12, "column": "Points"}], "tags": ["Contoso"]
        }
    })
}

impl Model {
    /// A source of so many profiles; `run` is part of what is sent, so that two runs are told apart.
    pub fn new(dice: &mut Dice, profiles: usize, run: u64, size: Size) -> Self {
        let mut csv = String::from("CustomerId,EMail,FirstName,LastName,Points\n");
        let (mut fates, mut payloads, mut seen) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        let faulty = dice.below(20);
        for row in 1..=profiles {
            let number = row as u64;
            let kind = if dice.below(100) < faulty { dice.below(5) } else { 9 };
            let first = match size {
                // Each becomes two bytes of JSON.
                Size::Alone => "\\".repeat(60_000),
                Size::Long if dice.below(3) == 0 => "Ada".repeat(1_500),
                _ => format!("Ada{row}"),
            };
            let more = if size == Size::Alone { first.as_str() } else { "" };
            let (id, last, points) = (format!("C{row}"), format!("Run{run}{more}"), number * 7);
            let known = 1 + dice.below(number);
            let (written, fate) = match kind {
                0 => ("nobody".to_owned(), Fate::Rejected("email_no_at")),
                1 => (String::new(), Fate::Rejected("email_missing")),
                2 => (format!("two..dots{row}@example.com"), Fate::Rejected("email_dots")),
                3 => {
                    csv.push_str(&format!("{id},short{row}@example.com,{first}\n"));
                    fates.push(Fate::Rejected("too_few_cells"));
                    continue;
                }
                4 => (format!(" USER{known}@Example.COM "), Fate::Contact(format!("user{known}@example.com"))),
                _ => (format!("User{row}@example.com"), Fate::Contact(format!("user{row}@example.com"))),
            };
            let fate = match fate {
                Fate::Contact(address) if !seen.insert(address.clone()) => Fate::Duplicate,
                other => other,
            };
            // Now and then a value with a line end, so that rows and lines differ.
            let quoted = if dice.below(40) == 0 { format!("\"{last}\n{row}\"") } else { last };
            if let Fate::Contact(address) = &fate {
                let last = quoted.trim_matches('"');
                let payload = json!({
                    "email": address, "first_name": first, "last_name": last,
                    "fields": [{"id": 12, "value": points.to_string()}], "tags": ["Contoso"],
                    "subscribe": [{"listid": 4}]
                });
                payloads.insert(address.clone(), payload);
            }
            fates.push(fate);
            csv.push_str(&format!("{id},{written},{first},{quoted},{points}\n"));
        }
        let rows = (1..).zip(&fates).filter_map(|(row, fate)| match fate {
            Fate::Contact(address) => Some((address.clone(), row)),
            _ => None,
        });
        Self { csv: csv.into_bytes(), rows: rows.collect(), fates, payloads, size }
    }

    /// The row of an address, from 1.
    pub fn row_of(&self, address: &str) -> Option<u64> {
        self.rows.get(address).copied()
    }

    /// The addresses that are contacts, in the order of their rows.
    pub fn addresses(&self) -> impl Iterator<Item = &String> {
        self.fates.iter().filter_map(|fate| match fate {
            Fate::Contact(address) => Some(address),
            _ => None,
        })
    }
}

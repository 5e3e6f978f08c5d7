//! What the fuzz targets share: how a target's input is read, and how the core is driven through its public doors
//! while its promises are checked after every step. A broken promise is a panic, which the fuzzer reports.

pub mod account;
pub mod input;
pub mod resume;
pub mod run;
pub mod script;
pub mod seal;
pub mod settings;
pub mod source;

use activecampaign_export::connection::{AccountSchema, Field, FieldKind, List};
use serde_json::{Value, json};

/// The clock at the start of every run.
pub const START: u64 = 1_790_000_000_000;

/// A list 4, and one field of each type from id 1 on.
#[must_use]
pub fn schema() -> AccountSchema {
    let kinds = [
        ("Words", FieldKind::Text),
        ("Story", FieldKind::Textarea),
        ("Born", FieldKind::Date),
        ("Seen", FieldKind::Datetime),
        ("Tier", FieldKind::Dropdown),
        ("Size", FieldKind::Radio),
        ("Likes", FieldKind::Checkbox),
        ("Towns", FieldKind::Listbox),
        ("Secret", FieldKind::Hidden),
        ("Points", FieldKind::Number),
    ];
    let options = |kind: FieldKind| match kind {
        FieldKind::Dropdown | FieldKind::Radio => vec!["Gold".to_owned(), "Silver Plus".to_owned()],
        FieldKind::Checkbox | FieldKind::Listbox => vec!["\u{dc}ber".to_owned(), "a;b".to_owned(), "c".to_owned()],
        _ => Vec::new(),
    };
    let field = |(id, (title, kind)): (u64, (&str, FieldKind))| Field {
        id,
        title: title.to_owned(),
        perstag: title.to_uppercase(),
        kind,
        options: options(kind),
    };
    AccountSchema {
        lists: vec![List { id: 4, name: "Newsletter".into(), active_subscribers: None }],
        fields: (1..).zip(kinds).map(field).collect(),
        tags: Vec::new(),
    }
}

/// The definition of the runs that are driven to their end.
#[must_use]
pub fn definition() -> Value {
    json!({
        "version": 1, "name": "Gold customers", "list": 4,
        "mapping": {
            "id": "CustomerId", "email": "EMail", "firstName": "FirstName", "lastName": "LastName",
            "phone": "Telephone", "fields": [{"id": 10, "column": "Points"}], "tags": ["Contoso"],
            "consent": "Consent"
        }
    })
}

/// A source of `count` profiles for [`definition`]: most are good, some are refused, duplicate or without consent.
#[must_use]
pub fn profiles(count: usize) -> Vec<u8> {
    let mut text = String::from("CustomerId,EMail,FirstName,LastName,Telephone,Points,Consent\n");
    for index in 1..=count {
        let (email, consent) = match index % 16 {
            5 => ("nobody".to_owned(), "yes"),
            9 => ("User1@Example.com".to_owned(), "yes"),
            13 => (format!("user{index}@example.com"), "no"),
            _ => (format!("User{index}@Example.com"), "yes"),
        };
        text.push_str(&format!("C{index},{email},Ada{index},Lovelace,+4930{index:07},{index},{consent}\n"));
    }
    text.into_bytes()
}

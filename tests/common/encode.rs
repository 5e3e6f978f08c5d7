//! Bytes in, bodies out: the encoder alone, as a dry run uses it, and JSON built by serde_json to compare with.

use super::dice::Dice;
use activecampaign_export::connection::{AccountSchema, Field, FieldKind, List};
use activecampaign_export::error::Stop;
use activecampaign_export::export::{Advance, Counts, Encoder, EncoderOptions, OmissionCount};
use activecampaign_export::plan::Plan;
use activecampaign_export::rejection::Rejection;
use serde_json::{Value, json};

/// All that an encoder said.
pub struct Encoded {
    pub batches: Vec<activecampaign_export::delivery::batch::Batch>,
    /// Each contact's own bytes.
    pub contacts: Vec<String>,
    pub rejections: Vec<Rejection>,
    pub omissions: Vec<OmissionCount>,
    pub counts: Counts,
}

impl Encoded {
    /// Row and code of every rejection.
    pub fn codes(&self) -> Vec<(u64, &'static str)> {
        self.rejections.iter().map(|rejection| (rejection.position.row, rejection.rule.code())).collect()
    }

    /// Target, code and number of every omission.
    pub fn omitted(&self) -> Vec<(String, &'static str, u64)> {
        self.omissions.iter().map(|one| (one.target.clone(), one.code, one.count)).collect()
    }

    /// The contacts as JSON.
    pub fn values(&self) -> Vec<Value> {
        self.contacts.iter().map(|text| serde_json::from_str(text).expect(text)).collect()
    }
}

/// A list 4, and one field of each type from id 1 on.
pub fn account() -> AccountSchema {
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
        FieldKind::Dropdown | FieldKind::Radio | FieldKind::Checkbox | FieldKind::Listbox => {
            vec!["Gold".to_owned(), "Silver Plus".to_owned(), "\u{dc}ber".to_owned(), "a;b".to_owned()]
        }
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

/// A definition around a mapping.
pub fn plan(mapping: &Value) -> Plan {
    plan_of(&json!({"version": 1, "list": 4, "mapping": mapping}))
}

/// A plan of a whole definition.
pub fn plan_of(definition: &Value) -> Plan {
    Plan::parse(definition.to_string().as_bytes(), Some(&account()), &[]).expect("a plan")
}

/// Encodes bytes that come in pieces of random sizes; the counts must balance after each.
pub fn try_encode(plan: Plan, bytes: &[u8], options: EncoderOptions) -> Result<Encoded, Stop> {
    let mut encoder = Encoder::new(plan, options);
    let mut dice = Dice::new(bytes.len() as u64 + options.seed);
    let (mut batches, mut rejections, mut rest, mut ended) = (Vec::new(), Vec::new(), bytes, false);
    loop {
        let advance = encoder.advance()?;
        rejections.extend(encoder.take_rejections());
        match advance {
            Advance::Batch(batch) => batches.push(batch),
            Advance::End => break,
            Advance::NeedBytes if !rest.is_empty() => {
                let size = usize::try_from(dice.between(1, 40_000)).unwrap().min(rest.len());
                let (piece, after) = rest.split_at(size);
                encoder.feed(piece);
                rest = after;
            }
            Advance::NeedBytes => {
                assert!(!ended, "more bytes wanted after the end");
                ended = true;
                encoder.finish();
            }
        }
    }
    let counts = encoder.counts().clone();
    let contacts: Vec<String> = batches
        .iter()
        .flat_map(|batch| batch.entries().iter().map(|entry| String::from_utf8(batch.json(entry).to_vec()).unwrap()))
        .collect();
    assert_eq!(counts.read, counts.accepted + counts.rejected + counts.duplicate + counts.excluded, "{counts:?}");
    assert_eq!(counts.accepted, contacts.len() as u64);
    if !options.count_only {
        assert_eq!(counts.rejected + counts.duplicate, rejections.len() as u64, "a row for each");
    }
    Ok(Encoded { batches, contacts, rejections, omissions: encoder.omissions().to_vec(), counts })
}

/// The same, for sources that are fine as a whole.
pub fn encode(plan: Plan, bytes: &[u8]) -> Encoded {
    try_encode(plan, bytes, EncoderOptions { seed: 7, ..EncoderOptions::default() }).expect("a readable source")
}

/// Profiles as NDJSON, one a value.
pub fn ndjson(profiles: &[Value]) -> Vec<u8> {
    profiles.iter().map(|profile| format!("{profile}\n")).collect::<String>().into_bytes()
}

/// JSON text with its keys in the given order.
pub fn object(pairs: &[(&str, Value)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{}:{value}", json!(key))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// The one contact that a mapping makes of one profile; `None` when it makes none.
pub fn one(mapping: &Value, profile: &Value) -> (Option<Value>, Encoded) {
    // The last profile knows all columns that the mapping may ask for.
    let mut last: Value =
        ["E", "F", "L", "P", "W", "T", "V", "C", "A", "B"].iter().map(|key| (*key, json!(""))).collect();
    last["E"] = json!("last@example.com");
    let encoded = encode(plan(mapping), &ndjson(&[profile.clone(), last]));
    let first = encoded.values().into_iter().find(|contact| contact["email"] != "last@example.com");
    (first, encoded)
}

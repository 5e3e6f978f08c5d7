//! What a first version in Rust looks like: the csv crate, a `HashSet<String>` and serde_json.

use crate::report::{DUPLICATE, INVALID, MISSING, Sink};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};

#[allow(clippy::disallowed_types, reason = "the ban is the core's; its order is not used here either")]
type Addresses = std::collections::HashSet<String>;

const MAX_CONTACTS: usize = 250;
const MAX_BYTES: usize = 399_999;
const BUFFER_BYTES: usize = 256 * 1024;

pub(crate) fn csv(path: &str, sink: &mut Sink) -> Result<(), Box<dyn Error>> {
    let mut reader = csv::ReaderBuilder::new().buffer_capacity(BUFFER_BYTES).from_path(path)?;
    let mut job = Job::new(sink);
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        let cell = |index| record.get(index).unwrap_or_default();
        job.row(&Row {
            customer_id: cell(0),
            first_name: cell(2),
            last_name: cell(3),
            email: cell(4),
            telephone: cell(5),
            birthdate: cell(6),
            city: cell(7),
            country: cell(8),
            loyalty_tier: cell(9),
            total_spend: cell(10),
            consent: cell(11) == "true",
        })?;
    }
    job.flush()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Customer {
    customer_id: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    #[serde(rename = "EMail")]
    email: Option<String>,
    telephone: Option<String>,
    birthdate: Option<String>,
    city: Option<String>,
    country: Option<String>,
    loyalty_tier: Option<String>,
    total_spend: Option<serde_json::Number>,
    consent: Option<bool>,
}

pub(crate) fn ndjson(path: &str, sink: &mut Sink) -> Result<(), Box<dyn Error>> {
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    let mut job = Job::new(sink);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let customer: Customer = serde_json::from_str(&line)?;
        let total_spend = customer.total_spend.map(|number| number.to_string());
        job.row(&Row {
            customer_id: customer.customer_id.as_deref().unwrap_or_default(),
            first_name: customer.first_name.as_deref().unwrap_or_default(),
            last_name: customer.last_name.as_deref().unwrap_or_default(),
            email: customer.email.as_deref().unwrap_or_default(),
            telephone: customer.telephone.as_deref().unwrap_or_default(),
            birthdate: customer.birthdate.as_deref().unwrap_or_default(),
            city: customer.city.as_deref().unwrap_or_default(),
            country: customer.country.as_deref().unwrap_or_default(),
            loyalty_tier: customer.loyalty_tier.as_deref().unwrap_or_default(),
            total_spend: total_spend.as_deref().unwrap_or_default(),
            consent: customer.consent == Some(true),
        })?;
        line.clear();
    }
    job.flush()
}

struct Row<'a> {
    customer_id: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    email: &'a str,
    telephone: &'a str,
    birthdate: &'a str,
    city: &'a str,
    country: &'a str,
    loyalty_tier: &'a str,
    total_spend: &'a str,
    consent: bool,
}

#[derive(Serialize)]
struct Contact {
    email: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    first_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subscribe: Vec<Subscription>,
}

#[derive(Serialize)]
struct Field {
    id: u32,
    value: String,
}

#[derive(Serialize)]
struct Subscription {
    listid: u32,
}

#[derive(Serialize)]
struct Body<'a> {
    contacts: &'a [Contact],
    exclude_automations: bool,
}

struct Job<'a> {
    sink: &'a mut Sink,
    row: u64,
    accepted: Addresses,
    contacts: Vec<Contact>,
}

impl<'a> Job<'a> {
    fn new(sink: &'a mut Sink) -> Self {
        Self { sink, row: 0, accepted: Addresses::new(), contacts: Vec::new() }
    }

    fn row(&mut self, row: &Row<'_>) -> Result<(), Box<dyn Error>> {
        self.row += 1;
        let email = trim(row.email).to_lowercase();
        if email.is_empty() {
            self.sink.refuse(self.row, MISSING);
            return Ok(());
        }
        if !is_address(&email) {
            self.sink.refuse(self.row, INVALID);
            return Ok(());
        }
        if !self.accepted.insert(email.clone()) {
            self.sink.refuse(self.row, DUPLICATE);
            return Ok(());
        }
        let fields = [row.customer_id, row.birthdate, row.city, row.country, row.total_spend];
        self.contacts.push(Contact {
            email,
            first_name: trim(row.first_name).to_owned(),
            last_name: trim(row.last_name).to_owned(),
            phone: phone_of(row.telephone),
            fields: (1..)
                .zip(fields.map(trim))
                .filter(|(_, value)| !value.is_empty())
                .map(|(id, value)| Field { id, value: value.to_owned() })
                .collect(),
            tags: Some(trim(row.loyalty_tier)).filter(|tag| !tag.is_empty()).map(str::to_owned).into_iter().collect(),
            subscribe: row.consent.then_some(Subscription { listid: 4 }).into_iter().collect(),
        });
        if self.contacts.len() == MAX_CONTACTS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Box<dyn Error>> {
        let contacts = std::mem::take(&mut self.contacts);
        if contacts.is_empty() { Ok(()) } else { self.send(&contacts) }
    }

    fn send(&mut self, contacts: &[Contact]) -> Result<(), Box<dyn Error>> {
        let body = serde_json::to_vec(&Body { contacts, exclude_automations: true })?;
        if body.len() <= MAX_BYTES || contacts.len() == 1 {
            self.sink.body(&body);
            return Ok(());
        }
        let (first, rest) = contacts.split_at(contacts.len() / 2);
        self.send(first)?;
        self.send(rest)
    }
}

/// JavaScript's `trim`: without U+0085, with the byte order mark.
fn trim(text: &str) -> &str {
    text.trim_matches(|letter: char| (letter.is_whitespace() && letter != '\u{85}') || letter == '\u{feff}')
}

fn phone_of(cell: &str) -> Option<String> {
    let mut phone: String = cell.chars().filter(|letter| !" -()./".contains(*letter)).collect();
    if let Some(rest) = phone.strip_prefix("00") {
        phone = format!("+{rest}");
    }
    let digits = phone.strip_prefix('+').unwrap_or(&phone);
    let usable = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    usable.then_some(phone)
}

fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atom);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((labels, last)) = domain.rsplit_once('.') else { return false };
    address.len() <= 254
        && local.len() <= 64
        && local.split('.').all(atom)
        && labels.split('.').all(label)
        && (2..=63).contains(&last.len())
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

//! A small ActiveCampaign account in memory, written from ActiveCampaign's documentation alone, and the oracle of what
//! it really applied. It shares no code with the core.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An answer on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        // The service writes every slash escaped.
        Self { status, retry_after: None, body: body.to_string().replace('/', "\\/").into_bytes() }
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self { status, retry_after: None, body: body.as_bytes().to_vec() }
    }

    pub fn after(mut self, header: &str) -> Self {
        self.retry_after = Some(header.to_owned());
        self
    }
}

/// What becomes of imports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    #[default]
    Completes,
    /// The word `failed`, and nothing is applied.
    Fails,
    /// The word `interrupted`, and half is applied.
    Interrupted,
    /// Applied, but the status stays `active`.
    Stuck,
}

/// How the account behaves; the default is the documentation's happy case.
#[derive(Clone, Debug, Default)]
pub struct Knobs {
    /// `info.success` names created contacts only (U23).
    pub created_only: bool,
    /// `info` has no arrays at all (U20).
    pub no_arrays: bool,
    /// Failure addresses in capitals (U14).
    pub upper_failure: bool,
    /// `Success` instead of `success`, and as many as contacts.
    pub capital_success: bool,
    /// A 400 counts contacts from here (U10).
    pub index_base: u64,
    /// Refused at once, by name.
    pub refuse_named: BTreeSet<String>,
    /// Refused at once, without a usable name.
    pub refuse_silently: BTreeSet<String>,
    /// Everything is refused without a name.
    pub refuse_all: bool,
    /// Accepted, and listed under `failure` later.
    pub fail_late: BTreeSet<String>,
    /// Accepted, neither applied nor listed.
    pub skip: BTreeSet<String>,
    /// Bodies above this get a 413.
    pub max_bytes: Option<usize>,
    /// Milliseconds that an import takes.
    pub import_millis: u64,
    /// Fates of the imports in order; `Completes` beyond the last one.
    pub fates: Vec<Fate>,
    /// A word that no documentation has, shown before `completed`.
    pub odd_word: bool,
    /// An address that nobody sent, under `failure`.
    pub stranger: bool,
    /// An id more than contacts under `success`.
    pub one_too_many: bool,
    /// Now and then a batch gets the id of the one before it (fault 23).
    pub same_batch_id: bool,
    /// What `info` answers instead of an outcome: 400, 404.
    pub info_status: Option<u16>,
    /// Page size that the account really uses.
    pub page_size: Option<usize>,
    /// `meta.total` as number, or missing.
    pub total: Total,
}

/// How `meta.total` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Total {
    #[default]
    Text,
    Number,
    Missing,
}

#[derive(Clone, Debug)]
struct Held {
    id: u64,
    contact: Value,
    active_in: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
struct Import {
    contacts: Vec<Value>,
    queued_at: u64,
    fate: Fate,
    outcome: Option<(Vec<String>, Vec<String>)>,
}

/// The account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub knobs: Knobs,
    pub lists: Vec<Value>,
    pub fields: Vec<Value>,
    pub options: Vec<Value>,
    pub tags: Vec<Value>,
    held: BTreeMap<String, Held>,
    imports: BTreeMap<String, Import>,
    next: u64,
    /// The oracle: per address, every payload that was applied, in order.
    pub applied: BTreeMap<String, Vec<Value>>,
}

/// The address of a contact as the account compares it.
pub fn address(contact: &Value) -> String {
    contact["email"].as_str().unwrap_or_default().to_lowercase()
}

impl Account {
    pub fn new(knobs: Knobs) -> Self {
        let list = json!({"id": "4", "name": "Newsletter", "stringid": "newsletter"});
        let field = json!({"id": "12", "title": "Loyalty points", "perstag": "LOYALTY_POINTS", "type": "number"});
        Self { knobs, lists: vec![list], fields: vec![field], ..Self::default() }
    }

    /// A contact from before the run.
    pub fn hold(&mut self, contact: &Value) {
        self.upsert(contact);
    }

    /// The host's clock, by which this account is told the time, moves; the account does not.
    pub fn move_clock(&mut self, by: i64) {
        for import in self.imports.values_mut() {
            import.queued_at = import.queued_at.saturating_add_signed(by);
        }
    }

    /// Answers a request; the path begins with `/api/3`.
    pub fn answer(&mut self, now: u64, method: &str, path: &str, body: &[u8]) -> Reply {
        self.settle(now);
        let (route, query) = path.split_once('?').unwrap_or((path, ""));
        match (method, route) {
            ("POST", "/api/3/import/bulk_import") => self.import(now, body),
            ("GET", "/api/3/import/info") => self.info(now, &parameter(query, "batchId")),
            ("GET", "/api/3/contacts") => self.contacts(query),
            ("GET", "/api/3/users/me") => Reply::json(200, &json!({"user": {"username": "admin", "id": "1"}})),
            ("GET", "/api/3/lists") => self.page("lists", &self.lists, query),
            ("GET", "/api/3/fields") => self.page("fields", &self.fields, query),
            ("GET", "/api/3/tags") => self.page("tags", &self.tags, query),
            ("GET", "/api/3/settings/account") => {
                Reply::json(200, &json!({"subscriber_limit": 5000, "subscriber_total": "321", "trial": false}))
            }
            _ => Reply::json(404, &json!({"message": format!("No Result found for {route}")})),
        }
    }

    fn refusal(reasons: &Value) -> Reply {
        let message = "JSON payload did not pass validation. Please fix failureReasons and retry. \
                       The import was not queued for processing.";
        Reply::json(400, &json!({"success": 0, "message": message, "failureReasons": reasons}))
    }

    fn import(&mut self, now: u64, body: &[u8]) -> Reply {
        if self.knobs.max_bytes.is_some_and(|most| body.len() > most) {
            return Reply::text(413, "<html><body>413 Request Entity Too Large</body></html>");
        }
        let Ok(parsed) = serde_json::from_slice::<Value>(body) else {
            return Self::refusal(&json!(["Invalid or unparsable json"]));
        };
        let contacts = parsed["contacts"].as_array().cloned().unwrap_or_default();
        assert!((1..=250).contains(&contacts.len()) && body.len() <= 399_999, "a request beyond the limits");
        assert!(parsed["exclude_automations"].is_boolean(), "exclude_automations at the top level");
        let named: Vec<Value> = (self.knobs.index_base..)
            .zip(&contacts)
            .filter(|(_, contact)| self.knobs.refuse_named.contains(&address(contact)))
            .map(|(index, contact)| json!({"contact": index, "failureReason": format!("{} has an incorrect format", address(contact))}))
            .collect();
        if !named.is_empty() {
            return Self::refusal(&Value::Array(named));
        }
        let silent = contacts.iter().any(|contact| self.knobs.refuse_silently.contains(&address(contact)));
        if silent || self.knobs.refuse_all {
            return Self::refusal(&json!(["Something is wrong with this import"]));
        }
        self.next += 1;
        let told = if self.knobs.same_batch_id && self.next.is_multiple_of(5) { self.next - 1 } else { self.next };
        let id = format!("0641fbdd-f62f-4c2c-ba02-{told:012}");
        let fate = self.knobs.fates.get(usize::try_from(self.next).unwrap() - 1).copied().unwrap_or_default();
        let count = contacts.len();
        // What already runs under that id goes on unseen.
        let hidden = format!("{id}-{}", self.next);
        if let Some(other) = self.imports.remove(&id) {
            self.imports.insert(hidden, other);
        }
        self.imports.insert(id.clone(), Import { contacts, queued_at: now, fate, outcome: None });
        let mut answer = json!({"queued_contacts": count, "batchId": id, "message": "Contact import queued"});
        let (key, value) = if self.knobs.capital_success { ("Success", count) } else { ("success", 1) };
        answer[key] = json!(value);
        Reply::json(200, &answer)
    }

    fn import_millis(&self) -> u64 {
        if self.knobs.import_millis == 0 { 6_000 } else { self.knobs.import_millis }
    }

    /// Carries out every import whose time has come.
    pub fn settle(&mut self, now: u64) {
        let takes = self.import_millis();
        let due = |import: &Import| import.outcome.is_none() && now >= import.queued_at + takes;
        let ids: Vec<String> =
            self.imports.iter().filter(|(_, import)| due(import)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let import = self.imports[&id].clone();
            let part = match import.fate {
                Fate::Fails => 0,
                Fate::Interrupted => import.contacts.len() / 2,
                _ => import.contacts.len(),
            };
            let (mut success, mut failure) = (Vec::new(), Vec::new());
            for contact in import.contacts.iter().take(part) {
                let address = address(contact);
                if self.knobs.fail_late.contains(&address) {
                    failure.push(if self.knobs.upper_failure { address.to_uppercase() } else { address });
                } else if !self.knobs.skip.contains(&address) {
                    self.applied.entry(address).or_default().push(contact.clone());
                    let (id, created) = self.upsert(contact);
                    if created || !self.knobs.created_only {
                        success.push(id.to_string());
                    }
                }
            }
            if self.knobs.stranger {
                failure.push("someone.else@example.org".to_owned());
            }
            if self.knobs.one_too_many {
                success.push("999999".to_owned());
            }
            self.imports.get_mut(&id).unwrap().outcome = Some((success, failure));
        }
    }

    fn upsert(&mut self, contact: &Value) -> (u64, bool) {
        let next = 1_000 + self.held.len() as u64;
        let mut created = false;
        let held = self.held.entry(address(contact)).or_insert_with(|| {
            created = true;
            Held { id: next, contact: json!({}), active_in: BTreeSet::new() }
        });
        for (key, value) in contact.as_object().unwrap() {
            held.contact[key] = value.clone();
        }
        for list in contact["subscribe"].as_array().into_iter().flatten() {
            held.active_in.insert(list["listid"].as_u64().unwrap());
        }
        (held.id, created)
    }

    fn info(&self, now: u64, id: &str) -> Reply {
        if let Some(status) = self.knobs.info_status {
            return Reply::json(status, &json!({"success": 0, "message": "'batchId' is a required field."}));
        }
        let Some(import) = self.imports.get(id) else {
            return Reply::json(200, &json!({"status": false, "success": [], "failure": []}));
        };
        let Some((success, failure)) = &import.outcome else {
            let age = now.saturating_sub(import.queued_at);
            let status = match age {
                0..1_000 => return Reply::json(200, &json!({"status": false})),
                1_000..2_000 => "waiting",
                2_000..3_000 => "claimed",
                _ if self.knobs.odd_word => "reticulating",
                _ => "active",
            };
            return Reply::json(200, &json!({"status": status, "success": [], "failure": []}));
        };
        let status = match import.fate {
            Fate::Completes => "completed",
            Fate::Fails => "failed",
            Fate::Interrupted => "interrupted",
            Fate::Stuck => "active",
        };
        if self.knobs.no_arrays {
            return Reply::json(200, &json!({"status": status}));
        }
        Reply::json(200, &json!({"status": status, "success": success, "failure": failure}))
    }

    fn contacts(&self, query: &str) -> Reply {
        let (email, list) = (parameter(query, "email"), parameter(query, "listid"));
        let found = self
            .held
            .get(&email.to_lowercase())
            .filter(|held| list.is_empty() || held.active_in.contains(&list.parse().unwrap()));
        let text = |held: &Held, key: &str| held.contact[key].as_str().unwrap_or_default().to_owned();
        let contacts: Vec<Value> = found
            .map(|held| {
                json!({"id": held.id.to_string(), "email": text(held, "email"), "firstName": text(held, "first_name"),
                       "lastName": text(held, "last_name"), "phone": text(held, "phone")})
            })
            .into_iter()
            .collect();
        let total = contacts.len().to_string();
        Reply::json(200, &json!({"scoreValues": [], "contacts": contacts, "meta": {"total": total}}))
    }

    fn page(&self, key: &str, all: &[Value], query: &str) -> Reply {
        let number = |name: &str, default: usize| parameter(query, name).parse().unwrap_or(default);
        let (limit, offset) = (number("limit", 20).min(100), number("offset", 0));
        let size = self.knobs.page_size.map_or(limit, |size| size.min(limit));
        let items: Vec<Value> = all.iter().skip(offset).take(size).cloned().collect();
        let mut answer = json!({key: items, "meta": {}});
        if key == "fields" {
            answer["fieldOptions"] = json!(self.options);
            answer["fieldRels"] = json!([]);
        }
        match self.knobs.total {
            Total::Text => answer["meta"]["total"] = json!(all.len().to_string()),
            Total::Number => answer["meta"]["total"] = json!(all.len()),
            Total::Missing => {}
        }
        Reply::json(200, &answer)
    }
}

/// A parameter of a query, percent-decoded; empty when absent.
pub fn parameter(query: &str, name: &str) -> String {
    let raw = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
    let raw = raw.map_or("", |(_, value)| value).as_bytes();
    let mut out = Vec::new();
    let mut index = 0;
    while index < raw.len() {
        if raw[index] == b'%' {
            let hex = std::str::from_utf8(&raw[index + 1..index + 3]).unwrap();
            out.push(u8::from_str_radix(hex, 16).unwrap());
            index += 3;
        } else {
            out.push(raw[index]);
            index += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

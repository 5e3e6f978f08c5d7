//! The saved definition of an export, and the plan it becomes.
//!
//! Settings are text that people write. [`Plan::parse`] turns them into a plan that cannot be wrong, or
//! gives back *all* their issues, each with the path of the setting. An unknown key is an issue.

mod mapping;
mod reader;
mod template;

pub use mapping::{Consent, DateOrder, FieldMapping, Mapping, TagMapping, Value};
pub(crate) use reader::{closest, loose};
pub use template::{Piece, Template};

use crate::checkpoint;
use crate::connection::{AccountSchema, Hostname};
use crate::error::Issue;
use crate::json;
use crate::limits::MAX_SETTINGS_BYTES;
use crate::profile::{Format, SourceOptions};
use crate::text::listed;
use reader::{Issues, Section};

/// Whether the import sets off the account's automations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Automations {
    /// They stay quiet. The default; ActiveCampaign's own default is the opposite.
    Exclude,
    /// They run, for each contact and again for each batch that has to be sent again.
    Run,
}

/// A definition that has been checked against the account it writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The export's own name.
    pub name: String,
    /// The account, when the definition names it.
    pub host: Option<Hostname>,
    /// The list that profiles go to.
    pub list: u64,
    /// How the source is written.
    pub source: SourceOptions,
    /// Words that mean "no value", besides blank cells.
    pub blank_words: Vec<String>,
    /// What goes where.
    pub mapping: Mapping,
    /// Whether automations run.
    pub automations: Automations,
    /// The share of rejected profiles above which the run stops; without it, none is too large.
    pub max_rejected_percent: Option<u64>,
    /// Whether the account's lists and fields were known when this plan was made.
    pub resolved: bool,
    /// Stands for the settings that decide what is sent, and the ids that they resolved to: a run goes on with the same only.
    pub definition: u64,
}

const KEYS: [&str; 10] =
    ["$schema", "version", "name", "host", "list", "source", "mapping", "automations", "mode", "maxRejectedPercent"];

impl Plan {
    /// Reads a definition. With `account` its list and fields are looked up there; without, titles of fields
    /// stay unresolved and the plan serves a dry run only. `allowed_hosts` are hosts beyond an account's own
    /// domains.
    ///
    /// # Errors
    /// All issues of the definition.
    pub fn parse(
        settings: &[u8],
        account: Option<&AccountSchema>,
        allowed_hosts: &[String],
    ) -> Result<Self, Vec<Issue>> {
        if settings.len() > MAX_SETTINGS_BYTES {
            return Err(vec![Issue::new("", "too_large", "The definition is larger than 1 MiB.")]);
        }
        let value = json::read(settings).map_err(|error| {
            let place = format!("line {}, column {}", error.line, error.column);
            vec![Issue::new("", "not_json", &format!("The definition is not valid JSON ({place})."))]
        })?;
        let mut issues = Issues::default();
        let plan = read(&value, account, allowed_hosts, &mut issues);
        match plan {
            Some(plan) if issues.0.is_empty() => Ok(Self { definition: number_of(&value, &plan), ..plan }),
            _ => Err(issues.0),
        }
    }
}

fn read(
    value: &json::Value,
    account: Option<&AccountSchema>,
    allowed_hosts: &[String],
    issues: &mut Issues,
) -> Option<Plan> {
    let root = Section::open("", value, &KEYS, issues)?;
    read_version(&root, issues);
    let name = root.text("name", issues).unwrap_or("Unnamed export").to_owned();
    let host = root.text("host", issues).and_then(|text| match Hostname::parse(text, allowed_hosts) {
        Ok(host) => Some(host),
        Err(error) => {
            issues.suggest("host", "hostname", &error.reason, error.corrected);
            None
        }
    });
    if root.get("list").is_none() {
        root.missing("list", issues);
    }
    let list = root.id("list", issues);
    if let (Some(list), Some(account)) = (list, account) {
        check_list(list, account, issues);
    }
    let (source, blank_words) = read_source(&root, issues);
    let automations = root
        .word("automations", &[("exclude", Automations::Exclude), ("run", Automations::Run)], issues)
        .unwrap_or(Automations::Exclude);
    // Only adding exists; a mode that would remove people must never be taken for it.
    root.word("mode", &[("add", ())], issues);
    let max_rejected_percent = root.percent("maxRejectedPercent", issues);
    let mapping = match root.get("mapping") {
        Some(value) => mapping::read(value, account, issues),
        None => {
            root.missing("mapping", issues);
            None
        }
    };
    Some(Plan {
        name,
        host,
        list: list?,
        source,
        blank_words,
        mapping: mapping?,
        automations,
        max_rejected_percent,
        resolved: account.is_some(),
        definition: 0,
    })
}

/// Settings that change nothing of what is sent: a run goes on when they were changed.
const SILENT: [&str; 3] = ["name", "$schema", "maxRejectedPercent"];

fn number_of(settings: &json::Value, plan: &Plan) -> u64 {
    let mut bytes = Vec::new();
    for (key, value) in settings.members().into_iter().filter(|(key, _)| !SILENT.contains(key)) {
        write_text(key, &mut bytes);
        write_value(value, &mut bytes);
    }
    bytes.extend(plan.mapping.fields.iter().flat_map(|field| field.id.to_le_bytes()));
    checkpoint::stands_for(&bytes)
}

/// The settings themselves, however they are spaced and in whatever order their keys stand. A number with a fraction is
/// no setting.
fn write_value(value: &json::Value, bytes: &mut Vec<u8>) {
    use json::Value::{Array, Bool, Null, Number, Object, String};
    match value {
        Null => bytes.push(b'n'),
        Bool(yes) => bytes.extend_from_slice(&[b'b', u8::from(*yes)]),
        Number(number) => {
            bytes.push(b'i');
            bytes.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
        }
        String(text) => write_text(text, bytes),
        Array(items) => {
            bytes.push(b'[');
            items.iter().for_each(|item| write_value(item, bytes));
            bytes.push(b']');
        }
        Object(_) => {
            bytes.push(b'{');
            for (key, value) in value.members() {
                write_text(key, bytes);
                write_value(value, bytes);
            }
            bytes.push(b'}');
        }
    }
}

fn write_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(b's');
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn read_version(root: &Section<'_>, issues: &mut Issues) {
    match root.get("version") {
        None => root.missing("version", issues),
        Some(version) if version.as_u64() == Some(1) => {}
        Some(_) => issues.add("version", "version", "`version` must be 1, the only version of definitions so far."),
    }
}

fn check_list(list: u64, account: &AccountSchema, issues: &mut Issues) {
    if account.lists.iter().any(|known| known.id == list) {
        return;
    }
    let names: Vec<String> = account.lists.iter().take(8).map(|list| format!("{} ({})", list.id, list.name)).collect();
    let there = match account.lists.len() {
        0 => "The account shows no list to this key.".to_owned(),
        count if count > names.len() => {
            format!("It has {count} lists, such as {}.", listed(&mut names.iter().map(String::as_str)))
        }
        _ => format!("It has {}.", listed(&mut names.iter().map(String::as_str))),
    };
    issues.add("list", "unknown_list", &format!("The account has no list {list}. {there}"));
}

fn read_source(root: &Section<'_>, issues: &mut Issues) -> (SourceOptions, Vec<String>) {
    let Some(value) = root.get("source") else {
        return (SourceOptions::default(), Vec::new());
    };
    let Some(section) = Section::open("source", value, &["format", "delimiter", "blank"], issues) else {
        return (SourceOptions::default(), Vec::new());
    };
    let formats = [("auto", Format::Auto), ("csv", Format::Csv), ("ndjson", Format::Ndjson)];
    let format = section.word("format", &formats, issues).unwrap_or_default();
    let delimiter = match section.get("delimiter") {
        None => None,
        // A tab is blank to `text`, so the delimiter is read as it stands.
        Some(json::Value::String(text)) if [",", ";", "\t", "|"].contains(&text.as_str()) => text.bytes().next(),
        Some(_) => {
            let message = "`source.delimiter` must be one of \",\" \";\" \"\\t\" \"|\".";
            issues.add("source.delimiter", "unknown_word", message);
            None
        }
    };
    (SourceOptions { format, delimiter }, section.texts("blank", issues))
}

//! The account on the other side: its hostname, and what it holds as far as a mapping needs it.

use crate::json::{self, Json, Value, Writer};
use crate::text::{find, find_any, split};

/// Domains under which accounts live, by what the documentation and published clients show
/// (<https://developers.activecampaign.com/reference/url>). Any other host needs `allowed_hosts`.
const ACCOUNT_DOMAINS: [&str; 2] = [".api-us1.com", ".activehosted.com"];

/// The bare hostname of an account, proven to be safe to send a key to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hostname(String);

/// Why a text is not the hostname of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostnameError {
    /// What is wrong, in plain words.
    pub reason: String,
    /// The hostname that was probably meant, where there is one.
    pub corrected: Option<String>,
}

impl Hostname {
    /// Reads a bare hostname. Any host beyond an account's own domains must stand in `allowed`.
    ///
    /// # Errors
    /// The reason, and the corrected form where there is one. A pasted URL is refused so that the person
    /// sees which host will get the key.
    pub fn parse(text: &str, allowed: &[String]) -> Result<Self, HostnameError> {
        match shape_problem(text) {
            None if is_known(text, allowed) => Ok(Self(text.to_owned())),
            None => Err(HostnameError { reason: unknown_reason(text), corrected: corrected(text, allowed) }),
            Some(reason) => Err(HostnameError { reason, corrected: corrected(text, allowed) }),
        }
    }

    /// The hostname.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_known(host: &str, allowed: &[String]) -> bool {
    if allowed.iter().any(|one| one == host) {
        return true;
    }
    ACCOUNT_DOMAINS.iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|label| !label.is_empty() && find_any(label, b".").is_none())
    })
}

/// What is wrong with the form of a hostname, first things first; `None` when the form is right.
fn shape_problem(text: &str) -> Option<String> {
    let says = |reason: &str| Some(reason.to_owned());
    if text.is_empty() {
        return says("The hostname is empty.");
    }
    if text.len() > 253 {
        return says("The hostname is longer than 253 characters.");
    }
    if find(text.as_bytes(), b"://").is_some() {
        return says("The hostname must not have a scheme such as https://.");
    }
    if find_any(text, b"@").is_some() {
        return says("The hostname must not have a user name or password before an @.");
    }
    if find_any(text, b"/\\?#").is_some() {
        return says("The hostname must not have a path.");
    }
    if text.starts_with('[') || text.bytes().filter(|byte| *byte == b':').count() > 1 {
        return says("The hostname must be a name, not an IP address.");
    }
    if find_any(text, b":").is_some() {
        return says("The hostname must not have a port.");
    }
    if !text.is_ascii() {
        return says("The hostname must be in plain ASCII letters.");
    }
    if text.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()) {
        return says("The hostname must not have spaces or line breaks.");
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return says("The hostname must be in lower case.");
    }
    if text.ends_with('.') {
        return says("The hostname must not end with a dot.");
    }
    if looks_like_ip(text) {
        return says("The hostname must be a name, not an IP address.");
    }
    let label_is_wrong = |label: &[u8]| {
        label.is_empty()
            || label.len() > 63
            || label.first() == Some(&b'-')
            || label.last() == Some(&b'-')
            || !label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    if split(text.as_bytes(), b".").any(label_is_wrong) {
        return says("The hostname has a part that is empty, too long or holds a character other than a-z, 0-9 and -.");
    }
    if split(text.as_bytes(), b".").any(|label| label.starts_with(b"xn--")) {
        return says("The hostname must not have an internationalized part (xn--).");
    }
    None
}

/// Numbers in any of the forms that a URL parser takes for an IPv4 address: `127.1`, `0x7f.1`, `2130706433`.
fn looks_like_ip(text: &str) -> bool {
    text.as_bytes().rsplit(|byte| *byte == b'.').next().is_some_and(|last| {
        let hex = last.strip_prefix(b"0x").is_some_and(|rest| rest.iter().all(u8::is_ascii_hexdigit));
        hex || (!last.is_empty() && last.iter().all(u8::is_ascii_digit))
    })
}

fn unknown_reason(host: &str) -> String {
    if ACCOUNT_DOMAINS.iter().any(|domain| host.ends_with(domain) || *domain == format!(".{host}")) {
        return "The hostname must be the account's name followed by .api-us1.com or .activehosted.com.".to_owned();
    }
    "The host is not known as ActiveCampaign's. Copy the host of the API URL from Settings > Developer; \
     any other host must be allowed explicitly (allowedHosts)."
        .to_owned()
}

/// The hostname inside a pasted URL or a badly written name, if what remains is a known host.
fn corrected(text: &str, allowed: &[String]) -> Option<String> {
    let trimmed = text.trim().to_ascii_lowercase();
    let after_scheme = find(trimmed.as_bytes(), b"://").and_then(|at| trimmed.get(at + 3..));
    let rest = after_scheme.unwrap_or(trimmed.as_str());
    // Whatever stands before an @ is not the host; guessing there is what attackers hope for.
    if find_any(rest, b"@\\").is_some() {
        return None;
    }
    let host = rest.get(..find_any(rest, b"/?#:").unwrap_or(rest.len()))?;
    let host = host.strip_suffix('.').unwrap_or(host);
    (host != text && shape_problem(host).is_none() && is_known(host, allowed)).then(|| host.to_owned())
}

/// What an account holds, as far as a mapping needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountSchema {
    /// All lists.
    pub lists: Vec<List>,
    /// All custom fields.
    pub fields: Vec<Field>,
    /// All tags, or none when they were not read.
    pub tags: Vec<Tag>,
}

impl AccountSchema {
    /// Reads a schema from JSON as `describeAccount` gives it.
    ///
    /// # Errors
    /// Where it is not as expected.
    pub fn from_json(text: &[u8]) -> Result<Self, String> {
        let value = json::read(text).map_err(|_| "it is not JSON".to_owned())?;
        let list = |key: &str| match value.get(key) {
            None => Ok([].as_slice()),
            Some(Value::Array(items)) => Ok(items.as_slice()),
            Some(_) => Err(format!("`{key}` is not a list")),
        };
        let id = |key: &str, item: &Value| {
            let id = item.get("id");
            let number = id.and_then(Value::as_u64).or_else(|| id?.as_str()?.parse().ok());
            number.ok_or_else(|| format!("an item of `{key}` has no whole number as its `id`"))
        };
        if !matches!(value, Value::Object(_)) {
            return Err("it is not an object".to_owned());
        }
        let mut schema = Self::default();
        for item in list("lists")? {
            let active_subscribers = item.get("activeSubscribers").and_then(Value::as_u64);
            schema.lists.push(List { id: id("lists", item)?, name: item.text("name").to_owned(), active_subscribers });
        }
        for item in list("fields")? {
            schema.fields.push(Field {
                id: id("fields", item)?,
                title: item.text("title").to_owned(),
                perstag: item.text("perstag").to_owned(),
                kind: FieldKind::from_name(item.text("type")),
                options: item.list("options").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            });
        }
        for item in list("tags")? {
            schema.tags.push(Tag { id: id("tags", item)?, name: item.text("name").to_owned() });
        }
        Ok(schema)
    }

    /// Writes the members of its object.
    pub(crate) fn members(&self, json: &mut Writer) {
        json.member("lists", &self.lists);
        json.member("fields", &self.fields);
        json.member("tags", &self.tags);
    }
}

impl Json for AccountSchema {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| self.members(json));
    }
}

/// A list of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The list's id.
    pub id: u64,
    /// The list's name.
    pub name: String,
    /// Active subscribers, where the account tells.
    pub active_subscribers: Option<u64>,
}

impl Json for List {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("id", &self.id);
            json.member("name", &self.name);
            json.optional("activeSubscribers", &self.active_subscribers);
        });
    }
}

/// A custom field of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's id.
    pub id: u64,
    /// The field's title.
    pub title: String,
    /// The personalization tag, without percent signs.
    pub perstag: String,
    /// The type.
    pub kind: FieldKind,
    /// The values that may be chosen, for fields of choice.
    pub options: Vec<String>,
}

impl Json for Field {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("id", &self.id);
            json.member("title", &self.title);
            json.member("perstag", &self.perstag);
            json.member("type", &self.kind.name());
            json.member("options", &self.options);
        });
    }
}

/// A tag of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The tag's id.
    pub id: u64,
    /// The tag's name.
    pub name: String,
}

impl Json for Tag {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("id", &self.id);
            json.member("name", &self.name);
        });
    }
}

/// The type of a custom field, by ActiveCampaign's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text; also old fields without a type, and types this package does not know.
    #[default]
    Text,
    /// Several lines of text.
    Textarea,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A moment, ISO 8601.
    Datetime,
    /// One of several options.
    Dropdown,
    /// One of several options.
    Radio,
    /// Any of several options.
    Checkbox,
    /// Any of several options.
    Listbox,
    /// Text that forms do not show.
    Hidden,
    /// A number.
    Number,
}

impl FieldKind {
    /// Every type but plain text.
    const NAMED: [Self; 9] = [
        Self::Textarea,
        Self::Date,
        Self::Datetime,
        Self::Dropdown,
        Self::Radio,
        Self::Checkbox,
        Self::Listbox,
        Self::Hidden,
        Self::Number,
    ];

    /// Reads ActiveCampaign's name of a type. Unknown, empty and absent types are text (docs: old fields have none).
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::NAMED.into_iter().find(|kind| kind.name() == name).unwrap_or_default()
    }

    /// ActiveCampaign's name of the type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Textarea => "textarea",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Dropdown => "dropdown",
            Self::Radio => "radio",
            Self::Checkbox => "checkbox",
            Self::Listbox => "listbox",
            Self::Hidden => "hidden",
            Self::Number => "number",
        }
    }

    /// Whether a value may name several options.
    #[must_use]
    pub const fn takes_several(self) -> bool {
        matches!(self, Self::Checkbox | Self::Listbox)
    }
}

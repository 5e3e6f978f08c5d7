//! What a connection must be before it is saved.

use crate::connection::Hostname;
use crate::error::Issue;
use crate::json::{self, Value};

/// Longest display name, in characters; what fits a line of a list.
const MAX_NAME_CHARS: usize = 100;

/// Which text the consent is given to. A new text is a new version, and whoever agreed to an old one is on record with it.
pub const PRIVACY_VERSION: &str = "1";

/// What an administrator agrees to, in the sense of the original page: data leaves, by her instruction and under her
/// responsibility, and only with the consent of those it is about.
pub const PRIVACY_STATEMENT: &str = "By connecting, you let this service send data to ActiveCampaign, outside the boundary \
within which it is kept now, including data that may be sensitive, such as personal data. It is sent on your instruction. \
You are responsible for having obtained consent to use any data, and for ActiveCampaign meeting any privacy or security \
obligations you may have. An administrator can remove this connection at any time and with that stop the transfer.";

/// All issues of a connection's settings: `name`, `host`, `sharing` and `consent`. `allowed` are hosts beyond an
/// account's own domains. Who may be named is the host's to know.
#[must_use]
pub fn check(settings: &[u8], allowed: &[String]) -> Vec<Issue> {
    let Ok(settings) = json::read(settings) else {
        return vec![Issue::new("", "not_json", "The connection is not valid JSON.")];
    };
    let mut issues = Vec::new();
    let name = settings.text("name").trim();
    if name.is_empty() {
        let message = "The connection needs a name that tells its purpose and its target.";
        issues.push(Issue::new("name", "missing", message));
    } else if name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        issues.push(Issue::new("name", "not_a_name", "The name has more than 100 characters, or a line break."));
    }
    if let Err(error) = Hostname::parse(settings.text("host"), allowed) {
        issues.push(Issue::new("host", "hostname", &error.reason).suggesting(error.corrected));
    }
    check_sharing(settings.get("sharing"), &mut issues);
    check_consent(settings.get("consent"), &mut issues);
    issues
}

fn check_sharing(sharing: Option<&Value>, issues: &mut Vec<Issue>) {
    let Some(sharing) = sharing else { return };
    match sharing.text("with") {
        "administrators" | "contributors" if sharing.list("users").is_empty() => {}
        "users" if !sharing.list("users").is_empty() => {}
        "users" => issues.push(Issue::new(
            "sharing.users",
            "missing",
            "Name at least one user, or share with administrators only.",
        )),
        "administrators" | "contributors" => {
            issues.push(Issue::new("sharing.users", "unknown_key", "Users are named only where `with` is \"users\"."));
        }
        _ => {
            let message = "`sharing.with` must be one of \"administrators\", \"contributors\", \"users\".";
            issues.push(Issue::new("sharing.with", "unknown_word", message));
        }
    }
}

fn check_consent(consent: Option<&Value>, issues: &mut Vec<Issue>) {
    let agreed = consent.and_then(|consent| consent.get("agreed")) == Some(&Value::Bool(true));
    let version = consent.map_or("", |consent| consent.text("version"));
    if !agreed {
        let message = "Nothing is saved until you agree to the statement on data privacy and compliance.";
        issues.push(Issue::new("consent.agreed", "consent", message));
    } else if version != PRIVACY_VERSION {
        let message = "This is not the statement that is in force. Read the current one, and agree to it.";
        issues.push(
            Issue::new("consent.version", "consent_version", message).suggesting(Some(PRIVACY_VERSION.to_owned())),
        );
    }
}

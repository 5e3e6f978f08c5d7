//! A mapping guessed from the names of the columns.

use crate::connection::AccountSchema;
use crate::json::{Json, Writer};
use crate::plan::loose;

/// One guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// `email`, `firstName`, `lastName`, `phone`, `id`, `consent`, or `fields` for a custom field.
    pub target: &'static str,
    /// The custom field's title.
    pub field: Option<String>,
    /// The source's column.
    pub column: String,
    /// From 0 to 100: 100 is the usual name itself, lower is a name that is used for it less often.
    pub confidence_percent: u8,
    /// Whether the column points the other way round, such as "do not e-mail".
    pub negated: bool,
}

impl Json for Suggestion {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("target", &self.target);
            json.optional("field", &self.field);
            json.member("column", &self.column);
            json.member("confidencePercent", &u64::from(self.confidence_percent));
            if self.negated {
                json.member("negated", &true);
            }
        });
    }
}

/// Names in order of preference, compared without case, blanks, `_`, `-` and the prefix `msdynci_`
/// (columns that Customer Insights and Dataverse write).
const TARGETS: [(&str, &[&str]); 5] = [
    ("id", &["customerid", "contactid", "id", "alternatekey"]),
    ("email", &["email", "emailaddress1", "emailaddress", "mail", "eposta", "emailaddress2", "emailaddress3"]),
    ("firstName", &["firstname", "givenname", "forename", "first"]),
    ("lastName", &["lastname", "surname", "familyname", "last"]),
    ("phone", &["phone", "mobilephone", "telephone1", "telephone", "phonenumber", "mobile"]),
];

const CONSENT: [&str; 6] = ["consent", "emailsubscriber", "newsletterconsent", "emailconsent", "optin", "subscribed"];
const REFUSAL: [&str; 6] = ["donotbulkemail", "donotemail", "donotcontact", "optout", "unsubscribed", "emailoptout"];

/// Guesses what each column is. Guesses are for a person to confirm: a saved mapping names exact columns.
#[must_use]
pub fn suggest(columns: &[String], account: Option<&AccountSchema>) -> Vec<Suggestion> {
    let keys: Vec<String> = columns.iter().map(|column| key(column)).collect();
    let mut taken = vec![false; columns.len()];
    let mut suggestions = Vec::new();
    let mut claim = |target: &'static str, names: &[&str], negated: bool| {
        for (rank, name) in names.iter().enumerate() {
            let found =
                keys.iter().zip(taken.iter_mut()).zip(columns).find(|((key, taken), _)| key == name && !**taken);
            if let Some(((_, taken), column)) = found {
                *taken = true;
                let rank = u8::try_from(rank).unwrap_or(9);
                suggestions.push(Suggestion {
                    target,
                    field: None,
                    column: column.clone(),
                    confidence_percent: if rank == 0 { 100 } else { 90 - 8 * rank.min(9) },
                    negated,
                });
                return true;
            }
        }
        false
    };
    for (target, names) in TARGETS {
        claim(target, names, false);
    }
    // A column that states a refusal is the stronger sign: most profiles carry it for a reason.
    if !claim("consent", &REFUSAL, true) {
        claim("consent", &CONSENT, false);
    }
    if let Some(account) = account {
        for field in &account.fields {
            let wanted = [loose(&field.title), loose(&field.perstag)];
            let found = keys.iter().zip(taken.iter_mut()).zip(columns).find(|((key, taken), _)| {
                !**taken && !key.is_empty() && wanted.iter().any(|name| usual(name) == usual(key))
            });
            if let Some(((_, taken), column)) = found {
                *taken = true;
                suggestions.push(Suggestion {
                    target: "fields",
                    field: Some(field.title.clone()),
                    column: column.clone(),
                    confidence_percent: 90,
                    negated: false,
                });
            }
        }
    }
    suggestions
}

/// One name of custom fields that go by several.
fn usual(name: &str) -> &str {
    match name {
        "dateofbirth" | "birthdate" | "dob" => "birthday",
        "zipcode" | "postcode" | "postalcode" => "zip",
        _ => name,
    }
}

/// A column's name as it is compared.
fn key(column: &str) -> String {
    let name = column.trim();
    let lower = name.to_ascii_lowercase();
    let bare = lower.strip_prefix("msdynci_").unwrap_or(&lower);
    loose(bare)
}

//! Why a profile was not delivered: one rule each, with a reason and a remedy in plain words.

use crate::checkpoint::Tape;
use crate::json::{Json, Writer};
use crate::profile::Position;
use crate::text::parts;

macro_rules! rules {
    ($($variant:ident $code:literal $reason:literal $remedy:literal)*) => {
        /// The rule that a profile broke. The codes are stable; the texts may be improved.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Rule { $(#[doc = $reason] $variant),* }

        impl Rule {
            /// All rules, in the order of the documentation.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Rule::$variant => $code),* }
            }

            /// What was wrong, in plain words.
            #[must_use]
            pub const fn reason(self) -> &'static str {
                match self { $(Rule::$variant => $reason),* }
            }

            /// What the person who owns the data can do.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Rule::$variant => $remedy),* }
            }
        }
    };
}

rules! {
    // The record could not be read.
    QuoteUnclosed "quote_unclosed" "A quoted value is never closed." "Close the quote, or double quotes that belong to the value."
    QuoteMisplaced "quote_misplaced" "Text follows a closing quote." "Double quotes that belong to the value."
    TooFewCells "too_few_cells" "The row has fewer cells than the header." "Add the missing cells, or quote a value that holds a line break."
    TooManyCells "too_many_cells" "The row has more cells than the header." "Quote values that hold the delimiter."
    InvalidUtf8 "invalid_utf8" "The record is not valid UTF-8." "Save the file as UTF-8."
    RecordTooLong "record_too_long" "The record is longer than 1 MiB." "Shorten it; look for a quote that is never closed."
    InvalidJson "invalid_json" "The line is not valid JSON." "Write one JSON object a line."
    NotAnObject "not_an_object" "The line is JSON, but not an object." "Write one JSON object a line."
    JsonTooDeep "json_too_deep" "The JSON is nested more than 32 deep." "Flatten the object."
    // A mapped value cannot be used.
    ValueTooLong "value_too_long" "A mapped value is longer than 64 KiB." "Shorten the value or leave the column out."
    ValueNested "value_nested" "A mapped value is an object or an array." "Map a plain value."
    ValueSurrogate "value_surrogate" "A mapped value holds half of a surrogate pair." "Write the text as valid Unicode."
    ValueControl "value_control" "A mapped value holds a NUL character." "Remove the character."
    TooManyTags "too_many_tags" "The profile has more than 100 tags." "Map fewer tags."
    // The address.
    EmailMissing "email_missing" "There is no e-mail address." "Fill the address, or leave the profile out of the segment."
    EmailSeveral "email_several" "The cell holds more than one address." "Keep one address a profile."
    EmailDisplayName "email_display_name" "The address has a display name or angle brackets." "Keep the bare address."
    EmailMailto "email_mailto" "The address begins with mailto:." "Keep the bare address."
    EmailNoAt "email_no_at" "The address has no @, or more than one." "Correct the address."
    EmailTooLong "email_too_long" "The address is longer than the standard allows (64 before the @, 254 in all)." "Correct the address."
    EmailNotAscii "email_not_ascii" "The address holds letters outside ASCII." "Ask for an address in plain letters."
    EmailCharacter "email_character" "The address holds a character that ActiveCampaign does not accept." "Correct the address."
    EmailApostrophe "email_apostrophe" "The address holds an apostrophe; ActiveCampaign's documentation shows such addresses failing." "Ask for another address, or add the contact by hand."
    EmailDots "email_dots" "The part before the @ begins or ends with a dot, or has two in a row." "Correct the address."
    EmailDomain "email_domain" "The domain is not a valid name with a dot and an ending of two or more letters." "Correct the address."
    // The whole run.
    Duplicate "duplicate" "An earlier profile has the same address; the first one wins." "Merge the profiles, or leave it: the contact is delivered once."
    ContactTooLarge "contact_too_large" "The contact alone is larger than one request may be (399,999 bytes)." "Map fewer or shorter values."
    // What the account said.
    RefusedByAccount "refused_by_account" "ActiveCampaign refused the contact." "Correct the value that it names."
    FailedInImport "failed_in_import" "ActiveCampaign's import lists the address as failed, without a reason: usually it is excluded, bounced, or unsubscribed from this list." "Look the contact up in the account; a person who opted out must subscribe again in person."
}

/// How many profiles broke each rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleCounts([u64; Rule::ALL.len()]);

impl Default for RuleCounts {
    fn default() -> Self {
        Self([0; Rule::ALL.len()])
    }
}

impl RuleCounts {
    /// Counts one more.
    pub fn add(&mut self, rule: Rule) {
        if let Some(count) = self.0.get_mut(rule as usize) {
            *count += 1;
        }
    }

    /// Adds other counts to these.
    pub fn add_all(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Rules are only ever added at the end of a version's list: an older checkpoint has fewer counts.
    pub(crate) fn fields(&mut self, tape: &mut Tape<'_>) -> Option<()> {
        let mut counts = self.0.to_vec();
        tape.list(&mut counts, self.0.len(), Tape::count)?;
        self.0.iter_mut().zip(counts).for_each(|(own, read)| *own = read);
        Some(())
    }

    /// How many broke a rule.
    #[must_use]
    pub fn get(&self, rule: Rule) -> u64 {
        self.0.get(rule as usize).copied().unwrap_or(0)
    }

    /// The rules that were broken, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (Rule, u64)> {
        Rule::ALL.iter().copied().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

impl Json for RuleCounts {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| self.iter().for_each(|(rule, count)| json.member(rule.code(), &count)));
    }
}

/// One profile that will not be delivered, or a duplicate of one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Where the profile stands.
    pub position: Position,
    /// The profile's id in the source, when the mapping names a column for it.
    pub source_id: Option<String>,
    /// The column that broke the rule, where one did.
    pub column: Option<String>,
    /// The rule.
    pub rule: Rule,
    /// The reason in plain words; from the account's answer where it gave one.
    pub reason: String,
    /// The offending value, masked unless the run reveals values; absent where none helps.
    pub value: Option<String>,
}

impl Json for Rejection {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("row", &self.position.row);
            json.member("line", &self.position.line);
            json.member("offset", &self.position.offset);
            json.optional("sourceId", &self.source_id);
            json.optional("column", &self.column);
            json.member("rule", &self.rule.code());
            json.member("reason", &self.reason);
            json.optional("value", &self.value);
        });
    }
}

/// The most characters shown of a value.
pub const SHOWN: usize = 200;

/// A value as a report shows it: hidden but for its first letters, or whole (cut to a line's length).
///
/// `ada.lovelace@example.com` becomes `a***@e***`: enough to recognize a kind of mistake, not a person.
#[must_use]
pub fn shown(value: &[u8], reveal: bool) -> Option<String> {
    // What is no text is not shown.
    let text = core::str::from_utf8(value).unwrap_or_default().trim();
    if text.is_empty() {
        return None;
    }
    if reveal {
        return Some(text.chars().take(SHOWN).collect());
    }
    let mut hidden = String::new();
    for part in parts(text, b"@").take(3) {
        if !hidden.is_empty() {
            hidden.push('@');
        }
        hidden.extend(part.chars().take(1));
        hidden.push_str("***");
    }
    Some(hidden)
}

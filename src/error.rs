//! What can go wrong with a run as a whole: who must act, where, and whether trying again helps.
//! A bad profile is never an error; see [`crate::rejection`].

use crate::json::{Json, Writer};

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Whoever edits the export's definition.
    Settings,
    /// Whoever owns the account's key.
    Credentials,
    /// Whoever owns the profiles.
    Source,
    /// ActiveCampaign, or whoever owns the account there.
    Remote,
    /// Whoever keeps the run's stored state.
    Checkpoint,
    /// The developer who calls this package.
    Misuse,
}

impl Category {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Credentials => "credentials",
            Self::Source => "source",
            Self::Remote => "remote",
            Self::Checkpoint => "checkpoint",
            Self::Misuse => "misuse",
        }
    }
}

/// One thing wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Where, as a path into the definition: `mapping.fields[1].column`; empty for the whole.
    pub path: String,
    /// A stable code.
    pub code: &'static str,
    /// What is wrong and what to do, in plain words.
    pub message: String,
    /// What was probably meant, where that can be told.
    pub suggestion: Option<String>,
}

impl Issue {
    /// An issue without a suggestion.
    #[must_use]
    pub fn new(path: &str, code: &'static str, message: &str) -> Self {
        Self { path: path.to_owned(), code, message: message.to_owned(), suggestion: None }
    }

    /// The same issue with what was probably meant.
    #[must_use]
    pub fn suggesting(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

impl Json for Issue {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("path", &self.path);
            json.member("code", &self.code);
            json.member("message", &self.message);
            json.optional("suggestion", &self.suggestion);
        });
    }
}

/// Why a run cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// A stable code.
    pub code: &'static str,
    /// Who must act.
    pub category: Category,
    /// What happened, in plain words; never a key, never a person's data.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// Whether the same run may succeed later without any change.
    pub retry_helps: bool,
    /// The issues, when the settings are at fault.
    pub issues: Vec<Issue>,
}

impl Stop {
    /// A stop for which somebody must act first.
    #[must_use]
    #[inline(never)]
    pub fn new(code: &'static str, category: Category, message: &str, remedy: &str) -> Self {
        let (message, remedy) = (message.to_owned(), remedy.to_owned());
        Self { code, category, message, remedy, retry_helps: false, issues: Vec::new() }
    }

    /// A stop after which the same run may succeed later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retry_helps = true;
        self
    }

    /// A stop because of the settings, with all their issues.
    #[must_use]
    pub fn settings(issues: Vec<Issue>) -> Self {
        let first = issues.first().map_or_else(String::new, |issue| issue.message.clone());
        let message = match issues.len() {
            0 | 1 => first,
            many => format!("{many} settings are wrong. The first: {first}"),
        };
        let mut stop = Self::new("settings", Category::Settings, &message, "Correct the definition; nothing was sent.");
        stop.issues = issues;
        stop
    }
}

impl Json for Stop {
    fn write(&self, json: &mut Writer) {
        json.object(&|json| {
            json.member("code", &self.code);
            json.member("category", &self.category.name());
            json.member("message", &self.message);
            json.member("remedy", &self.remedy);
            json.member("retryHelps", &self.retry_helps);
            if !self.issues.is_empty() {
                json.member("issues", &self.issues);
            }
        });
    }
}

/// The order of calls was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// An input came before `poll_output` was drained to `Wait` or `Finish`.
    Undrained,
    /// An input came after `Finish`.
    Finished,
    /// An answer came for a request that is not open.
    UnknownRequest,
    /// Bytes came after the end of the source.
    SourceEnded,
    /// An answer came for a state that was not handed out, or was answered before.
    UnknownStore,
}

impl core::fmt::Display for Misuse {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Undrained => "poll_output must be drained to Wait or Finish before the next input",
            Self::Finished => "the run has finished",
            Self::UnknownRequest => "no open request has this id",
            Self::SourceEnded => "the source has ended",
            Self::UnknownStore => "no state with this number is being stored",
        })
    }
}

impl core::error::Error for Misuse {}

//! A column that must say yes.

use crate::profile::Profile;
use crate::text::{ShortText, Text};

/// A column, and what it may say.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    column: usize,
    words: Vec<Word>,
    /// Whether the words are compared without regard to case.
    any_case: bool,
}

impl Gate {
    /// A gate that opens for some values exactly or, when there are none, for the usual words for yes; for those
    /// for no where it is negated.
    pub(super) fn new(column: usize, values: &[String], negated: bool) -> Self {
        let usual: &[&str] = if negated { &["false", "no", "n", "0", "off"] } else { &["true", "yes", "y", "1", "on"] };
        let any_case = values.is_empty();
        let words = if any_case {
            usual.iter().map(|word| Word::new(word)).collect()
        } else {
            values.iter().map(|value| Word::new(value)).collect()
        };
        Self { column, words, any_case }
    }

    /// Whether the column says yes. A blank is neither consent nor refusal, so it does not open.
    #[inline(never)]
    pub(super) fn opens(&self, profile: &Profile<'_>) -> bool {
        let text = profile.text_in_room(self.column).unwrap_or_default().trimmed();
        if self.any_case {
            return self.words.iter().any(|word| word.text.eq_ignore_ascii_case(text.bytes()));
        }
        self.words.iter().any(|word| word.is(text))
    }
}

/// A text that others are compared with.
#[derive(Clone, Debug)]
struct Word {
    text: Vec<u8>,
    /// The same, where it fits a block.
    short: Option<ShortText>,
}

impl Word {
    fn new(text: &str) -> Self {
        Self { text: text.as_bytes().to_vec(), short: ShortText::new(text.as_bytes()) }
    }

    #[inline(always)]
    fn is(&self, text: Text<'_>) -> bool {
        text.len() == self.text.len()
            && match (self.short, text.block()) {
                (Some(short), Some(block)) => short.begins(block),
                _ => text.bytes() == self.text,
            }
    }
}

//! A column that must say yes.

use crate::masks::SHORT;
use crate::profile::Profile;
use crate::text::Text;

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
            usual.iter().map(|word| Word::new(word.as_bytes())).collect()
        } else {
            values.iter().map(|value| Word::new(value.as_bytes())).collect()
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

/// A text that others are compared with: in one go where it fits a block.
#[derive(Clone, Debug)]
struct Word {
    text: Vec<u8>,
    block: u128,
    mask: u128,
}

impl Word {
    fn new(text: &[u8]) -> Self {
        let mut block = [0; SHORT];
        for (target, byte) in block.iter_mut().zip(text) {
            *target = *byte;
        }
        let unused = 8 * SHORT.saturating_sub(text.len()) as u32;
        let mask = u128::MAX.checked_shr(unused).unwrap_or(0);
        Self { text: text.to_vec(), block: u128::from_le_bytes(block), mask }
    }

    #[inline(always)]
    fn is(&self, text: Text<'_>) -> bool {
        if text.len() != self.text.len() {
            return false;
        }
        match text.block() {
            Some(block) => (u128::from_le_bytes(*block) ^ self.block) & self.mask == 0,
            None => text.bytes() == self.text,
        }
    }
}

//! A contact: a profile as ActiveCampaign's bulk importer takes it, already written as JSON.

use core::ops::Range;

/// A contact that was just written to the end of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its bytes in the body.
    pub json: Range<usize>,
    /// The bytes of its address in the body: trimmed, lower case, free of characters that JSON escapes.
    pub email: Range<usize>,
}

/// A value that was left out of a contact, which went out all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Omission {
    /// Not a phone one can dial: an extension, too few or too many digits, letters.
    PhoneUnusable,
    /// A day such as 8/1/1974 while the mapping does not say which part is the month.
    DateOrderUnknown,
    /// Not a day or a moment that exists.
    DateInvalid,
    /// Not a number.
    NumberInvalid,
    /// Not one of the field's options.
    OptionUnknown,
}

impl Omission {
    /// All of them; checkpoints know them by their places, so new ones come last.
    pub const ALL: [Self; 5] =
        [Self::PhoneUnusable, Self::DateOrderUnknown, Self::DateInvalid, Self::NumberInvalid, Self::OptionUnknown];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PhoneUnusable => "phone_unusable",
            Self::DateOrderUnknown => "date_order_unknown",
            Self::DateInvalid => "date_invalid",
            Self::NumberInvalid => "number_invalid",
            Self::OptionUnknown => "option_unknown",
        }
    }

    /// What it means and what to do, in plain words.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::PhoneUnusable => {
                "not a phone number that can be dialled (an extension, letters, too few or too many digits)"
            }
            Self::DateOrderUnknown => {
                "a date in an order that the mapping does not state; add \"dateOrder\": \"mdy\" or \"dmy\""
            }
            Self::DateInvalid => "not a date that exists",
            Self::NumberInvalid => "not a number",
            Self::OptionUnknown => "not one of the field's options in the account",
        }
    }
}

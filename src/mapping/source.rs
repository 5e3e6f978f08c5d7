//! Where a value comes from, by column index.

use super::{Broken, is_blank};
use crate::limits::MAX_VALUE_BYTES;
use crate::profile::{CellKind, Profile};
use crate::rejection::Rule;
use crate::text::Text;

/// A column, or a template over some.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Column(usize),
    Template(Vec<Piece>),
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(Vec<u8>),
    Column(usize),
}

impl Source {
    /// The column, when there is just one.
    pub(super) fn column(&self) -> Option<usize> {
        match self {
            Self::Column(column) => Some(*column),
            Self::Template(_) => None,
        }
    }

    /// The value; a template's is blank when all its columns are.
    #[inline(always)]
    pub(super) fn read<'a>(
        &self,
        profile: &Profile<'a>,
        blank: &[Vec<u8>],
        joined: &'a mut Vec<u8>,
    ) -> Result<Text<'a>, Broken> {
        if let Self::Column(column) = self
            && let Some(text) = profile.text_in_room(*column)
        {
            return Ok(text);
        }
        self.read_unusual(profile, blank, joined)
    }

    #[inline(never)]
    fn read_unusual<'a>(
        &self,
        profile: &Profile<'a>,
        blank: &[Vec<u8>],
        joined: &'a mut Vec<u8>,
    ) -> Result<Text<'a>, Broken> {
        match self {
            Self::Column(column) => read_column(profile, *column),
            Self::Template(parts) => join(parts, profile, blank, joined),
        }
    }
}

fn join<'a>(
    parts: &[Piece],
    profile: &Profile<'a>,
    blank: &[Vec<u8>],
    joined: &'a mut Vec<u8>,
) -> Result<Text<'a>, Broken> {
    joined.clear();
    let mut filled = false;
    for part in parts {
        let bytes = match part {
            Piece::Text(text) => text.as_slice(),
            Piece::Column(column) => {
                let text = read_column(profile, *column)?.trimmed();
                if is_blank(blank, text) {
                    continue;
                }
                filled = true;
                text.bytes()
            }
        };
        // A template may name a long column a thousand times.
        if joined.len() + bytes.len() > MAX_VALUE_BYTES {
            return Err((Rule::ValueTooLong, None));
        }
        joined.extend_from_slice(bytes);
    }
    Ok(if filled { Text::from(joined.as_slice()) } else { Text::default() })
}

fn read_column<'a>(profile: &Profile<'a>, column: usize) -> Result<Text<'a>, Broken> {
    match profile.kind(column) {
        CellKind::Text | CellKind::Missing => Ok(profile.text_in_room(column).unwrap_or_default()),
        CellKind::Nested => Err((Rule::ValueNested, Some(column))),
        CellKind::LoneSurrogate => Err((Rule::ValueSurrogate, Some(column))),
    }
}

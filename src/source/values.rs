//! Objects that their host has taken apart: the values of some columns, one object after another, each value with a
//! unit separator behind it. One crossing into the core for hundreds of objects, and no JSON in between.

use super::buffer::Buffer;
use crate::masks::{BLOCK, first, marked};
use crate::profile::{Cell, CellKind};

/// What stands behind each value: U+001F, which no value may hold.
pub const VALUE_SEPARATOR: u8 = 0x1f;

/// The reader of joined values. All places are those of the buffer.
#[derive(Debug)]
pub(super) struct Values {
    /// The columns whose values come, in the order in which they come.
    columns: Vec<usize>,
    /// One for each column of the source; those whose values do not come stay missing.
    cells: Vec<Cell>,
    /// Objects that were fed and not yet given.
    rows: usize,
    /// First byte of the next value.
    from: usize,
    /// First byte of the block that `marks` are of, and its separators that are not yet dealt with.
    at: usize,
    marks: u64,
}

/// Whether a text has that many values and is UTF-8.
pub(super) fn holds(text: &[u8], values: usize) -> bool {
    let (blocks, rest) = text.as_chunks();
    let in_blocks: usize = blocks.iter().map(|block| marked(block, VALUE_SEPARATOR).count_ones() as usize).sum();
    let separators = in_blocks + rest.iter().filter(|byte| **byte == VALUE_SEPARATOR).count();
    let ends = text.last().is_none_or(|byte| *byte == VALUE_SEPARATOR);
    separators == values && ends && core::str::from_utf8(text).is_ok()
}

impl Values {
    /// A reader of values of these columns, in a source of which there are `all`.
    pub(super) fn new(columns: &[usize], all: usize) -> Self {
        let columns = columns.to_vec();
        Self { columns, cells: vec![Cell::default(); all], rows: 0, from: 0, at: 0, marks: 0 }
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Whether all objects that were fed have been given.
    pub(super) fn is_done(&self) -> bool {
        self.rows == 0
    }

    /// Begins with the first of `rows` objects, which are what the buffer holds.
    pub(super) fn begin(&mut self, buffer: &Buffer, rows: usize) {
        self.rows = rows;
        self.from = buffer.start;
        self.at = buffer.start;
        self.marks = block_marks(buffer, self.at);
    }

    /// Finds the cells of the next object.
    pub(super) fn step(&mut self, buffer: &mut Buffer) {
        for column in &self.columns {
            while self.marks == 0 && self.at < buffer.filled {
                self.at += BLOCK;
                self.marks = block_marks(buffer, self.at);
            }
            let end = (self.at + self.marks.trailing_zeros() as usize).min(buffer.filled);
            self.marks &= self.marks.wrapping_sub(1);
            if let Some(cell) = self.cells.get_mut(*column) {
                *cell = Cell { start: self.from, end, kind: CellKind::Text };
            }
            self.from = end + 1;
        }
        self.rows = self.rows.saturating_sub(1);
        buffer.start = self.from.min(buffer.filled);
    }
}

/// The separators of the block at `at`.
fn block_marks(buffer: &Buffer, at: usize) -> u64 {
    let block = buffer.bytes().get(at..).and_then(|bytes| bytes.first_chunk());
    block.map_or(0, |block| marked(block, VALUE_SEPARATOR)) & first(buffer.filled.saturating_sub(at))
}

//! The bytes that were fed and are not yet decoded.

use crate::text::Text;

/// Bytes kept behind the fed ones, so that a whole block can be loaded at any fed byte.
const PADDING: usize = 128;

/// A growing buffer whose decoded part is dropped at most once per feed.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    /// Always `PADDING` longer than `filled`.
    bytes: Vec<u8>,
    /// The first byte not yet decoded.
    pub(super) start: usize,
    /// One past the last byte that was fed.
    pub(super) filled: usize,
    /// Bytes of the source before the first one of the buffer.
    pub(super) base: u64,
    /// No more bytes will come.
    pub(super) finished: bool,
}

impl Buffer {
    /// A buffer for a source that is read from a byte within it.
    pub(super) fn from_offset(base: u64) -> Self {
        Self { base, ..Self::default() }
    }

    /// Makes room behind the fed bytes and answers by how much the kept bytes moved to the front.
    ///
    /// They move only when at least as many were decoded as must be moved: moving then costs no more than
    /// decoding did, however small the pieces are in which the source comes.
    pub(super) fn make_room(&mut self, length: usize) -> usize {
        let held = self.held();
        let mut shift = 0;
        if self.start > 0 && self.start >= held {
            self.bytes.copy_within(self.start..self.filled, 0);
            shift = self.start;
            self.base += shift as u64;
            self.start = 0;
            self.filled = held;
        }
        let wanted = self.filled + length + PADDING;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        shift
    }

    /// The room behind the fed bytes; it counts as fed, unless the source was finished.
    pub(super) fn take_room(&mut self, length: usize) -> &mut [u8] {
        let from = self.filled;
        if !self.finished {
            self.filled += length;
        }
        self.bytes.get_mut(from..from + length).unwrap_or_default()
    }

    /// Ends the source. The line end behind its last byte is not part of it; it stops every scan of a token.
    /// There must have been a `make_room` before.
    pub(super) fn finish(&mut self) {
        self.finished = true;
        if let Some(byte) = self.bytes.get_mut(self.filled) {
            *byte = b'\n';
        }
    }

    /// Bytes fed and not yet decoded.
    pub(super) fn held(&self) -> usize {
        self.filled - self.start
    }

    /// All bytes, with the padding.
    #[inline(always)]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All bytes, with the padding, to be rewritten where they were decoded.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The byte at `at`; zero where there is none.
    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// The bytes of a range; empty where it does not exist.
    #[inline(always)]
    pub(super) fn slice(&self, from: usize, to: usize) -> &[u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// The text of a range, with the bytes behind it.
    pub(super) fn text(&self, from: usize, to: usize) -> Text<'_> {
        Text::new(self.bytes.get(from..).unwrap_or_default(), to.saturating_sub(from))
    }

    /// Where a byte of the buffer stands in the source.
    #[inline(always)]
    pub(super) fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }
}

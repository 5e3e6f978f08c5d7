//! Writing in whole blocks into room that is there already: one check and a store or two for a piece of text,
//! whatever its length, instead of a library copy, whose call alone costs more than the bytes of a name.

use crate::masks::{SHORT, text_stops};
use crate::text::Text;

/// The largest block that is written at once. What is written may be shorter: the rest is written over.
pub const OUT_BLOCK: usize = 64;

/// A place in a buffer at which text is written, and which moves behind it.
///
/// A block that finds no room is dropped, and only the place moves on: the writer goes on as if nothing had
/// happened, and asks at the end whether all of it [fitted](Self::fits). If not, it makes room and writes again.
#[derive(Debug)]
pub struct Out<'a> {
    room: &'a mut [u8],
    at: usize,
}

impl<'a> Out<'a> {
    /// Writes to `room` from `at` on.
    #[inline(always)]
    #[must_use]
    pub fn new(room: &'a mut [u8], at: usize) -> Self {
        Self { room, at }
    }

    /// The place behind what was written.
    #[inline(always)]
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Whether all that was written is there.
    #[inline(always)]
    #[must_use]
    pub fn fits(&self) -> bool {
        self.at + OUT_BLOCK <= self.room.len()
    }

    /// What was written between two places.
    #[inline(always)]
    #[must_use]
    pub fn written(&self, from: usize, to: usize) -> &[u8] {
        self.room.get(from..to).unwrap_or_default()
    }

    /// Goes back to a place; stays where it is when something did not fit, so that this is not forgotten.
    #[inline(always)]
    pub fn back_to(&mut self, at: usize) {
        if self.fits() {
            self.at = at;
        }
    }

    /// Writes the first `length` bytes of a block.
    #[inline(always)]
    pub fn block<const N: usize>(&mut self, block: &[u8; N], length: usize) {
        if let Some(target) = self.next_block() {
            *target = *block;
        }
        self.at += length;
    }

    /// The room of the next block, to be written directly; `None` when there is none. [`Out::pass`] takes it.
    #[inline(always)]
    pub fn next_block<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.room.get_mut(self.at..).and_then(|room| room.first_chunk_mut())
    }

    /// Moves behind bytes that were written directly.
    #[inline(always)]
    pub fn pass(&mut self, length: usize) {
        self.at += length;
    }

    /// Writes one byte.
    #[inline(always)]
    pub fn byte(&mut self, byte: u8) {
        if let Some(target) = self.room.get_mut(self.at) {
            *target = byte;
        }
        self.at += 1;
    }

    /// Writes bytes of any number.
    #[inline(always)]
    pub fn bytes(&mut self, bytes: &[u8]) {
        copy(self.room, self.at, bytes);
        self.at += bytes.len();
    }

    /// Writes a text as `JSON.stringify` would inside quotes; `false` when it holds a NUL, which is not written.
    ///
    /// A text is valid UTF-8; only quotes, backslashes and control characters need an escape.
    #[inline(always)]
    pub fn escaped(&mut self, text: Text<'_>) -> bool {
        let (start, mut left) = (self.at, text.len());
        let mut room = text.room();
        while let Some((block, rest)) = room.split_first_chunk::<SHORT>() {
            let stops = text_stops(block);
            self.block(block, left.min(SHORT));
            if left <= SHORT {
                // The bits of the text's own bytes.
                if stops & ((1 << left) - 1) == 0 {
                    return true;
                }
                break;
            }
            if stops != 0 {
                break;
            }
            left -= SHORT;
            room = rest;
        }
        // By value: a writer whose address is taken would live in memory instead of in registers.
        let (end, clean) = escape(self.room, start, text.bytes());
        self.at = end;
        clean
    }
}

#[inline(never)]
fn copy(room: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(target) = room.get_mut(at..at + bytes.len()) {
        target.copy_from_slice(bytes);
    }
}

/// Writes a text with its escapes from `at` on; gives the place behind it, and whether it held no NUL.
#[cold]
#[inline(never)]
fn escape(room: &mut [u8], at: usize, text: &[u8]) -> (usize, bool) {
    let mut out = Out::new(room, at);
    let mut clean = true;
    for &byte in text {
        let letter = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0 => {
                clean = false;
                continue;
            }
            1..=0x1f => {
                const HEX: [u8; 16] = *b"0123456789abcdef";
                let low = HEX.get(usize::from(byte & 15)).copied().unwrap_or(b'0');
                out.block(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), low], 6);
                continue;
            }
            other => {
                out.byte(other);
                continue;
            }
        };
        out.block(&[b'\\', letter], 2);
    }
    (out.at(), clean)
}

/// A text as `JSON.stringify` would write it inside quotes.
#[must_use]
pub fn escaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 6 * text.len() + OUT_BLOCK];
    let mut out = Out::new(&mut bytes, 0);
    out.escaped(Text::from(text));
    let length = out.at();
    bytes.truncate(length);
    bytes
}

/// A text that is written again and again, kept in a block.
#[derive(Clone, Debug)]
pub struct Literal {
    block: [u8; 32],
    /// Longer texts are written the usual way.
    long: Vec<u8>,
    length: usize,
}

impl Literal {
    /// Keeps a text.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        let mut block = [0; 32];
        let fits = block.get_mut(..text.len()).map(|start| start.copy_from_slice(text)).is_some();
        Self { block, long: if fits { Vec::new() } else { text.to_vec() }, length: text.len() }
    }

    /// Writes the text.
    #[inline(always)]
    pub fn write(&self, out: &mut Out<'_>) {
        if self.length > self.block.len() {
            return out.bytes(&self.long);
        }
        out.block(&self.block, self.length);
    }
}

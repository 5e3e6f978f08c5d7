//! A target's input, byte for byte: the first ones choose, the rest is what the core gets.

/// Reads an input from its front; past its end every choice is zero.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// The whole input.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// The next bytes, as many as are there.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (first, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        first
    }

    /// Bytes behind their own length of two bytes.
    pub fn block(&mut self) -> &'a [u8] {
        let length = usize::from(u16::from_le_bytes([self.byte(), self.byte()]));
        self.take(length)
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }

    /// All that is left.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// Opens a repeated part; the byte behind it says how often.
pub const REPEAT: u8 = 0x1c;
/// Ends a repeated part.
pub const UNTIL: u8 = 0x1d;
/// The number of the repetition, in digits.
pub const NUMBER: u8 = 0x1a;
/// Two thousand letters, so that bodies and values of full size need few bytes of input.
pub const LONG: u8 = 0x1b;

/// Writes repeated parts out, so that short inputs can be long sources. What would exceed `most` bytes is cut.
#[must_use]
pub fn expand(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != REPEAT || out.len() >= most {
            push(&mut out, *byte, 0, most);
            continue;
        }
        let (times, after) = after.split_first().unwrap_or((&0, &[]));
        let end = after.iter().position(|byte| *byte == UNTIL).unwrap_or(after.len());
        let (part, after) = after.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        for number in 1..=4 * usize::from(*times) {
            part.iter().for_each(|byte| push(&mut out, *byte, number, most));
            if out.len() >= most {
                break;
            }
        }
    }
    out
}

fn push(out: &mut Vec<u8>, byte: u8, number: usize, most: usize) {
    if out.len() >= most {
        return;
    }
    match byte {
        NUMBER if number > 0 => out.extend(number.to_string().bytes()),
        LONG => out.extend(core::iter::repeat_n(b'x', 2_000)),
        _ => out.push(byte),
    }
}

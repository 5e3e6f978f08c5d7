//! Reads a whole text, strictly (RFC 8259).

use super::Value;
use crate::limits::MAX_NESTING;

/// Where a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson {
    /// The line, from 1.
    pub line: usize,
    /// The byte of the line, from 1; 0 for the line break before it.
    pub column: usize,
}

/// Reads a text that is one value, with nothing but blanks around it.
///
/// # Errors
/// It is not JSON, is nested too deep, or holds half of a surrogate pair or a number that no computer takes.
pub fn read(text: &[u8]) -> Result<Value, NotJson> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.whole().map_err(|end| {
        let before = text.get(..end).unwrap_or_default();
        let breaks = |byte: &&u8| **byte == b'\n';
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
        NotJson { line: 1 + before.iter().filter(breaks).count(), column }
    })
}

/// What was read, or the end of the first byte that is wrong.
type Read<T> = Result<T, usize>;

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte is wrong, or missing.
    fn wrong<T>(&self) -> Read<T> {
        Err(self.text.len().min(self.at + 1))
    }

    /// The next byte that is no blank.
    fn next(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// Takes a sign, after blanks.
    fn sign(&mut self, sign: u8) -> Read<()> {
        if self.next() != Some(sign) {
            return self.wrong();
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Read<()> {
        for letter in word {
            if self.peek() != Some(*letter) {
                return self.wrong();
            }
            self.at += 1;
        }
        Ok(())
    }

    fn whole(&mut self) -> Read<Value> {
        let value = self.value()?;
        if self.next().is_some() { self.wrong() } else { Ok(value) }
    }

    fn value(&mut self) -> Read<Value> {
        match self.next() {
            Some(b'n') => self.word(b"null").map(|()| Value::Null),
            Some(b't') => self.word(b"true").map(|()| Value::Bool(true)),
            Some(b'f') => self.word(b"false").map(|()| Value::Bool(false)),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(opening @ (b'[' | b'{')) if self.depth < MAX_NESTING => {
                self.at += 1;
                self.depth += 1;
                let value = if opening == b'[' { self.array()? } else { self.object()? };
                self.depth -= 1;
                Ok(value)
            }
            _ => self.wrong(),
        }
    }

    fn array(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        while self.goes_on(b']', items.is_empty())? {
            items.push(self.value()?);
        }
        Ok(Value::Array(items))
    }

    fn object(&mut self) -> Read<Value> {
        let mut members = Vec::new();
        while self.goes_on(b'}', members.is_empty())? {
            if self.next() != Some(b'"') {
                return self.wrong();
            }
            let name = self.string()?;
            self.sign(b':')?;
            members.push((name, self.value()?));
        }
        Ok(Value::Object(members))
    }

    /// Takes what stands before a further item, or the closing bracket; says which.
    fn goes_on(&mut self, closing: u8, first: bool) -> Read<bool> {
        if self.next() == Some(closing) {
            self.at += 1;
            return Ok(false);
        }
        if !first {
            self.sign(b',')?;
        }
        Ok(true)
    }

    /// The string whose opening quote is next.
    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut bytes = Vec::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let stop = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).unwrap_or(rest.len());
            bytes.extend_from_slice(rest.get(..stop).unwrap_or_default());
            self.at += stop;
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut bytes)?,
                _ => return self.wrong(),
            }
        }
        self.at += 1;
        String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            self.at - (error.as_bytes().len() - valid)
        })
    }

    /// The escape whose backslash is next.
    fn escape(&mut self, out: &mut Vec<u8>) -> Read<()> {
        self.at += 1;
        let byte = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let letter = self.letter()?;
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return self.wrong(),
        };
        self.at += 1;
        out.push(byte);
        Ok(())
    }

    /// The letter of an escape whose `u` is next, or of two that are a surrogate pair.
    fn letter(&mut self) -> Read<char> {
        let mut letter = self.unit()?;
        if (0xD800..0xDC00).contains(&letter) {
            self.word(b"\\")?;
            if self.peek() != Some(b'u') {
                return self.wrong();
            }
            let low = self.unit()?;
            if !(0xDC00..0xE000).contains(&low) {
                return Err(self.at);
            }
            letter = 0x1_0000 + ((letter - 0xD800) << 10) + (low - 0xDC00);
        }
        char::from_u32(letter).ok_or(self.at)
    }

    /// The number of a `u` and four digits.
    fn unit(&mut self) -> Read<u32> {
        let Some(digits) = self.text.get(self.at + 1..).and_then(|rest| rest.first_chunk::<4>()) else {
            return Err(self.text.len());
        };
        self.at += 5;
        let digit = |unit: u32, digit: &u8| Some(unit << 4 | char::from(*digit).to_digit(16)?);
        digits.iter().try_fold(0, digit).ok_or(self.at)
    }

    fn number(&mut self) -> Read<Option<u64>> {
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        // The number is these digits times this power of ten.
        let (mut digits, mut power) = (0, 0);
        let mut whole = !negative;
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.wrong();
            }
        } else {
            power = self.digits(&mut digits)?;
            whole &= power == 0;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            let start = self.at;
            power += self.digits(&mut digits)?;
            power -= i32::try_from(self.at - start).unwrap_or(i32::MAX);
            whole = false;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            power = power.saturating_add(self.exponent(digits == 0)?);
            whole = false;
        }
        #[allow(clippy::cast_precision_loss, reason = "only whether it is beyond all floating numbers is asked")]
        if (digits as f64 * 10_f64.powi(power)).is_infinite() {
            return Err(self.at);
        }
        Ok(whole.then_some(digits))
    }

    /// At least one digit, behind those before; gives the number of those that found no room.
    fn digits(&mut self, digits: &mut u64) -> Read<i32> {
        let (start, mut left_out) = (self.at, 0);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            self.at += 1;
            match digits.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0'))) {
                Some(more) => *digits = more,
                None => left_out += 1,
            }
        }
        if self.at == start { self.wrong() } else { Ok(left_out) }
    }

    /// The power of ten behind an `e`; `zero` times any power is zero.
    fn exponent(&mut self, zero: bool) -> Read<i32> {
        let negative = self.peek() == Some(b'-');
        if negative || self.peek() == Some(b'+') {
            self.at += 1;
        }
        let (start, mut exponent) = (self.at, 0_i32);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            self.at += 1;
            exponent = match exponent.checked_mul(10).and_then(|tens| tens.checked_add(i32::from(digit - b'0'))) {
                Some(more) => more,
                None if zero || negative => i32::MAX,
                None => return Err(self.at),
            };
        }
        if self.at == start {
            return self.wrong();
        }
        Ok(if negative { -exponent } else { exponent })
    }
}

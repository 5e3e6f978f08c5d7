//! Custom fields by type: the text that ActiveCampaign expects, or why there is none.

use crate::connection::FieldKind;
use crate::contact::Omission;
use crate::masks::SHORT;
use crate::plan::DateOrder;
use crate::text::{Text, find_any, parts, split, trim};

/// How the values of one field are checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldRules {
    pub(crate) kind: FieldKind,
    pub(crate) options: Vec<String>,
    pub(crate) date_order: Option<DateOrder>,
    pub(crate) separator: String,
}

impl FieldRules {
    /// Whether any text goes through as it is.
    pub(crate) fn takes_any_text(&self) -> bool {
        matches!(self.kind, FieldKind::Text | FieldKind::Textarea | FieldKind::Hidden)
    }

    /// The value as the account expects it, in `value`, and empty when there is none; `text` is trimmed and not
    /// blank.
    #[inline(never)]
    pub(crate) fn convert<'a>(&self, value: &'a mut Vec<u8>, text: Text<'_>) -> Result<Text<'a>, Omission> {
        value.clear();
        self.push(value, text.bytes())?;
        let length = value.len();
        // Whoever writes it reads a block.
        value.resize(length + SHORT, 0);
        Ok(Text::new(value, length))
    }

    /// Appends the value as the account expects it, nothing when there is none; `text` is trimmed and not blank.
    fn push(&self, out: &mut Vec<u8>, text: &[u8]) -> Result<(), Omission> {
        match self.kind {
            FieldKind::Text | FieldKind::Textarea | FieldKind::Hidden => {
                out.extend_from_slice(text);
                Ok(())
            }
            FieldKind::Number => push_number(out, text),
            FieldKind::Date => push_moment(out, text, self.date_order, false),
            FieldKind::Datetime => push_moment(out, text, self.date_order, true),
            FieldKind::Dropdown | FieldKind::Radio => {
                out.extend_from_slice(self.option(text).ok_or(Omission::OptionUnknown)?);
                Ok(())
            }
            FieldKind::Checkbox | FieldKind::Listbox => self.push_several(out, text),
        }
    }

    /// The option that a value names, in the account's spelling: the text must match exactly there.
    fn option<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        let exact = |option: &&String| option.as_bytes() == text;
        let loose = |option: &&String| trim(option.as_bytes()).eq_ignore_ascii_case(text);
        if self.options.is_empty() {
            return Some(text);
        }
        let found = self.options.iter().find(exact).or_else(|| self.options.iter().find(loose));
        found.map(String::as_bytes)
    }

    /// `a;b` to `||a||b||`. One unknown option leaves the whole value out: a part of it would be a different answer.
    fn push_several(&self, out: &mut Vec<u8>, text: &[u8]) -> Result<(), Omission> {
        let start = out.len();
        let whole = self.options.iter().any(|option| option.as_bytes() == text);
        let separator: &[u8] = if text.starts_with(b"||") { b"||" } else { self.separator.as_bytes() };
        let parts = split(text, if whole { b"" } else { separator });
        for part in parts.map(trim).filter(|part| !part.is_empty()) {
            match self.option(part) {
                // Twice the same answer is one; where the options are not known, neither is what is the same.
                Some(option) if !self.options.is_empty() && has_answer(out, start, option) => {}
                Some(option) => {
                    if out.len() == start {
                        out.extend_from_slice(b"||");
                    }
                    out.extend_from_slice(option);
                    out.extend_from_slice(b"||");
                }
                None => {
                    out.truncate(start);
                    return Err(Omission::OptionUnknown);
                }
            }
        }
        Ok(())
    }
}

/// Whether `||a||b||`, from `start` on, has an answer.
fn has_answer(out: &[u8], start: usize, option: &[u8]) -> bool {
    split(out.get(start..).unwrap_or_default(), b"||").any(|answer| answer == option)
}

/// A decimal number, with the digits it came with.
fn push_number(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Omission> {
    let mut rest = text;
    if let [b'-' | b'+', after @ ..] = rest {
        rest = after;
    }
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(rest);
    rest = rest.get(whole..).unwrap_or_default();
    let mut fraction = 0;
    if let [b'.', after @ ..] = rest {
        fraction = digits(after);
        rest = after.get(fraction..).unwrap_or_default();
    }
    if let [b'e' | b'E', b'-' | b'+', after @ ..] | [b'e' | b'E', after @ ..] = rest {
        let exponent = digits(after);
        rest = if exponent == 0 { rest } else { after.get(exponent..).unwrap_or_default() };
    }
    if whole + fraction == 0 || !rest.is_empty() {
        return Err(Omission::NumberInvalid);
    }
    out.extend_from_slice(text);
    Ok(())
}

/// A day, or a moment where `with_time`: ISO 8601, or parts in the order that the mapping states.
fn push_moment(out: &mut Vec<u8>, text: &[u8], order: Option<DateOrder>, with_time: bool) -> Result<(), Omission> {
    let text = core::str::from_utf8(text).map_err(|_| Omission::DateInvalid)?;
    let (day, time) = match find_any(text, b"T ") {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default().trim()),
        None => (text, ""),
    };
    let (year, month, date) = read_day(day, order)?;
    let clock = if time.is_empty() { None } else { Some(read_time(time).ok_or(Omission::DateInvalid)?) };
    push_numbers(out, [(year, 4), (month, 2), (date, 2)], b'-');
    // A date field takes the day as the source states it; shifting it by a zone would change birthdays.
    if let Some((clock, zone)) = clock.filter(|_| with_time) {
        out.push(b'T');
        push_numbers(out, clock.map(|value| (value, 2)), b':');
        out.extend_from_slice(zone.as_bytes());
    }
    Ok(())
}

/// Numbers of so many digits each, with a sign between them.
fn push_numbers(out: &mut Vec<u8>, numbers: [(u32, u32); 3], sign: u8) {
    for (index, (number, digits)) in numbers.into_iter().enumerate() {
        if index > 0 {
            out.push(sign);
        }
        for place in (0..digits).rev() {
            out.push(b'0' + (number / 10_u32.pow(place) % 10) as u8);
        }
    }
}

fn read_day(text: &str, order: Option<DateOrder>) -> Result<(u32, u32, u32), Omission> {
    let mut values = [0_u32; 3];
    let mut lengths = [0_usize; 3];
    let mut count = 0;
    for part in parts(text, b"-/.") {
        let (Some(value), Some(length)) = (values.get_mut(count), lengths.get_mut(count)) else {
            return Err(Omission::DateInvalid);
        };
        if part.is_empty() || part.len() > 4 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Omission::DateInvalid);
        }
        (*value, *length) = (part.parse().map_err(|_| Omission::DateInvalid)?, part.len());
        count += 1;
    }
    if count != 3 {
        return Err(Omission::DateInvalid);
    }
    let [first, second, third] = values;
    let (year, month, day) = match (lengths, order) {
        // Four digits first are a year in every notation in use.
        ([4, _, _], _) => (first, second, third),
        ([_, _, 4], Some(DateOrder::MonthDayYear)) => (third, first, second),
        ([_, _, 4], Some(DateOrder::DayMonthYear)) => (third, second, first),
        ([_, _, 4], _) => return Err(Omission::DateOrderUnknown),
        // Two-digit years are a guess about the century.
        _ => return Err(Omission::DateInvalid),
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return Err(Omission::DateInvalid),
    };
    if day == 0 || day > days || year == 0 { Err(Omission::DateInvalid) } else { Ok((year, month, day)) }
}

/// `13:05`, `13:05:30.5`, `1:05 PM`, with `Z` or an offset or without; gives hour, minute, second and the zone.
fn read_time(text: &str) -> Option<([u32; 3], String)> {
    let upper = text.to_ascii_uppercase();
    let (rest, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(rest), _) => (rest.trim_end(), Some(0)),
        (_, Some(rest)) => (rest.trim_end(), Some(12)),
        _ => (upper.as_str(), None),
    };
    let zone_at = find_any(rest, b"Z+-").unwrap_or(rest.len());
    let zone = read_zone(rest.get(zone_at..)?)?;
    let clock = rest.get(..zone_at)?.trim_end();
    let clock = clock.get(..find_any(clock, b".").unwrap_or(clock.len()))?;
    let mut values = [0_u32; 3];
    let mut count = 0;
    for part in parts(clock, b":") {
        let value = values.get_mut(count)?;
        if part.is_empty() || part.len() > 2 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *value = part.parse().ok()?;
        count += 1;
    }
    let [mut hour, minute, second] = values;
    if let Some(half) = half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + half;
    }
    (count >= 2 && hour < 24 && minute < 60 && second < 60).then_some(([hour, minute, second], zone))
}

/// Nothing, `Z`, `+02:00`, `+0200` or `+02`, as `+02:00`.
fn read_zone(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    if text == "Z" {
        return Some("+00:00".to_owned());
    }
    if find_any(text, b"+-") != Some(0) {
        return None;
    }
    let digits: String = text.get(1..)?.chars().filter(|letter| *letter != ':').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !(digits.len() == 2 || digits.len() == 4) {
        return None;
    }
    let (hours, minutes) = (digits.get(..2)?, digits.get(2..).filter(|rest| !rest.is_empty()).unwrap_or("00"));
    let in_range = hours.parse::<u32>().ok()? <= 14 && minutes.parse::<u32>().ok()? < 60;
    in_range.then(|| format!("{}{hours}:{minutes}", text.get(..1).unwrap_or("+")))
}

//! A table decoder that takes no short cuts, to compare the real one with: one byte after the other, the whole
//! source in memory, every broken record read again from its start.

use super::steps::Record;
use activecampaign_export::limits::MAX_RECORD_BYTES;
use activecampaign_export::profile::{CellKind, Position};
use activecampaign_export::rejection::Rule;
use activecampaign_export::source::Refusal;

#[derive(Clone, Copy, PartialEq)]
enum Place {
    CellStart,
    Unquoted,
    Quoted,
    BehindQuote,
}

struct Attempt {
    /// Cells as ranges of the source, without their quotes, and whether quotes stood around them.
    cells: Vec<(usize, usize, bool)>,
    /// One past the last byte.
    end: usize,
    /// A line end stood inside quotes.
    broken: bool,
    fault: Option<(Rule, usize)>,
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

fn behind_line_end(source: &[u8], at: usize) -> usize {
    match source.get(at..) {
        Some([b'\r', b'\n', ..]) => at + 2,
        Some([_, ..]) => at + 1,
        _ => at,
    }
}

fn lines(bytes: &[u8]) -> u64 {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n").matches(['\r', '\n']).count() as u64
}

fn attempt(source: &[u8], delimiter: u8, start: usize) -> Attempt {
    let (mut cells, mut from, mut place, mut quoted) = (Vec::new(), start, Place::CellStart, false);
    let mut open_at_line_end = None;
    let mut at = start;
    let fault = |rule, cells: &Vec<_>, open: Option<usize>| Some((rule, open.unwrap_or(cells.len())));
    loop {
        let too_long = at - start > MAX_RECORD_BYTES;
        let byte = source.get(at).copied().filter(|_| !too_long);
        if place == Place::Quoted {
            match byte {
                None => {
                    let fault = fault(Rule::QuoteUnclosed, &cells, open_at_line_end);
                    return Attempt { cells, end: at, broken: open_at_line_end.is_some(), fault };
                }
                Some(b'"') => place = Place::BehindQuote,
                Some(byte) if is_line_end(byte) && open_at_line_end.is_none() => open_at_line_end = Some(cells.len()),
                Some(_) => {}
            }
            at += 1;
            continue;
        }
        let text_end = if place == Place::BehindQuote { at - 1 } else { at };
        match byte {
            None if too_long => {
                return Attempt {
                    cells,
                    end: at,
                    broken: open_at_line_end.is_some(),
                    fault: Some((Rule::RecordTooLong, usize::MAX)),
                };
            }
            None => {
                cells.push((from, text_end, quoted));
                return Attempt { cells, end: at, broken: open_at_line_end.is_some(), fault: None };
            }
            Some(byte) if is_line_end(byte) => {
                cells.push((from, text_end, quoted));
                return Attempt { cells, end: at, broken: open_at_line_end.is_some(), fault: None };
            }
            Some(byte) if byte == delimiter => {
                cells.push((from, text_end, quoted));
                (from, place, quoted) = (at + 1, Place::CellStart, false);
            }
            Some(b'"') if place == Place::CellStart => (from, place, quoted) = (at + 1, Place::Quoted, true),
            Some(b'"') if place == Place::BehindQuote => place = Place::Quoted,
            Some(_) if place == Place::BehindQuote => {
                let fault = fault(Rule::QuoteMisplaced, &cells, open_at_line_end);
                return Attempt { cells, end: at, broken: open_at_line_end.is_some(), fault };
            }
            Some(_) => place = Place::Unquoted,
        }
        at += 1;
    }
}

/// The records behind a header of `columns` names, which ends on line `line - 1`, at byte `at`.
pub(crate) fn records(source: &[u8], delimiter: u8, columns: usize, mut at: usize, mut line: u64) -> Vec<Record> {
    let mut records = Vec::new();
    while at < source.len() {
        if is_line_end(source[at]) {
            at = behind_line_end(source, at);
            line += 1;
            continue;
        }
        let found = attempt(source, delimiter, at);
        let position = Position { row: records.len() as u64 + 1, line, offset: at as u64 };
        let refused = |rule, column: Option<usize>| {
            Record::Refused(Refusal { position, rule, column: column.filter(|column| *column < columns) })
        };
        let bytes = &source[at..found.end];
        let invalid = std::str::from_utf8(bytes).err().map(|error| at + error.valid_up_to());
        records.push(match (found.fault, invalid) {
            (Some((rule, column)), _) => refused(rule, Some(column)),
            (None, Some(bad)) => {
                refused(Rule::InvalidUtf8, found.cells.iter().position(|cell| cell.0 <= bad && bad < cell.1))
            }
            _ if found.cells.len() < columns => refused(Rule::TooFewCells, None),
            _ if found.cells.len() > columns => refused(Rule::TooManyCells, None),
            _ => Record::Row(position, found.cells.iter().map(|cell| text(source, *cell)).collect()),
        });
        let resume = match found.fault {
            None => found.end,
            Some((Rule::RecordTooLong, _)) if !found.broken => found.end,
            Some(_) => at,
        };
        let end = (resume..source.len()).find(|at| is_line_end(source[*at])).unwrap_or(source.len());
        line += lines(&source[at..end]) + 1;
        at = behind_line_end(source, end);
    }
    records
}

fn text(source: &[u8], (start, end, quoted): (usize, usize, bool)) -> (CellKind, String) {
    let text = String::from_utf8(source[start..end].to_vec()).expect("checked");
    (CellKind::Text, if quoted { text.replace("\"\"", "\"") } else { text })
}

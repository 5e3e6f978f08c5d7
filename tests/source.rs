//! What the decoder makes of tables and of JSON.

// Helpers of tests may fail like tests; Clippy knows only the test functions themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "data/source/model.rs"]
mod model;
#[path = "data/source/steps.rs"]
mod steps;

use activecampaign_export::limits::{MAX_COLUMNS, MAX_RECORD_BYTES};
use activecampaign_export::profile::{CellKind, Position};
use activecampaign_export::rejection::Rule;
use activecampaign_export::source::{Decoder, Format, SourceError, SourceOptions, Step};
use proptest::prelude::*;
use serde_json::{Value, json};
use steps::{Asking, Decoded, Record, decode, fixtures, next, options};

const TABLE: SourceOptions = SourceOptions { format: Format::Csv, delimiter: None };

fn whole(bytes: &[u8]) -> Result<Decoded, SourceError> {
    decode(SourceOptions::default(), [bytes], Asking::AtOnce)
}

fn position(record: &Record) -> Position {
    match record {
        Record::Row(position, _) => *position,
        Record::Refused(refusal) => refusal.position,
    }
}

/// The way an expectation writes a result.
fn written(result: &Result<Decoded, SourceError>) -> Value {
    let decoded = match result {
        Ok(decoded) => decoded,
        Err(error) => {
            assert!(!error.message.is_empty());
            return json!({ "error": { "code": error.code, "line": error.line, "column": error.column } });
        }
    };
    let (mut rows, mut refusals) = (Vec::new(), Vec::new());
    for record in &decoded.records {
        let position = position(record);
        let (row, line, offset) = (position.row, position.line, position.offset);
        match record {
            Record::Row(_, cells) => {
                let cells: Vec<Value> = cells.iter().map(cell).collect();
                rows.push(json!({ "row": row, "line": line, "offset": offset, "cells": cells }));
            }
            Record::Refused(refusal) => refusals.push(json!({
                "row": row, "line": line, "offset": offset, "rule": refusal.rule.code(), "column": refusal.column,
            })),
        }
    }
    let mut written = json!({ "columns": decoded.columns, "rows": rows, "refusals": refusals });
    written["format"] = json!(if decoded.format == Format::Ndjson { "ndjson" } else { "csv" });
    if let Some(delimiter) = decoded.delimiter {
        written["delimiter"] = json!(char::from(delimiter).to_string());
    }
    written
}

fn cell((kind, text): &(CellKind, String)) -> Value {
    assert!(*kind == CellKind::Text || text.is_empty());
    match kind {
        CellKind::Missing => Value::Null,
        CellKind::Text => json!(text),
        CellKind::Nested => json!({ "kind": "nested" }),
        CellKind::LoneSurrogate => json!({ "kind": "lone_surrogate" }),
    }
}

#[test]
fn fixtures_decode_as_expected() {
    for (name, bytes, mut expected) in fixtures() {
        let result = decode(options(&expected), [&bytes[..]], Asking::AtOnce);
        expected.as_object_mut().expect("an object").remove("options");
        assert_eq!(written(&result), expected, "{name}");
    }
}

/// Rows without gaps, offsets and lines that rise.
fn assert_in_order(records: &[Record]) {
    for (index, record) in records.iter().enumerate() {
        assert_eq!(position(record).row, index as u64 + 1);
    }
    for pair in records.windows(2) {
        assert!(position(&pair[0]).offset < position(&pair[1]).offset);
        assert!(position(&pair[0]).line < position(&pair[1]).line);
    }
}

fn texts(record: &Record) -> Vec<&str> {
    match record {
        Record::Row(_, cells) => cells.iter().map(|(_, text)| text.as_str()).collect(),
        Record::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn rules(records: &[Record]) -> Vec<Option<Rule>> {
    let rule = |record: &Record| match record {
        Record::Row(..) => None,
        Record::Refused(refusal) => Some(refusal.rule),
    };
    records.iter().map(rule).collect()
}

#[test]
fn a_record_may_be_as_long_as_the_limit() {
    for (extra, rule) in [(0, None), (1, Some(Rule::RecordTooLong))] {
        for line_end in ["\n", "\r\n", "\r"] {
            let long = "x".repeat(MAX_RECORD_BYTES - 2 + extra);
            let source = format!("a,b{line_end}{long},y{line_end}1,2{line_end}{long},y");
            let decoded = whole(source.as_bytes()).expect("a table");
            assert_eq!(rules(&decoded.records), [rule, None, rule]);
            assert_eq!(position(&decoded.records[1]).line, 3);
            assert_in_order(&decoded.records);
        }
    }
}

#[test]
fn a_quoted_record_beyond_the_limit_costs_one_line() {
    for (extra, rule) in [(0, None), (1, Some(Rule::QuoteUnclosed))] {
        let long = "x\n".repeat(MAX_RECORD_BYTES / 2 - 1 + extra);
        let source = format!("a\n\"{long}\"\nlast\n");
        let decoded = whole(source.as_bytes()).expect("a table");
        assert_eq!(decoded.records.first().map(|first| rules(std::slice::from_ref(first))[0]), Some(rule));
        // The recovered lines are rows; the lone quote behind them opens one more value, which never closes.
        let rows = if extra == 0 { 2 } else { MAX_RECORD_BYTES / 2 + 2 };
        assert_eq!(decoded.records.len(), rows);
        assert_eq!(texts(&decoded.records[rows - 1]), ["last"]);
        assert_in_order(&decoded.records);
    }
}

#[test]
fn a_record_too_long_behind_quoted_lines_costs_one_of_them() {
    let source = format!("a,b\n\"1\n\r\n2\",{}\n3,4\n", "x".repeat(MAX_RECORD_BYTES));
    let decoded = whole(source.as_bytes()).expect("a table");
    assert_eq!(rules(&decoded.records), [Some(Rule::RecordTooLong), Some(Rule::RecordTooLong), None]);
    assert_eq!(decoded.records.iter().map(|record| position(record).line).collect::<Vec<_>>(), [2, 4, 5]);
}

#[test]
fn json_lines_have_the_same_limit() {
    for (extra, rule) in [(0, None), (1, Some(Rule::RecordTooLong))] {
        let long = "x".repeat(MAX_RECORD_BYTES - 8 + extra);
        let source = format!("{{\"a\":1}}\n{{\"a\":\"{long}\"}}\n{{\"a\":2}}\n{{\"a\":\"{long}\"}}");
        let decoded = whole(source.as_bytes()).expect("objects");
        assert_eq!(rules(&decoded.records), [None, rule, None, rule]);
        assert_eq!(position(&decoded.records[2]).line, 3);
        assert_in_order(&decoded.records);
    }
}

/// Feeds `piece` again and again, and answers the most bytes that were held.
fn most_buffered(start: &[u8], piece: &[u8], times: usize, end: &[u8]) -> (usize, Vec<Record>) {
    let mut decoder = Decoder::new(SourceOptions::default());
    let (mut most, mut records) = (0, Vec::new());
    for bytes in std::iter::once(start).chain(std::iter::repeat_n(piece, times)).chain([end]) {
        decoder.feed(bytes);
        let _ = decoder.columns().expect("columns, now or later");
        records.extend(std::iter::from_fn(|| next(&mut decoder)));
        most = most.max(decoder.buffered());
    }
    decoder.finish();
    assert!(decoder.columns().expect("columns").is_some());
    records.extend(std::iter::from_fn(|| next(&mut decoder)));
    (most, records)
}

#[test]
fn a_line_of_50_megabytes_is_not_held() {
    let piece = vec![b'x'; 65_536];
    for (start, end) in [(&b"a,b\n1,"[..], &b"\n2,3\n"[..]), (b"{\"a\":1}\n{\"a\":\"", b"\"}\n{\"a\":2}\n")] {
        let (most, records) = most_buffered(start, &piece, 800, end);
        assert!(most <= MAX_RECORD_BYTES + piece.len());
        let rules: Vec<_> = rules(&records).into_iter().flatten().collect();
        assert_eq!(rules, [Rule::RecordTooLong]);
    }
    // A quote that never closes, without any line end either.
    let (most, records) = most_buffered(b"a,b\n\"", &piece, 800, b"\n2,3\n");
    assert!(most <= MAX_RECORD_BYTES + piece.len());
    assert_eq!(rules(&records), [Some(Rule::QuoteUnclosed), None]);
}

#[test]
fn a_long_record_may_come_byte_by_byte() {
    let long = "x\ny".repeat(MAX_RECORD_BYTES / 3 - 9);
    for source in [format!("a,b\n\"{long}\",2\n"), format!("{{\"a\":\"{}\"}}\n", long.replace('\n', " "))] {
        let decoded = decode(SourceOptions::default(), source.as_bytes().chunks(1), Asking::AtOnce).expect("one");
        assert_eq!(decoded.records.len(), 1);
        assert_eq!(texts(&decoded.records[0])[0].len(), long.len());
    }
}

#[test]
fn a_header_may_come_byte_by_byte() {
    let source = format!("\"{}\",b\n1,2\n", "x\n".repeat(MAX_RECORD_BYTES / 2 - 9));
    let decoded = decode(SourceOptions::default(), source.as_bytes().chunks(1), Asking::AtOnce).expect("a table");
    assert_eq!(rules(&decoded.records), [None]);
}

#[test]
fn a_header_has_limits() {
    let long = "x".repeat(MAX_RECORD_BYTES + 1);
    assert_eq!(whole(format!("{long}\n1\n").as_bytes()).map_err(|error| error.code), Err("header_too_long"));
    assert_eq!(whole(" ".repeat(long.len()).as_bytes()).map_err(|error| error.code), Err("header_too_long"));
    for (columns, code) in [(MAX_COLUMNS, None), (MAX_COLUMNS + 1, Some("too_many_columns"))] {
        let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        let source = format!("{}\n{}\n", names.join(","), names.join(","));
        assert_eq!(whole(source.as_bytes()).err().map(|error| error.code), code);
        let object: serde_json::Map<String, Value> = names.iter().map(|name| (name.clone(), json!(1))).collect();
        let decoded = whole(format!("\n{}\n", Value::Object(object)).as_bytes());
        assert_eq!(decoded.as_ref().err().map(|error| (error.code, error.line)), code.map(|code| (code, 2)));
    }
}

#[test]
fn a_delimiter_must_be_one() {
    for delimiter in [b'"', b'\n', b'\r', 0, 0xE9] {
        let options = SourceOptions { format: Format::Csv, delimiter: Some(delimiter) };
        let error = decode(options, [&b"a\n"[..]], Asking::AtOnce).map_err(|error| error.code);
        assert_eq!(error, Err("bad_delimiter"));
    }
}

#[test]
fn the_sample_of_json_ends_at_its_size() {
    let first = format!("{{\"a\":\"{}\"}}\n", "x".repeat(600_000));
    let decoded = whole(format!("{first}{}{{\"c\":1}}\n", first.replace('a', "b")).as_bytes()).expect("objects");
    assert_eq!(decoded.columns, ["a"]);
    assert_eq!(rules(&decoded.records), [None, None, None]);
}

#[test]
fn only_selected_columns_need_decoding() {
    for source in ["a,b,c\n\"x\"\"\",\"y\"\"\",\"z\"\"\"\n", r#"{"a":"x\"","b":"y\"","c":"z\""}"#] {
        let mut decoder = Decoder::new(SourceOptions::default());
        decoder.feed(source.as_bytes());
        decoder.finish();
        assert!(decoder.columns().expect("columns").is_some());
        decoder.select(&[0, 2, 99]);
        let Step::Profile(profile) = decoder.next_step() else { panic!() };
        assert_eq!((profile.text(0), profile.text(2), profile.text(99)), (&b"x\""[..], &b"z\""[..], &b""[..]));
        assert_eq!(profile.columns(), 3);
    }
}

#[test]
fn nothing_comes_before_the_columns_or_after_the_end() {
    let mut decoder = Decoder::new(SourceOptions::default());
    decoder.feed(b"a\n1\n");
    assert!(matches!(decoder.next_step(), Step::NeedBytes));
    assert_eq!(decoder.columns(), Ok(Some(&["a".to_owned()][..])));
    assert!(matches!(decoder.next_step(), Step::Profile(_)));
    assert!(matches!(decoder.next_step(), Step::NeedBytes));
    decoder.finish();
    decoder.feed(b"2\n");
    assert!(matches!(decoder.next_step(), Step::End));
    let mut failed = Decoder::new(SourceOptions::default());
    failed.feed(&[0xFF, 0xFE]);
    for _ in 0..9 {
        assert_eq!(failed.columns().map_err(|error| error.code), Err("utf16"));
        failed.feed(&[b'x'; 1_000]);
        assert!(failed.buffered() <= 1_000);
        assert!(matches!(failed.next_step(), Step::NeedBytes));
    }
}

/// Every line closes the quote of the one before and opens another: read naively, each of them is scanned to
/// the end of the longest record.
#[test]
fn a_file_of_broken_quotes_is_scanned_about_once() {
    for end in ["", "\"x\n", "\n1,2,3\n"] {
        let lines = 300_000;
        let source = format!("a,b,c\n\"z\n{}{end}", "x\",y,\"z\n".repeat(lines));
        let decoded = whole(source.as_bytes()).expect("a table");
        assert!(decoded.records.len() > lines);
        assert!(rules(&decoded.records)[..lines].iter().all(Option::is_some));
        assert_in_order(&decoded.records);
    }
}

/// The same with lines so long that the naive model can follow, and with quotes that do close at last.
#[test]
fn broken_quotes_beyond_the_limit_are_as_in_the_model() {
    let filler = "y".repeat(MAX_RECORD_BYTES / 12);
    for period in [11, 13, 40] {
        for (closing, last) in [("x\",y,z\n", ""), ("x\"y,\"z\n", "\"1\",2,3"), ("x\",\"y\",\"z", "")] {
            let mut source = String::from("a,b,c\n1,2,3\n\"z\n");
            for line in 1..42 {
                if line % period == 0 {
                    source.push_str(closing);
                } else {
                    source.push_str(&format!("x\",{filler},\"z\r\n"));
                }
            }
            source.push_str(last);
            let expected = model::records(source.as_bytes(), b',', 3, 6, 2);
            let decoded = decode(TABLE, source.as_bytes().chunks(100_000), Asking::AtOnce).expect("a table");
            assert!(decoded.records == expected, "{period} {closing:?} {last:?}");
        }
    }
}

/// The greatest length ends at each byte of a text that has all there is to quotes; the second record reaches
/// its own limit a few bytes later, in the same state.
#[test]
fn the_limit_may_fall_anywhere() {
    let text = "\",b\"c,\"\",\"e\"\"f\",,g,\"h";
    for shift in 0..=text.len() {
        let filler = "y".repeat(MAX_RECORD_BYTES - 9 - shift);
        let source = format!("a,b,c\n\"\nx\",y,\"z\n{filler}{text}\n i\",\"j\"\n1,2,3\n\"4\",5,6\n");
        let expected = model::records(source.as_bytes(), b',', 3, 6, 2);
        let decoded = decode(TABLE, source.as_bytes().chunks(99_999), Asking::AtOnce).expect("a table");
        assert!(decoded.records == expected, "{shift}");
    }
}

/// A table as text, by a writer of its own: quotes where they must be, and where `quote` says so.
fn write_table(table: &[Vec<String>], delimiter: char, line_ends: &[&str], quote: &[bool], last: bool) -> String {
    let (mut text, mut quote) = (String::new(), quote.iter().cycle());
    for (row, cells) in table.iter().enumerate() {
        let alone = cells.len() == 1 && cells[0].is_empty();
        for (column, cell) in cells.iter().enumerate() {
            if column > 0 {
                text.push(delimiter);
            }
            let needed = alone || cell.starts_with('"') || cell.contains([delimiter, '\r', '\n']);
            if needed || quote.next() == Some(&true) {
                text.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
            } else {
                text.push_str(cell);
            }
        }
        if last || row + 1 < table.len() {
            text.push_str(line_ends[row % line_ends.len()]);
        }
    }
    text
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = prop_oneof![
        4 => "[a-z@.]{0,12}",
        1 => "[a-z\",;|\t\r\n ]{0,8}",
        1 => "[ -~]{0,150}",
        1 => any::<String>(),
    ];
    (1_usize..9).prop_flat_map(move |columns| {
        prop::collection::vec(prop::collection::vec(cell.clone(), columns..=columns), 0..20)
    })
}

/// One token of JSON, or of what is nearly JSON.
fn json_tokens() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"a\"",
            "\"a\":",
            "\"b\":1",
            "1",
            "-1.5e3",
            "01",
            "true",
            "null",
            "\"",
            " ",
            "\"\\n\"",
            "\"\\ud800\"",
            "\"\\u00e9\"",
            "\"\\x\"",
            "\"é\"",
            "\t",
            "{\"a\":",
            "{}",
            "[]",
            ",\"c\":",
            "\r",
        ]),
        0..14,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn tables_are_read_as_written(
        rows in table(),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        line_ends in prop::collection::vec(prop::sample::select(vec!["\n", "\r\n", "\r"]), 1..4),
        quote in prop::collection::vec(any::<bool>(), 1..9),
        (bom, last) in (any::<bool>(), any::<bool>()),
    ) {
        let names: Vec<String> = (0..rows.first().map_or(2, Vec::len)).map(|column| format!("name {column}")).collect();
        // One name alone shows no delimiter.
        let delimiter = if names.len() > 1 { delimiter } else { ',' };
        let mut table = vec![names.clone()];
        table.extend(rows.iter().cloned());
        let text = write_table(&table, delimiter, &line_ends, &quote, last);
        let text = if bom { format!("\u{feff}{text}") } else { text };
        let decoded = whole(text.as_bytes()).expect("a table");
        prop_assert_eq!(&decoded.columns, &names);
        prop_assert_eq!(decoded.delimiter, Some(delimiter as u8));
        let read: Vec<Vec<&str>> = decoded.records.iter().map(texts).collect();
        prop_assert_eq!(read, rows);
        assert_in_order(&decoded.records);
    }

    #[test]
    fn noise_is_read_as_by_the_model(
        tokens in prop::collection::vec(prop::sample::select(vec![
            &b"\""[..], b"\"\"", b",", b",", b"\n", b"\r\n", b"\r", b"a", b"\xC3\xA9", b"\xE9", b"x y z", b"\",\"",
            b"1,2,3\n", b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ]), 0..90),
    ) {
        let source = [&b"a,b,c\n"[..], &tokens.concat()].concat();
        let decoded = decode(TABLE, [&source[..]], Asking::AtOnce).expect("a table");
        prop_assert_eq!(&decoded.records, &model::records(&source, b',', 3, 6, 2));
        assert_in_order(&decoded.records);
    }

    #[test]
    fn objects_are_read_as_written(
        keys in prop::collection::btree_set("[a-e\"\\\\é]{0,20}", 1..8),
        rows in prop::collection::vec(prop::collection::vec(prop_oneof![
            3 => any::<String>().prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
            1 => any::<f64>().prop_map(Value::from),
            1 => any::<bool>().prop_map(Value::from),
            1 => Just(Value::Null),
            1 => any::<String>().prop_map(|text| json!([text, { "key": text }])),
        ], 8), 1..9),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\n\n"]),
    ) {
        let object = |row: &Vec<Value>| keys.iter().cloned().zip(row.iter().cloned()).collect();
        let objects: Vec<Value> = rows.iter().map(|row| Value::Object(object(row))).collect();
        let text: String = objects.iter().map(|object| format!("{object}{line_end}")).collect();
        let decoded = whole(text.as_bytes()).expect("objects");
        prop_assert_eq!(decoded.columns, keys.iter().cloned().collect::<Vec<_>>());
        for (record, object) in decoded.records.iter().zip(&objects) {
            let Record::Row(_, cells) = record else { panic!("{record:?}") };
            for (cell, key) in cells.iter().zip(&keys) {
                let expected = match &object[key] {
                    Value::Null => (CellKind::Missing, String::new()),
                    Value::String(text) => (CellKind::Text, text.clone()),
                    Value::Array(_) | Value::Object(_) => (CellKind::Nested, String::new()),
                    other => (CellKind::Text, other.to_string()),
                };
                prop_assert_eq!(cell, &expected);
            }
        }
        prop_assert_eq!(decoded.records.len(), objects.len());
        assert_in_order(&decoded.records);
    }

    #[test]
    fn json_is_judged_as_by_serde_json(lines in prop::collection::vec(json_tokens(), 1..20)) {
        let mut text = String::from("{\"a\":1}\n");
        let mut expected = vec![None];
        for line in lines.iter().map(|tokens| tokens.concat()).filter(|line| !line.trim().is_empty()) {
            let judged = serde_json::from_str::<serde::de::IgnoredAny>(&line);
            expected.push(match judged {
                Err(_) => Some(Rule::InvalidJson),
                Ok(_) if line.trim_start().starts_with('{') => None,
                Ok(_) => Some(Rule::NotAnObject),
            });
            text.push_str(&line);
            text.push('\n');
        }
        let decoded = whole(text.as_bytes()).expect("objects");
        prop_assert_eq!(rules(&decoded.records), expected);
        assert_in_order(&decoded.records);
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        start in prop::sample::select(vec!["", "a,b\n", "{", "{\"a\":1}\n"]),
        format in prop::sample::select(vec![Format::Auto, Format::Csv, Format::Ndjson]),
    ) {
        let source = [start.as_bytes(), &bytes].concat();
        let options = SourceOptions { format, delimiter: None };
        if let Ok(decoded) = decode(options, [&source[..]], Asking::AtOnce) {
            assert_in_order(&decoded.records);
        }
    }
}

//! What a decoder says about a source, as values that can be compared.

use activecampaign_export::profile::{CellKind, Position, Profile};
use activecampaign_export::source::{Decoder, Format, Refusal, SourceError, SourceOptions, Step};

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// Its cells.
    Row(Position, Vec<(CellKind, String)>),
    /// Why there are none.
    Refused(Refusal),
}

/// A whole source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// What was found.
    pub(crate) format: Format,
    /// The delimiter of a table.
    pub(crate) delimiter: Option<u8>,
    /// The names.
    pub(crate) columns: Vec<String>,
    /// All records, in order.
    pub(crate) records: Vec<Record>,
}

/// When the decoder is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// After each piece, until it needs more.
    AtOnce,
    /// One step after each piece: it lags behind.
    Lazily,
    /// After all pieces.
    AtTheEnd,
}

/// Decodes a source that comes in pieces.
pub(crate) fn decode<'a>(
    options: SourceOptions,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    asking: Asking,
) -> Result<Decoded, SourceError> {
    let mut decoder = Decoder::new(options);
    let mut pieces = pieces.into_iter();
    let mut records = Vec::new();
    let mut fed = 0;
    let mut more = true;
    while more {
        match pieces.next() {
            // Both ways of feeding are one.
            Some(piece) if fed % 2 == 0 => decoder.feed(piece),
            Some(piece) => decoder.space(piece.len()).copy_from_slice(piece),
            None => {
                decoder.finish();
                more = false;
            }
        }
        fed += 1;
        if more && asking == Asking::AtTheEnd || decoder.columns()?.is_none() {
            continue;
        }
        while let Some(record) = next(&mut decoder) {
            records.push(record);
            if more && asking == Asking::Lazily {
                break;
            }
        }
    }
    assert!(matches!(decoder.next_step(), Step::End));
    assert_eq!(decoder.buffered(), 0);
    let columns = decoder.columns()?.expect("a finished source has columns or an error").to_vec();
    Ok(Decoded { format: decoder.format(), delimiter: decoder.delimiter(), columns, records })
}

/// The next record that there is.
pub(crate) fn next(decoder: &mut Decoder) -> Option<Record> {
    match decoder.next_step() {
        Step::Profile(profile) => Some(Record::Row(profile.position(), cells(&profile))),
        Step::Refused(refusal) => Some(Record::Refused(refusal)),
        Step::NeedBytes | Step::End => None,
    }
}

fn cells(profile: &Profile<'_>) -> Vec<(CellKind, String)> {
    let text = |column| String::from_utf8(profile.text(column).to_vec()).expect("cells are UTF-8");
    (0..profile.columns()).map(|column| (profile.kind(column), text(column))).collect()
}

/// The fixtures of this folder: name, bytes, expectation.
pub(crate) fn fixtures() -> Vec<(String, Vec<u8>, serde_json::Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/source");
    let mut fixtures = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of fixtures") {
        let path = entry.expect("a fixture").path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if matches!(kind, "csv" | "ndjson") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let expected = std::fs::read(path.with_extension("expected.json")).expect("an expectation beside it");
            let expected = serde_json::from_slice(&expected).expect("an expectation in JSON");
            fixtures.push((name, std::fs::read(&path).expect("bytes"), expected));
        }
    }
    fixtures.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(fixtures.len() > 50);
    fixtures
}

/// The options of a fixture.
pub(crate) fn options(expected: &serde_json::Value) -> SourceOptions {
    let format = match expected["options"]["format"].as_str() {
        Some("csv") => Format::Csv,
        Some("ndjson") => Format::Ndjson,
        _ => Format::Auto,
    };
    let delimiter = expected["options"]["delimiter"].as_str().map(|text| text.as_bytes()[0]);
    SourceOptions { format, delimiter }
}

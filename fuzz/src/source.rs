//! A source through decoding, mapping and packing: in one piece and cut up, which must come to the same.

use crate::input::{Input, expand};
use activecampaign_export::delivery::batch::Batch;
use activecampaign_export::error::Stop;
use activecampaign_export::export::{Advance, Counts, Encoder, EncoderOptions, OmissionCount};
use activecampaign_export::limits::{MAX_BATCH_BYTES, MAX_BATCH_CONTACTS, MAX_RECORD_BYTES, MAX_SAMPLE_BYTES};
use activecampaign_export::plan::Plan;
use activecampaign_export::rejection::Rejection;
use activecampaign_export::source::{Decoder, Format, SourceOptions};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Bytes of a source once its repetitions are written out.
const MOST_BYTES: usize = 600_000;

/// All that an encoder said.
#[derive(Debug, PartialEq)]
struct Encoded {
    stop: Option<Stop>,
    batches: Vec<Batch>,
    rejections: Vec<Rejection>,
    omissions: Vec<OmissionCount>,
    counts: Counts,
}

/// One input: roles of the columns, their order and the delimiter, the cuts, the source.
pub fn run(bytes: &[u8], format: Format) {
    let mut input = Input::new(bytes);
    let (roles, order) = (input.byte(), input.byte());
    let cuts = input.byte() & 7;
    let cuts: Vec<usize> = (0..cuts).map(|_| usize::from(input.byte())).collect();
    let source = expand(input.rest(), MOST_BYTES);
    let format = if order & 0x80 == 0 { format } else { Format::Auto };
    let delimiter =
        [None, Some(b','), Some(b';'), Some(b'\t'), Some(b'|'), None, None, None][usize::from(order >> 4 & 7)];
    let options = SourceOptions { format, delimiter };
    let Some(plan) = plan(options, &columns(options, &source), roles, usize::from(order & 15)) else { return };
    let options = EncoderOptions { seed: 7, reveal: order & 1 == 1, ..EncoderOptions::default() };
    let whole = encode(plan.clone(), options, std::iter::once(source.as_slice()));
    let pieces = encode(plan.clone(), options, cut(&source, &cuts));
    assert_eq!(whole, pieces, "cut by {cuts:?}");
    check(&whole, &plan);
    if roles & 0x80 == 0 {
        return;
    }
    let counted = encode(plan, EncoderOptions { count_only: true, ..options }, cut(&source, &cuts));
    assert_eq!((&counted.counts, &counted.batches), (&whole.counts, &whole.batches));
    assert!(counted.rejections.is_empty());
}

/// The names that the source gives; none when it has none to give.
fn columns(options: SourceOptions, source: &[u8]) -> Vec<String> {
    let mut decoder = Decoder::new(options);
    decoder.feed(source);
    decoder.finish();
    match decoder.columns() {
        Ok(columns) => columns.map(<[String]>::to_vec).unwrap_or_default(),
        Err(error) => {
            assert!(!error.code.is_empty() && !error.message.is_empty() && error.line > 0 && error.column > 0);
            Vec::new()
        }
    }
}

/// A plan for these columns; `None` when one of the names can be in no definition.
fn plan(source: SourceOptions, columns: &[String], roles: u8, first: usize) -> Option<Plan> {
    let name = |place: usize| columns.get((first + place) % columns.len().max(1)).map_or("EMail", String::as_str);
    let has = |role: u8| roles & role != 0;
    let format = match source.format {
        Format::Auto => "auto",
        Format::Csv => "csv",
        Format::Ndjson => "ndjson",
    };
    let mut mapping = json!({ "email": name(0) });
    if has(1) {
        mapping["firstName"] = json!(name(1));
        mapping["lastName"] = json!({ "template": format!("{{{}}} and {{{}}}", name(2), name(1)) });
        mapping["phone"] = json!(name(3));
    }
    if has(2) {
        let orders = ["ymd", "mdy", "dmy"];
        let field = |id: usize| match id {
            3 | 4 => json!({ "id": id, "column": name(id), "dateOrder": orders[first % 3] }),
            _ => json!({ "id": id, "column": name(id) }),
        };
        mapping["fields"] = (1..=10).map(field).collect();
    }
    if has(4) {
        mapping["tags"] = json!(["Fixed", { "column": name(1), "prefix": "tier: ", "separator": ";" }]);
    }
    if has(8) {
        mapping["consent"] = json!(name(2));
    }
    if has(16) {
        mapping["subscribe"] = json!({ "column": name(3), "values": ["a", "1", "yes"] });
    }
    if has(32) {
        mapping["id"] = json!(name(4));
    }
    let automations = if has(64) { "run" } else { "exclude" };
    let mut definition = json!({
        "version": 1, "list": 4, "source": { "format": format, "blank": ["NULL"] }, "automations": automations,
        "mapping": mapping,
    });
    if let Some(delimiter) = source.delimiter {
        definition["source"]["delimiter"] = json!(char::from(delimiter).to_string());
    }
    Plan::parse(definition.to_string().as_bytes(), Some(&crate::schema()), &[]).ok()
}

/// The source in pieces of these lengths, in turn; a length of zero is a piece without bytes.
fn cut<'a>(source: &'a [u8], lengths: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = source;
    // Without a length above zero the source would never come to its end.
    let whole = lengths.iter().all(|length| *length == 0);
    let mut lengths = lengths.iter().copied().cycle();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = if whole { rest.len() } else { lengths.next().unwrap_or(rest.len()) };
        // Long sources go on in long pieces, or cutting them would take most of the time.
        let length = if length > 0 && source.len() > 20_000 { length * 97 } else { length };
        let (piece, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        Some(piece)
    })
}

fn encode<'a>(plan: Plan, options: EncoderOptions, pieces: impl Iterator<Item = &'a [u8]>) -> Encoded {
    let mut encoder = Encoder::new(plan, options);
    let (mut batches, mut rejections) = (Vec::new(), Vec::new());
    let (mut pieces, mut fed, mut largest, mut ended) = (pieces, 0_usize, 0, false);
    let stop = loop {
        let advance = encoder.advance();
        rejections.extend(encoder.take_rejections());
        let counts = encoder.counts();
        let told = counts.accepted + counts.rejected + counts.duplicate + counts.excluded;
        assert!(told <= counts.read && counts.read <= told + encoder.open_contacts(), "{counts:?}");
        match advance {
            Ok(Advance::Batch(batch)) => batches.push(batch),
            Ok(Advance::End) => break None,
            Err(stop) => break Some(stop),
            Ok(Advance::NeedBytes) => {
                let most = MAX_BATCH_BYTES + MAX_RECORD_BYTES + MAX_SAMPLE_BYTES + largest;
                assert!(encoder.open_bytes() <= most, "{} bytes held", encoder.open_bytes());
                assert!(!ended, "more bytes wanted after the end");
                let piece = pieces.next();
                largest = largest.max(piece.map_or(0, <[u8]>::len));
                match piece {
                    // Both ways of feeding are one.
                    Some(piece) if fed % 2 == 0 => encoder.feed(piece),
                    Some(piece) => encoder.space(piece.len()).copy_from_slice(piece),
                    None => {
                        ended = true;
                        encoder.finish();
                    }
                }
                fed += 1;
            }
        }
    };
    rejections.extend(encoder.take_rejections());
    let (omissions, counts) = (encoder.omissions().to_vec(), encoder.counts().clone());
    Encoded { stop, batches, rejections, omissions, counts }
}

/// What holds for every source.
fn check(encoded: &Encoded, plan: &Plan) {
    let Encoded { stop, batches, rejections, omissions, counts } = encoded;
    if let Some(stop) = stop {
        assert!(!stop.code.is_empty() && !stop.message.is_empty() && !stop.remedy.is_empty(), "{stop:?}");
        assert!(batches.is_empty(), "a source that cannot be exported gave a batch: {stop:?}");
        return;
    }
    assert_eq!(counts.read, counts.accepted + counts.rejected + counts.duplicate + counts.excluded, "{counts:?}");
    assert_eq!(counts.rejected + counts.duplicate, rejections.len() as u64, "a row for each");
    assert!(rejections.is_sorted_by(|a, b| a.position.row < b.position.row), "once each, in the order of the source");
    assert_eq!(counts.rejected_by_rule.iter().map(|(_, count)| count).sum::<u64>(), counts.rejected);
    assert!(omissions.iter().all(|omission| omission.count > 0 && (1..=counts.read).contains(&omission.first_row)));
    let mut addresses = BTreeSet::new();
    let mut contacts = 0;
    let mut row = 0;
    for (number, batch) in (1..).zip(batches) {
        assert_eq!(batch.number, number);
        check_body(batch, plan);
        contacts += batch.entries().len() as u64;
        for entry in batch.entries() {
            assert!(
                entry.position.row > row && entry.position.row <= counts.read,
                "contacts in the order of the source"
            );
            row = entry.position.row;
            assert!(addresses.insert(batch.email(entry)), "one address goes out once");
        }
    }
    assert_eq!(contacts, counts.accepted);
}

/// A body that the account can read.
fn check_body(batch: &Batch, plan: &Plan) {
    let body = batch.body();
    assert!(body.len() <= MAX_BATCH_BYTES, "{} bytes", body.len());
    let parsed: Value = serde_json::from_slice(body).expect("a body is JSON");
    let contacts = parsed["contacts"].as_array().expect("contacts");
    assert!((1..=MAX_BATCH_CONTACTS).contains(&contacts.len()), "{} contacts", contacts.len());
    assert_eq!(contacts.len(), batch.entries().len());
    let exclude = plan.automations == activecampaign_export::plan::Automations::Exclude;
    assert_eq!(parsed["exclude_automations"], json!(exclude));
    for (contact, entry) in contacts.iter().zip(batch.entries()) {
        let own: Value = serde_json::from_slice(batch.json(entry)).expect("a contact is JSON");
        assert_eq!(own, *contact, "an entry's bytes are its contact's");
        let email = contact["email"].as_str().expect("an address");
        assert_eq!(email.as_bytes(), batch.email(entry));
        let (local, domain) = email.split_once('@').expect("one @");
        let plain = |text: &str| !text.is_empty() && !text.contains(['@', ' ', ',', '<', '>', '"']) && text.is_ascii();
        assert!(email.len() <= 254 && plain(local) && plain(domain) && domain.contains('.'), "{email}");
        let known = ["email", "first_name", "last_name", "phone", "fields", "tags", "subscribe"];
        assert!(contact.as_object().expect("an object").keys().all(|key| known.contains(&key.as_str())), "{contact}");
    }
    let halves = batch.halves();
    let parts = halves.iter().flatten().map(|half| half.entries().len()).sum::<usize>();
    assert_eq!(parts, contacts.len(), "halves hold every contact once");
    for half in halves.iter().flatten() {
        serde_json::from_slice::<Value>(half.body()).expect("a half is JSON");
    }
}

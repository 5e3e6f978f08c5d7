//! The stages from bytes to batches, natively: `cargo bench`. All rates are in bytes of the source, so that the times
//! of the stages add up. The comparison with other packages is `npm --prefix js run bench`.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark may stop at a fault of its own")]

mod data;

use activecampaign_export::audience::Seen;
use activecampaign_export::delivery::batch::Packer;
use activecampaign_export::export::{Advance, Encoder, EncoderOptions};
use activecampaign_export::mapping::{Mapped, Program};
use activecampaign_export::plan::Plan;
use activecampaign_export::profile::{Cell, CellKind, Format, Position, Profile, SourceOptions};
use activecampaign_export::source::{Decoder, Step};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const CHUNK_BYTES: usize = 256 * 1024;
const ROWS: usize = 20_000;
const SEED: u64 = 7;
/// As many addresses as the encoder looks up at once.
const GROUP: usize = 64;

/// The definition that all candidates of the product have.
const SETTINGS: &[u8] = include_bytes!("../../js/bench/definition.json");

fn plan() -> Plan {
    Plan::parse(SETTINGS, None, &[]).expect("the settings are right")
}

/// Every record of a source, by a decoder that reads the mapped columns only, as in an export.
fn decode(bytes: &[u8], format: Format, plan: &Plan, each: &mut dyn FnMut(&Profile<'_>)) {
    let mut decoder = Decoder::new(SourceOptions { format, delimiter: None });
    let mut chunks = bytes.chunks(CHUNK_BYTES);
    let mut bound = false;
    loop {
        if !bound && let Some(columns) = decoder.columns().expect("the source is right") {
            let program = Program::bind(plan, columns).expect("the columns are there");
            decoder.select(program.columns());
            bound = true;
        }
        match decoder.next_step() {
            Step::Profile(profile) => each(&profile),
            Step::Refused(refusal) => refused(refusal.rule.code()),
            Step::NeedBytes => match chunks.next() {
                Some(chunk) => decoder.feed(chunk),
                None => decoder.finish(),
            },
            Step::End => return,
        }
    }
}

/// The data is well formed: a refused record would make the figures those of another job.
fn refused(rule: &str) {
    assert_eq!(rule, "", "a record was refused");
}

/// Records with their cells side by side, so that mapping runs without a decoder.
struct Decoded {
    columns: Vec<String>,
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

impl Decoded {
    fn new(csv: &[u8], plan: &Plan) -> Self {
        let columns: Vec<String> = data::COLUMNS.map(str::to_owned).to_vec();
        let (mut bytes, mut cells) = (Vec::new(), Vec::new());
        decode(csv, Format::Csv, plan, &mut |profile| {
            for column in 0..data::COLUMNS.len() {
                let start = bytes.len();
                bytes.extend_from_slice(profile.text(column));
                cells.push(Cell { start, end: bytes.len(), kind: CellKind::Text });
            }
        });
        Self { columns, bytes, cells }
    }

    fn profiles(&self) -> impl Iterator<Item = Profile<'_>> {
        (1..)
            .zip(self.cells.chunks(data::COLUMNS.len()))
            .map(|(row, cells)| Profile::new(Position { row, line: row + 1, offset: 0 }, &self.bytes, cells))
    }
}

/// Maps and packs; gives the bytes of all bodies.
fn map_and_pack(decoded: &Decoded, program: &mut Program) -> usize {
    let mut packer = Packer::new(true);
    let mut size = 0;
    for profile in decoded.profiles() {
        let (body, place) = packer.place();
        if let Mapped::Contact(contact) = program.map(&profile, body, place) {
            packer.accept(&contact, profile.position(), &[], 0);
        }
        if packer.is_full() {
            size += packer.take().map_or(0, |batch| batch.body().len());
        }
    }
    size + packer.take().map_or(0, |batch| batch.body().len())
}

fn deduplicate(addresses: &[Vec<u8>]) -> u64 {
    let mut seen = Seen::new(SEED);
    let mut hashes = Vec::with_capacity(GROUP);
    for group in addresses.chunks(GROUP) {
        hashes.clear();
        hashes.extend(group.iter().map(|address| seen.hash(address)));
        seen.prefetch(&hashes);
        for hash in &hashes {
            seen.insert(*hash);
        }
    }
    seen.len()
}

/// The whole way; gives the bytes of all bodies.
fn encode(bytes: &[u8]) -> usize {
    let mut encoder =
        Encoder::new(plan(), EncoderOptions { seed: SEED, count_only: true, ..EncoderOptions::default() });
    let mut chunks = bytes.chunks(CHUNK_BYTES);
    let mut size = 0;
    loop {
        match encoder.advance().expect("the source is right") {
            Advance::Batch(batch) => size += batch.body().len(),
            Advance::NeedBytes => match chunks.next() {
                Some(chunk) => encoder.feed(chunk),
                None => encoder.finish(),
            },
            Advance::End => return size,
        }
    }
}

fn benchmark(criterion: &mut Criterion) {
    let plan = plan();
    let (csv, ndjson) = (data::csv(ROWS), data::ndjson(ROWS));
    let decoded = Decoded::new(&csv, &plan);
    let mut program = Program::bind(&plan, &decoded.columns).expect("the columns are there");
    let addresses: Vec<Vec<u8>> = decoded.profiles().map(|profile| profile.text(data::EMAIL).to_vec()).collect();

    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Bytes(csv.len() as u64));
    let count = |bytes: &[u8], format| {
        let mut records = 0;
        decode(bytes, format, &plan, &mut |profile| {
            black_box(profile);
            records += 1;
        });
        records
    };
    group.bench_function(BenchmarkId::new("decode", "csv"), |bencher| bencher.iter(|| count(&csv, Format::Csv)));
    group.bench_function("map and pack", |bencher| bencher.iter(|| map_and_pack(&decoded, &mut program)));
    group.bench_function("de-duplicate", |bencher| bencher.iter(|| deduplicate(&addresses)));
    group.bench_function(BenchmarkId::new("whole", "csv"), |bencher| bencher.iter(|| encode(&csv)));
    group.throughput(Throughput::Bytes(ndjson.len() as u64));
    group.bench_function(BenchmarkId::new("decode", "ndjson"), |bencher| {
        bencher.iter(|| count(&ndjson, Format::Ndjson))
    });
    group.bench_function(BenchmarkId::new("whole", "ndjson"), |bencher| bencher.iter(|| encode(&ndjson)));
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);

//! From bytes to batches, natively: `cargo bench`. The comparison with other packages is `npm --prefix js run bench`.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark may stop at a fault of its own")]

use activecampaign_export::export::{Advance, Encoder, EncoderOptions};
use activecampaign_export::plan::Plan;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const CHUNK_BYTES: usize = 256 * 1024;
const ROWS: usize = 20_000;

const SETTINGS: &[u8] = br#"{ "version": 1, "list": 4, "mapping": {
    "email": "EMail", "firstName": "FirstName", "lastName": "LastName", "phone": "Telephone",
    "fields": [{ "id": 1, "column": "City" }, { "id": 2, "column": "TotalSpend" }],
    "tags": [{ "column": "LoyaltyTier" }] } }"#;

fn rows() -> Vec<u8> {
    let mut csv = String::from("EMail,FirstName,LastName,Telephone,City,TotalSpend,LoyaltyTier\n");
    for row in 0..ROWS {
        let city = if row % 20 == 0 { "\"Krško, Slovenija\"" } else { "Ljubljana" };
        csv.push_str(&format!(
            "person.{row}@example.com,First{row},Last{row},+386 40 {:06},{city},{row}.25,gold\n",
            row % 1_000_000
        ));
    }
    csv.into_bytes()
}

fn encode(bytes: &[u8]) -> usize {
    let plan = Plan::parse(SETTINGS, None, &[]).expect("the settings are right");
    let mut encoder = Encoder::new(plan, EncoderOptions { seed: 7, reveal: false, count_only: true });
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
    let bytes = rows();
    let mut group = criterion.benchmark_group("encode");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("csv", |bencher| bencher.iter(|| encode(&bytes)));
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);

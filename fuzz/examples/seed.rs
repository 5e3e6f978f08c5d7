//! Writes the first inputs of every target to `corpus/`: from the fixtures in `tests/data`, and from runs made here.

use activecampaign_export::export::{Export, ExportOptions};
use activecampaign_export::time::Timestamp;
use activecampaign_export_fuzz::account::Listing;
use activecampaign_export_fuzz::input::Input;
use activecampaign_export_fuzz::run::Host;
use activecampaign_export_fuzz::script::Script;
use activecampaign_export_fuzz::{START, definition, resume, seal};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let data = here.join("../tests/data");
    let corpus = here.join("corpus");
    let mut total = 0;
    for (target, seeds) in [
        ("csv", sources(&data, "csv")?),
        ("ndjson", sources(&data, "ndjson")?),
        ("settings", settings()),
        ("checkpoint", checkpoints(&data)?),
        ("answers", answers(&data)?),
        ("words", words()),
    ] {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        total += seeds.len();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
    }
    assert!(total > 200, "only {total} seeds: are the fixtures there?");
    Ok(())
}

/// The files of a folder with one of these endings, sorted; none when there is no such folder.
fn files(folder: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if path.is_file() && (endings.is_empty() || endings.contains(&ending)) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Sources behind the bytes that choose: with the first column as the address, and with more of the mapping.
fn sources(data: &Path, ending: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for path in files(&data.join("source"), &[ending])? {
        let bytes = fs::read(path)?;
        seeds.push([&[0, 0, 1, 7][..], &bytes].concat());
        seeds.push([&[0xff, 0x81, 3, 1, 0, 64][..], &bytes].concat());
    }
    let contoso = fs::read(data.join("contoso/contacts.csv"))?;
    let some: Vec<u8> = contoso.split_inclusive(|byte| *byte == b'\n').take(12).flatten().copied().collect();
    // `EMail` is the seventh column.
    seeds.push([&[0x37, 6, 2, 100, 33][..], &some].concat());
    let profiles: [&[u8]; 2] = match ending {
        "csv" => [b"e,b,c,d\n\x1c\x60u\x1a@e.org,A,1,x\n\x1d", b"e,b,c,d\n\x1c\x40u\x1a@e.org,\x1b,yes,\x1b\n\x1d"],
        _ => [
            b"\x1c\x60{\"e\":\"u\x1a@e.org\",\"b\":[1],\"c\":\"A\",\"d\":2}\n\x1d",
            b"\x1c\x40{\"e\":\"u\x1a@e.org\",\"b\":\"\x1b\",\"c\":true,\"d\":\"\x1b\"}\n\x1d",
        ],
    };
    for source in profiles {
        seeds.push([&[0x07, 0, 2, 200, 91][..], source].concat());
    }
    Ok(seeds)
}

fn settings() -> Vec<Vec<u8>> {
    let rich = json!({
        "$schema": "x", "version": 1, "name": "Gold", "host": "acme.api-us1.com", "list": "4", "mode": "add",
        "source": { "format": "csv", "delimiter": ";", "blank": ["NULL", "-"] }, "automations": "run",
        "mapping": {
            "id": "Id", "email": { "template": "{Local}@{Domain}" }, "firstName": { "column": "A" },
            "fields": [{ "field": "Points", "column": "P" }, { "id": 3, "column": "B", "dateOrder": "dmy" },
                       { "field": "%LIKES%", "template": "{A} {{x}}", "separator": "|" }],
            "tags": ["T", { "column": "C", "prefix": "tier: ", "separator": "," }],
            "consent": { "column": "Ok", "values": ["Yes"] }, "subscribe": { "column": "No", "negated": true }
        }
    });
    let wrong = json!({
        "version": 2, "nam": "", "host": "https://acme.api-us1.com/", "list": 0, "mode": "mirror",
        "source": { "format": "xml", "delimiter": "::", "blank": 1 }, "automations": "perhaps",
        "mapping": { "email": {}, "phone": [], "fields": [{ "id": 99, "field": "x", "column": " " }, 7],
                     "tags": [""], "consent": { "column": "A", "values": ["x"], "negated": true } }
    });
    let account = json!({
        "lists": [{ "id": 4, "name": "N", "activeSubscribers": 3 }],
        "fields": [{ "id": "1", "title": "Points", "perstag": "P", "type": "number", "options": ["a"] }],
        "tags": [{ "id": 1, "name": "T" }]
    })
    .to_string();
    let mut seeds = Vec::new();
    for definition in [definition(), rich, wrong, json!([]), json!({ "version": 1, "list": 4 })] {
        let text = definition.to_string();
        for flags in [0, 1, 5] {
            seeds.push([&[flags][..], text.as_bytes()].concat());
        }
        let length = u16::try_from(account.len()).expect("a short schema").to_le_bytes();
        seeds.push([&[3][..], &length, account.as_bytes(), text.as_bytes()].concat());
    }
    seeds
}

/// The states of a few runs, as bodies to be sealed, and the fixtures as they stand.
fn checkpoints(data: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    // Silences and failures leave batches in every stage.
    let troubles: [&[u8]; 4] =
        [b"", b"\x00\x01\x01\x01\x00\x01", b"\x02\x13\x00\x02\x13\x00\x01\x02\x0e\x00", &[1; 14]];
    for (number, source) in (0_u8..).zip(resume::SOURCES.iter()) {
        for (trouble, listing) in troubles.into_iter().zip([Listing::All, Listing::None, Listing::Nobody, Listing::All])
        {
            let mut script = Script::new(Input::new(trouble));
            script.account.listing = listing;
            let keep = Some(seal::keep());
            let options = ExportOptions { seed: 1, reveal: false, source_bytes: Some(source.len() as u64), keep };
            let mut export = Export::new(resume::plan(), options, None, Timestamp::from_millis(START));
            let mut host = Host::new(script, source);
            host.states = Some(Vec::new());
            host.drive(&mut export);
            let states = host.states.unwrap_or_default();
            let every = states.len().div_ceil(6).max(1);
            for (checkpoint, log) in states.iter().step_by(every).chain(states.last()) {
                let length = u16::try_from(log.len()).expect("a short log").to_le_bytes();
                seeds.push([&[0, number, 0, number, 0][..], &length, log, seal::body(checkpoint)].concat());
            }
        }
    }
    for path in files(&data.join("checkpoint"), &[])? {
        seeds.push([&[resume::AS_IT_STANDS, 0, 0, 0, 0, 0, 0][..], &fs::read(path)?].concat());
    }
    Ok(seeds)
}

/// One answer of a script: kind, status, no header, length, body.
fn answer(status: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len().min(511);
    let kind = if length > 255 { 0x13 } else { 0x03 };
    let low = u8::try_from(length % 256).unwrap_or_default();
    [&[kind, status, 0, low][..], &body[..length]].concat()
}

fn answers(data: &Path) -> io::Result<Vec<Vec<u8>>> {
    let own = br#"{"success":1,"batchId":"b"}"#;
    let scripts: [&[(u8, &[u8])]; 12] = [
        &[(0, own), (0, br#"{"status":"completed","success":["7"],"failure":["U"]}"#)],
        &[(8, br#"{"success":0,"failureReasons":[{"contact":1,"failureReason":"bad"},{"contact":"2"}]}"#)],
        &[(8, br#"{"failureReasons":["Rate limit exceeded."]}"#), (17, b"{}"), (0, own)],
        &[(8, br#"{"message":"no","errors":[{"title":"t","detail":"d"}]}"#), (14, b"")],
        &[(0, own), (0, br#"{"status":false}"#), (0, br#"{"status":"failed"}"#), (12, b""), (0, own)],
        &[(0, own), (0, br#"{"status":"completed","success":[],"failure":[]}"#), (0, br#"{"contacts":[]}"#)],
        &[(0, b"<html></html>"), (0, b"<html></html>"), (0, br#"{"user":{"username":"a"}}"#)],
        &[(11, b"{}"), (0, own), (11, b"{}"), (9, b"")],
        &[(18, b""), (19, b""), (20, b""), (21, b""), (18, b"")],
        &[(0, br#"{"Success":3,"batchId":"x"}"#), (0, br#"{"status":"completed","failure":["a@b.c"]}"#)],
        &[(0, br#"{"user":{"username":"a"}}"#), (0, br#"{"lists":[{"id":"4"}],"meta":{"total":"2"}}"#)],
        &[
            (0, br#"{"user":{}}"#),
            (0, br#"{"lists":[]}"#),
            (0, br#"{"fields":[{"id":1}],"fieldOptions":[{"field":1,"value":"v"}]}"#),
        ],
    ];
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for script in scripts {
        bodies.push(script.iter().flat_map(|(status, body)| answer(*status, body)).collect());
    }
    // The address of the first contact stands where a U stood.
    bodies[0].iter_mut().filter(|byte| **byte == b'U').for_each(|byte| *byte = 1);
    bodies.push(answer(0, b"{\"success\":1,\"batchId\":\"b\x03\"}"));
    bodies.push(
        [answer(0, own), answer(0, b"{\"status\":\"completed\",\"success\":[\x1c\x0a\"\x1a\",\x1d\"0\"]}")].concat(),
    );
    for path in files(&data.join("recordings"), &["json"])? {
        let recorded: Value = serde_json::from_slice(&fs::read(path)?)?;
        let responses = recorded.as_array().into_iter().flatten().map(|interaction| &interaction["response"]["body"]);
        bodies.push(responses.flat_map(|body| answer(0, body.to_string().as_bytes())).collect());
    }
    let heads: [[u8; 3]; 6] = [[0, 3, 0], [2, 1, 0], [0xc1, 0, 0], [0x58, 20, 9], [0x94, 255, 0], [0xe2, 12, 0]];
    Ok(bodies.iter().flat_map(|body| heads.map(|head| [&head[..], body].concat())).collect())
}

fn words() -> Vec<Vec<u8>> {
    let hosts = [
        "acme.api-us1.com",
        "acme.activehosted.com",
        "https://acme.api-us1.com/admin",
        "user@acme.api-us1.com",
        "acme.api-us1.com:8080",
        "evilapi-us1.com",
        "a.b.api-us1.com",
        "127.1",
        "0x7f.1",
        "[::1]",
        "xn--a.api-us1.com",
        "ACME.api-us1.com",
        "acme.api-us1.com.",
        "localhost",
        "acme.api-us1.com#x",
        "\u{ff41}cme.api-us1.com",
    ];
    let times =
        ["5", " 120 ", "99999999999999999999", "Sun, 06 Nov 1994 08:49:37 GMT", "Thu, 31 Dec 2099 23:59:60 GMT"];
    let mut seeds: Vec<Vec<u8>> = hosts.iter().map(|host| [&[0][..], host.as_bytes()].concat()).collect();
    seeds.push(b"\x01acme".to_vec());
    for choice in [2, 3, 67] {
        seeds.extend(times.iter().map(|time| [&[choice][..], time.as_bytes()].concat()));
    }
    seeds
}

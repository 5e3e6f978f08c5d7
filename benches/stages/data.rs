//! Rows in the shape of the benchmark job (js/bench/data.mjs): fewer kinds of mess, at the same rates.

use std::fmt::Write;

pub(crate) const COLUMNS: [&str; 12] = [
    "CustomerId",
    "FullName",
    "FirstName",
    "LastName",
    "EMail",
    "Telephone",
    "Birthdate",
    "City",
    "Country",
    "LoyaltyTier",
    "TotalSpend",
    "Consent",
];

/// The column of the address.
pub(crate) const EMAIL: usize = 4;

const FIRST: [&str; 8] = ["Ann", "José", "Laura", "太郎", "Иван", "Chloé", "Peter", "Maria"];
const LAST: [&str; 8] = ["Smith", "Müller", "Novak", "佐藤", "Иванов", "García", "Brown", "Larsen"];
const CITIES: [&str; 8] = ["Berlin", "Zürich", "New York", "São Paulo", "東京", "London", "Kraków", "Washington, D.C."];
const TIERS: [&str; 4] = ["gold", "silver", "bronze", "basic"];

/// A small generator: the same rows on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // splitmix64: https://prng.di.unimi.it/splitmix64.c
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.next()).unwrap_or(0) % list.len();
        list.get(index).copied().unwrap_or_default()
    }

    /// Whether something happens that does in so many of a hundred rows.
    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}

fn rows(count: usize, each: &mut dyn FnMut(&[String; 12])) {
    let mut random = Random(0x5eed);
    for row in 0..count {
        let (first, last) = (random.pick(&FIRST), random.pick(&LAST));
        let id = (random.next(), random.next());
        let address = match random.below(100) {
            0..2 => String::new(),
            2..5 => format!("person.{row}@localhost"),
            5..8 => format!("person.{}@example.com", row / 2),
            8..12 => format!(" Person.{row}@Example.COM "),
            _ => format!("person.{row}@mail.example.net"),
        };
        let telephone = match random.below(4) {
            0 => format!("+1 (555) 010-{:04}", random.below(10_000)),
            1 => format!("0049 30 {:07}", random.below(10_000_000)),
            2 => "n/a".to_owned(),
            _ => format!("555{:07}", random.below(10_000_000)),
        };
        let filled = |text: String, blank: bool| if blank { String::new() } else { text };
        each(&[
            format!(
                "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
                id.0 >> 32,
                id.0 & 0xffff,
                id.1 >> 52,
                id.1 & 0xfff,
                id.1 >> 16
            ),
            if random.percent(20) { format!("{last}, {first}") } else { format!("{first} {last}") },
            if random.percent(3) { format!(" {first} ") } else { first.to_owned() },
            filled(last.to_owned(), random.percent(4)),
            address,
            telephone,
            format!("{}-{:02}-{:02}", 1940 + random.below(66), 1 + random.below(12), 1 + random.below(28)),
            filled(random.pick(&CITIES).to_owned(), random.percent(4)),
            "Germany".to_owned(),
            filled(random.pick(&TIERS).to_owned(), random.percent(7)),
            filled(format!("{}.{}", random.below(2000), 1 + random.below(9)), random.percent(6)),
            random.percent(68).to_string(),
        ]);
    }
}

pub(crate) fn csv(count: usize) -> Vec<u8> {
    let mut text = COLUMNS.join(",") + "\n";
    rows(count, &mut |cells| {
        let quoted = cells.each_ref().map(|cell| {
            if cell.contains(['"', ',', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
        });
        text.push_str(&quoted.join(","));
        text.push('\n');
    });
    text.into_bytes()
}

pub(crate) fn ndjson(count: usize) -> Vec<u8> {
    let mut text = String::new();
    rows(count, &mut |cells| {
        for ((column, cell), opening) in
            COLUMNS.iter().zip(cells).zip(std::iter::once('{').chain(std::iter::repeat(',')))
        {
            // Neither a quote nor a backslash comes up in these rows.
            let value = match *column {
                "TotalSpend" if cell.is_empty() => "null".to_owned(),
                "TotalSpend" | "Consent" => cell.clone(),
                _ => format!("\"{cell}\""),
            };
            let _ = write!(text, "{opening}\"{column}\":{value}");
        }
        text.push_str("}\n");
    });
    text.into_bytes()
}

// Input of the benchmark job : deterministic, the same rows as CSV and as NDJSON.
// A file of fewer rows is a prefix of a file of more rows.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

/** Raise it whenever the recipe changes: it is part of the file's name. */
export const DATA_VERSION = 1;

export const COLUMNS = [
  "CustomerId", "FullName", "FirstName", "LastName", "EMail", "Telephone",
  "Birthdate", "City", "Country", "LoyaltyTier", "TotalSpend", "Consent",
];

export const DATA_DIRECTORY = fileURLToPath(new URL("../../target/bench/", import.meta.url));

const SEED = 0x5eedac01;
const WRITE_AT = 4 * 1024 * 1024;
const KNOWN_ADDRESSES = 1 << 16;

// Name as written, and the form an address uses.
const ASCII_FIRST = pairs("Ann Ben Carla David Emma Frank Grace Henry Iris Jack Karen Leo Maria Noah Olivia Paul Quinn Rosa Sam Tina Uma Victor Wendy Xavier Yara Zoe Laura Peter Nina Oscar Linda Mark Eva Tom Julia Adam Sara Erik Amy Max");
const ASCII_LAST = pairs("Smith Jones Brown Miller Davis Wilson Moore Taylor White Harris Clark Lewis Young King Wright Hill Green Adams Baker Hall Rossi Silva Costa Meyer Weber Koch Bauer Novak Jansen Bakker Larsen Berg Martin Petit Roux Moreau Rao Singh Khan Patel");
const ACCENT_FIRST = pairs("José:jose Zoë:zoe Jürgen:juergen André:andre Łukasz:lukasz Åsa:asa Björn:bjoern Chloé:chloe Inés:ines Márta:marta Çağla:cagla Søren:soeren");
const ACCENT_LAST = pairs("Müller:mueller García:garcia Núñez:nunez Škoda:skoda Ångström:angstrom Lefèvre:lefevre Dvořák:dvorak Kovács:kovacs Jørgensen:jorgensen Yılmaz:yilmaz Gonçalves:goncalves Weiß:weiss");
const CJK_FIRST = pairs("太郎:taro 花子:hanako 伟:wei 芳:fang 민준:minjun 서연:seoyeon");
const CJK_LAST = pairs("佐藤:sato 鈴木:suzuki 王:wang 李:li 김:kim 박:park");
const CYRILLIC_FIRST = pairs("Иван:ivan Ольга:olga Анна:anna Дмитрий:dmitry Юлия:yulia");
const CYRILLIC_LAST = pairs("Иванов:ivanov Петрова:petrova Смирнов:smirnov Шевченко:shevchenko Кузнецов:kuznetsov");

const DOMAINS = words("example.com example.org mail.example.net example.eu example.co.uk my-mail.example.com a1.example.io example.info post.example.de example.fr");
const CITIES = ["Berlin", "London", "Paris", "Madrid", "Rome", "Vienna", "Dublin", "Oslo", "Boston", "Austin", "Denver", "Seattle", "Toronto", "Sydney", "Lagos", "Cairo", "Mumbai", "Lima", "Chicago", "Lisbon", "New York", "Fort Worth", "West Covina", "Cape Town"];
const ACCENT_CITIES = ["Zürich", "München", "São Paulo", "Kraków", "Malmö", "Córdoba", "Besançon", "İzmir", "東京", "上海", "서울", "Москва", "Київ"];
const COUNTRIES = ["USA", "Germany", "France", "Spain", "Italy", "UK", "Japan", "Norway", "Ireland", "Canada", "Brazil", "India", "México", "Österreich", "日本", "Україна"];
const TIERS = ["gold", "silver", "bronze", "basic", "platinum", "gold plus"];
const NICKNAMES = ["Bob", "Ace", "Mimi", "JR", "Kit"];

function words(text) {
  return text.split(" ");
}

function pairs(text) {
  return words(text).map((word) => {
    const [written, plain] = word.split(":");
    return { written, plain: plain ?? written.toLowerCase() };
  });
}

/** sfc32: small, fast, and with a period that no file reaches. */
function generator(seed) {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let d = 1;
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 16; i++) next();
  return next;
}

const HEX4 = Array.from({ length: 65536 }, (_, n) => n.toString(16).padStart(4, "0"));
const TWO = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, "0"));

/** Calls `each` with the twelve cells of every row as text, unquoted, in an array that is used again. */
export function generateRows(rows, each) {
  const random = generator(SEED);
  const below = (n) => Math.floor((random() / 4294967296) * n);
  const pick = (list) => list[below(list.length)];
  const digits = (n) => {
    let text = "";
    for (let i = 0; i < n; i++) text += below(10);
    return text;
  };
  const four = () => HEX4[random() >>> 16];
  const known = [];
  const cells = Array.from({ length: COLUMNS.length }, () => "");

  const phone = () => {
    const shape = below(100);
    if (shape < 5) return "";
    if (shape < 10) {
      switch (below(10)) {
        case 0: return "n/a";
        case 1: return "unknown";
        case 2: return digits(5);
        case 3: return `555.010.${digits(4)}x${digits(3)}`;
        case 4: return `+49 30 ${digits(12)}`;
        case 5: return `++49${digits(8)}`;
        case 6: return `tel:+1555${digits(7)}`;
        case 7: return `555-${digits(3)} ext. ${digits(2)}`;
        case 8: return `+49+30${digits(7)}`;
        default: return "-";
      }
    }
    const area = 200 + below(700);
    switch (below(10)) {
      case 0: return `+1${area}555${digits(4)}`;
      case 1: return `(${area}) 555-${digits(4)}`;
      case 2: return `${area}-555-${digits(4)}`;
      case 3: return `${area}.555.${digits(4)}`;
      case 4: return `0049 30 ${digits(7)}`;
      case 5: return `+49 (0)30/${digits(6)}`;
      case 6: return `030/${digits(7)}`;
      case 7: return `00${1 + below(9)}${digits(9)}`;
      case 8: return `+33 1 ${digits(2)} ${digits(2)} ${digits(2)} ${digits(2)}`;
      default: return `${area}555${digits(4)}`;
    }
  };

  const malformed = (local) => {
    switch (below(16)) {
      case 0: return `${local}.example.com`;
      case 1: return `${local}@mail@example.com`;
      case 2: return `${local} x@example.com`;
      case 3: return `${local}@exa mple.com`;
      case 4: return `${local}.@example.com`;
      case 5: return `${local}@example.com.`;
      case 6: return `${local}..x@example.com`;
      case 7: return `.${local}@example.com`;
      case 8: return `${local} <${local}@example.com>`;
      case 9: return `${local},x@example.com`;
      case 10: return `jos\u00e9.${local}@example.com`;
      case 11: return `${local}@example.c`;
      case 12: return `${local}@localhost`;
      case 13: return `${local}@-example.com`;
      case 14: return `${local}@example-.com`;
      default: return `${local.padEnd(65, "x")}@example.com`;
    }
  };

  const address = (row, first, last) => {
    const kind = below(1000);
    if (kind < 20) return kind < 10 ? "" : "  ";
    // The row number keeps the address unlike every other; the odd multiplier spreads neighbours.
    const number = (Math.imul(row, 0x2545f491) >>> 0).toString(36);
    let local;
    switch (below(8)) {
      case 0: local = `${first.plain}_${number}`; break;
      case 1: local = `${first.plain}+${number}`; break;
      case 2: local = `${last.plain}-${number}`; break;
      case 3: local = `${first.plain[0]}.${last.plain}.${number}`; break;
      default: local = `${first.plain}.${number}`;
    }
    let text;
    if (kind < 50) {
      text = malformed(local);
    } else if (kind < 85 && known.length > 0) {
      text = pick(known);
    } else {
      text = `${local}@${pick(DOMAINS)}`;
      if (known.length < KNOWN_ADDRESSES) known.push(text);
      else known[below(KNOWN_ADDRESSES)] = text;
    }
    const dress = below(100);
    if (dress < 5) text = text[0].toUpperCase() + text.slice(1);
    else if (dress < 8) text = text.toUpperCase();
    const spaces = below(100);
    if (spaces < 2) text = ` ${text}`;
    else if (spaces < 4) text = `${text}  `;
    return text;
  };

  const spaced = (text) => {
    const spaces = below(100);
    return spaces < 2 ? ` ${text}` : spaces < 4 ? `${text} ` : spaces < 5 ? `  ${text} ` : text;
  };

  for (let row = 1; row <= rows; row++) {
    const script = below(100);
    const [firsts, lasts] =
      script < 76 ? [ASCII_FIRST, ASCII_LAST]
        : script < 90 ? [ACCENT_FIRST, ACCENT_LAST]
          : script < 95 ? [CJK_FIRST, CJK_LAST]
            : [CYRILLIC_FIRST, CYRILLIC_LAST];
    const first = pick(firsts);
    const last = pick(lasts);

    cells[0] = below(100) < 1 ? "" : `${four()}${four()}-${four()}-${four()}-${four()}-${four()}${four()}${four()}`;

    const full = below(100);
    cells[1] =
      full < 3 ? `${last.written}, ${first.written}`
        : full < 5 ? `${first.written} "${pick(NICKNAMES)}" ${last.written}`
          : full < 6 ? `${first.written}\n${last.written}`
            : full < 7 ? `${first.written}\r\n${last.written}`
              : full < 8 ? `"${first.written}"`
                : full < 12 ? ""
                  : `${first.written} ${last.written}`;

    const called = below(100);
    cells[2] = called < 4 ? "" : called < 5 ? `${first.written} "${pick(NICKNAMES)}"` : spaced(first.written);
    const family = below(100);
    cells[3] = family < 4 ? "" : family < 5 ? `${last.written}, Jr.` : spaced(last.written);
    cells[4] = address(row, first, last);
    cells[5] = phone();

    const born = below(100);
    const year = 1940 + below(66);
    const month = 1 + below(12);
    const day = 1 + below(28);
    cells[6] = born < 5 ? "" : born < 10 ? `${month}/${day}/${year}` : `${year}-${TWO[month]}-${TWO[day]}`;

    const town = below(100);
    cells[7] = town < 4 ? "" : town < 6 ? "Washington, D.C." : town < 16 ? spaced(pick(ACCENT_CITIES)) : spaced(pick(CITIES));
    cells[8] = below(100) < 3 ? "" : pick(COUNTRIES);
    cells[9] = below(100) < 7 ? "" : pick(TIERS);
    cells[10] = below(100) < 6 ? "" : String(below(200000) / 100);
    cells[11] = below(100) < 68 ? "true" : "false";
    each(cells);
  }
}

const NEEDS_QUOTES = /[",\r\n]/;

function csvLine(cells) {
  let line = "";
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i];
    if (i > 0) line += ",";
    line += NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  }
  return `${line}\n`;
}

// Same keys; a blank LoyaltyTier is a missing key, a blank TotalSpend is null.
function ndjsonLine(cells) {
  const object = {};
  for (let i = 0; i < COLUMNS.length; i++) {
    if (i === 9 && cells[i] === "") continue;
    object[COLUMNS[i]] =
      i === 10 ? (cells[i] === "" ? null : Number(cells[i]))
        : i === 11 ? cells[i] === "true"
          : cells[i];
  }
  return `${JSON.stringify(object)}\n`;
}

/** The path of the file of `rows` rows; written when it is not there yet. `format`: "csv" or "ndjson". */
export function dataFile(rows, format = "csv", directory = DATA_DIRECTORY) {
  if (format !== "csv" && format !== "ndjson") throw new Error(`unknown format ${format}`);
  const file = path.join(directory, `customers-v${DATA_VERSION}-${rows}.${format}`);
  if (existsSync(file)) return file;
  mkdirSync(directory, { recursive: true });
  const unfinished = `${file}.${process.pid}.part`;
  const descriptor = openSync(unfinished, "w");
  try {
    let text = format === "csv" ? `${COLUMNS.join(",")}\n` : "";
    const line = format === "csv" ? csvLine : ndjsonLine;
    generateRows(rows, (cells) => {
      text += line(cells);
      if (text.length >= WRITE_AT) {
        writeAll(descriptor, text);
        text = "";
      }
    });
    writeAll(descriptor, text);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(unfinished, file);
  return file;
}

function writeAll(descriptor, text) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

// What a patient engineer reaches in plain JavaScript for this one job: bodies by concatenation (not by templates,
// which make ropes within ropes). csv/, ndjson/ and objects/ feed it, each in its own way.
// Shares nothing with job.mjs: the row rules are written a second time, so the two check each other.
import { isUtf8 } from "node:buffer";

const BATCH = 250;
const BODY_LIMIT = 399_999;
const HEAD = '{"contacts":[';
const TAIL = '],"exclude_automations":true}';

// Classes of the characters of an address.
const ATOM = 1;
const LETTER = 2;
const DIGIT = 4;
const CLASS = new Uint8Array(128);
for (const character of "!#$%&'*+/=?^_`{|}~-") CLASS[character.charCodeAt(0)] = ATOM;
for (let code = 97; code <= 122; code++) CLASS[code] = ATOM | LETTER;
for (let code = 48; code <= 57; code++) CLASS[code] = ATOM | DIGIT;

const ESCAPABLE = /[^ !#-[\]-\uffff]/;

function valid(address) {
  const { length } = address;
  if (length > 254) return false;
  let at = 0;
  let dotAllowed = false;
  for (; ; at++) {
    if (at === length) return false;
    const code = address.charCodeAt(at);
    if (code > 127) return false;
    if ((CLASS[code] & ATOM) !== 0) {
      dotAllowed = true;
    } else if (code === 46) {
      if (!dotAllowed) return false;
      dotAllowed = false;
    } else if (code === 64) {
      break;
    } else {
      return false;
    }
  }
  if (!dotAllowed || at > 64) return false;

  let label = at + 1;
  let letters = true;
  for (let i = label; ; i++) {
    const code = i < length ? address.charCodeAt(i) : 46;
    if (code > 127) return false;
    if ((CLASS[code] & LETTER) !== 0) continue;
    if (code === 46) {
      const size = i - label;
      if (size === 0 || size > 63 || address.charCodeAt(label) === 45 || address.charCodeAt(i - 1) === 45) return false;
      if (i === length) return letters && size >= 2 && label > at + 1;
      label = i + 1;
      letters = true;
    } else if ((CLASS[code] & DIGIT) !== 0 || code === 45) {
      letters = false;
    } else {
      return false;
    }
  }
}

function phoneOf(text) {
  let phone = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) continue;
    if (code === 32 || code === 45 || code === 40 || code === 41 || code === 46 || code === 47) {
      if (i > from) phone += text.slice(from, i);
      from = i + 1;
    } else if (code !== 43) {
      return "";
    } else if (i > from || phone !== "") {
      return "";
    }
  }
  phone = from === 0 ? text : phone + text.slice(from);
  if (phone.charCodeAt(0) === 48 && phone.charCodeAt(1) === 48) {
    if (phone.charCodeAt(2) === 43) return "";
    phone = `+${phone.slice(2)}`;
  }
  const digits = phone.charCodeAt(0) === 43 ? phone.length - 1 : phone.length;
  return digits >= 7 && digits <= 15 ? phone : "";
}

function quoted(json, text, clean) {
  return clean || !ESCAPABLE.test(text) ? json + '"' + text + '"' : json + JSON.stringify(text);
}

// Writing into room that is there and copying out takes half the time of Buffer.from, which measures first.
const room = Buffer.allocUnsafeSlow(1 << 20);

/** Text as JavaScript has it. */
export const UNICODE = {
  decode: (bytes, end) => bytes.toString("utf8", 0, end),
  encode: (text) =>
    text.length * 3 > room.length ? Buffer.from(text) : Buffer.from(room.subarray(0, room.write(text))),
  trim(text) {
    if (text === "") return text;
    const first = text.charCodeAt(0);
    const last = text.charCodeAt(text.length - 1);
    return first <= 32 || first > 127 || last <= 32 || last > 127 ? text.trim() : text;
  },
  // A copy in any case: a slice in the set of addresses would keep its chunk alive.
  lower: (text) => text.toLowerCase(),
};

// The first and the last bytes of the whitespace that JavaScript trims beyond ASCII.
const SPACE_FIRST = new Uint8Array(256);
const SPACE_LAST = new Uint8Array(256);
for (const space of "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff") {
  const bytes = Buffer.from(space);
  SPACE_FIRST[bytes[0]] = 1;
  SPACE_LAST[bytes.at(-1)] = 1;
}

const BEYOND_ASCII = /[\u0080-\u00ff]/;
const unicodeOf = (text) => Buffer.from(text, "latin1").toString();

/**
 * The bytes of UTF-8, each as one Latin-1 character: strings of half the size, and neither decoding nor encoding.
 * JSON escapes nothing beyond ASCII, so only trimming and lower-casing must know better.
 */
export const BYTES = {
  decode(bytes, end) {
    const part = bytes.subarray(0, end);
    return (isUtf8(part) ? part : Buffer.from(part.toString())).latin1Slice();
  },
  encode: (text) =>
    text.length > room.length ? Buffer.from(text, "latin1") : Buffer.from(room.subarray(0, room.latin1Write(text))),
  trim(text) {
    if (text === "") return text;
    const first = text.charCodeAt(0);
    const last = text.charCodeAt(text.length - 1);
    if (first > 32 && last > 32 && SPACE_FIRST[first] === 0 && SPACE_LAST[last] === 0) return text;
    return BEYOND_ASCII.test(text) ? Buffer.from(unicodeOf(text).trim()).latin1Slice() : text.trim();
  },
  lower: (text) => (BEYOND_ASCII.test(text) ? unicodeOf(text) : text).toLowerCase(),
};

/** The contact, whose address is valid. `clean`: no cell holds what JSON escapes. */
function contactOf(email, cells, trim, clean) {
  // A valid address and a phone hold nothing that JSON escapes.
  let json = '{"email":"' + email + '"';
  let value = trim(cells[2]);
  if (value !== "") json = quoted(json + ',"first_name":', value, clean);
  value = trim(cells[3]);
  if (value !== "") json = quoted(json + ',"last_name":', value, clean);
  value = phoneOf(cells[5]);
  if (value !== "") json += ',"phone":"' + value + '"';
  let fields = ',"fields":[{"id":';
  value = trim(cells[0]);
  if (value !== "") {
    json = quoted(json + fields + '1,"value":', value, clean);
    fields = '},{"id":';
  }
  value = trim(cells[6]);
  if (value !== "") {
    json = quoted(json + fields + '2,"value":', value, clean);
    fields = '},{"id":';
  }
  value = trim(cells[7]);
  if (value !== "") {
    json = quoted(json + fields + '3,"value":', value, clean);
    fields = '},{"id":';
  }
  value = trim(cells[8]);
  if (value !== "") {
    json = quoted(json + fields + '4,"value":', value, clean);
    fields = '},{"id":';
  }
  value = trim(cells[10]);
  if (value !== "") {
    json = quoted(json + fields + '5,"value":', value, clean);
    fields = '},{"id":';
  }
  if (fields === '},{"id":') json += "}]";
  value = trim(cells[9]);
  if (value !== "") json = quoted(json + ',"tags":[', value, clean) + "]";
  return json + (cells[11] === "true" ? ',"subscribe":[{"listid":4}]}' : "}");
}

/**
 * Rows to bodies: fill `cells`, then `take`; FullName is not used. Closures, not a class: the fields of a class cost a
 * twentieth of a run.
 */
export function contactsTo(sink, form) {
  const { trim, lower } = form;
  const cells = ["", "", "", "", "", "", "", "", "", "", "", ""];
  const accepted = new Set();
  let row = 0;
  let contacts = [];

  const send = (list) => {
    let json = HEAD + list[0];
    for (let i = 1; i < list.length; i++) json += "," + list[i];
    const body = form.encode(json + TAIL);
    if (body.length <= BODY_LIMIT || list.length === 1) {
      sink.body(body);
      return;
    }
    const half = list.length >> 1;
    send(list.slice(0, half));
    send(list.slice(half));
  };

  /** `clean`: no cell holds what JSON escapes. */
  const take = (clean) => {
    row += 1;
    const email = lower(trim(cells[4]));
    if (email === "") {
      sink.refuse(row, "missing_email");
      return;
    }
    if (!valid(email)) {
      sink.refuse(row, "invalid_email");
      return;
    }
    const before = accepted.size;
    if (accepted.add(email).size === before) {
      sink.refuse(row, "duplicate_email");
      return;
    }
    if (contacts.push(contactOf(email, cells, trim, clean)) === BATCH) {
      send(contacts);
      contacts = [];
    }
  };

  const end = () => {
    if (contacts.length > 0) send(contacts);
  };
  return { cells, take, end };
}

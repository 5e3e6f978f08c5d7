// The benchmark job as every JavaScript candidate shares it, the hand-tuned one excepted.

export const MAX_CONTACTS = 250;
export const MAX_BYTES = 399_999;

export const MISSING = "missing_email";
export const INVALID = "invalid_email";
export const DUPLICATE = "duplicate_email";

const ATOM = "[a-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const ADDRESS = new RegExp(`^${ATOM}(?:\\.${ATOM})*@(?:${LABEL}\\.)+[a-z]{2,63}$`);

/** 9.3, for an address that is trimmed and lower-cased. */
export function isAddress(address) {
  return address.length <= 254 && ADDRESS.test(address) && address.indexOf("@") <= 64;
}

const PHONE_NOISE = /[ ()./-]+/g;
const PHONE = /^\+?[0-9]{7,15}$/;

/** The phone as it is sent; "" when there is none. */
export function phoneOf(cell) {
  if (cell === "" || (PHONE.test(cell) && !cell.startsWith("00"))) return cell;
  let phone = cell.replace(PHONE_NOISE, "");
  if (phone.startsWith("00")) phone = `+${phone.slice(2)}`;
  return PHONE.test(phone) ? phone : "";
}

/** A missing key and null are blank; numbers and booleans are what `String` makes of them. */
export function textOf(value) {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : String(value);
}

// `trim` leaves JavaScript for the runtime: only for a text whose ends may be whitespace.
function trimmed(text) {
  const { length } = text;
  if (length === 0) return text;
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(length - 1);
  return first > 32 && first < 128 && last > 32 && last < 128 ? text : text.trim();
}

// Writing into room that is there and copying out takes half the time of Buffer.from, which measures first.
const room = Buffer.allocUnsafeSlow(1 << 20);

function encoded(text) {
  return text.length * 3 > room.length ? Buffer.from(text) : Buffer.from(room.subarray(0, room.write(text)));
}

export class Job {
  #sink;
  #row = 0;
  #accepted = new Set();
  #contacts = [];
  #batch;

  /** `batch`: contacts of a full body. */
  constructor(sink, batch = MAX_CONTACTS) {
    this.#sink = sink;
    this.#batch = batch;
  }

  /** One row, header not counted, by its cells in the order of the columns (FullName is not used). */
  row(customerId, firstName, lastName, email, telephone, birthdate, city, country, loyaltyTier, totalSpend, consent) {
    const row = ++this.#row;
    const address = trimmed(email).toLowerCase();
    if (address === "") {
      this.#sink.refuse(row, MISSING);
      return;
    }
    if (!isAddress(address)) {
      this.#sink.refuse(row, INVALID);
      return;
    }
    const known = this.#accepted;
    const before = known.size;
    known.add(address);
    if (known.size === before) {
      this.#sink.refuse(row, DUPLICATE);
      return;
    }

    const contact = { email: address };
    const first = trimmed(firstName);
    if (first !== "") contact.first_name = first;
    const last = trimmed(lastName);
    if (last !== "") contact.last_name = last;
    const phone = phoneOf(telephone);
    if (phone !== "") contact.phone = phone;

    const fields = [];
    let value = trimmed(customerId);
    if (value !== "") fields.push({ id: 1, value });
    value = trimmed(birthdate);
    if (value !== "") fields.push({ id: 2, value });
    value = trimmed(city);
    if (value !== "") fields.push({ id: 3, value });
    value = trimmed(country);
    if (value !== "") fields.push({ id: 4, value });
    value = trimmed(totalSpend);
    if (value !== "") fields.push({ id: 5, value });
    if (fields.length > 0) contact.fields = fields;

    const tag = trimmed(loyaltyTier);
    if (tag !== "") contact.tags = [tag];
    if (consent === "true") contact.subscribe = SUBSCRIBE;

    if (this.#contacts.push(contact) === this.#batch) this.#flush();
  }

  /** A row as an array of the twelve cells. */
  cells(cells) {
    this.row(cells[0], cells[2], cells[3], cells[4], cells[5], cells[6], cells[7], cells[8], cells[9], cells[10], cells[11]);
  }

  /** A row as an object by column name, its values text. */
  record(record) {
    this.row(
      record.CustomerId, record.FirstName, record.LastName, record.EMail, record.Telephone, record.Birthdate,
      record.City, record.Country, record.LoyaltyTier, record.TotalSpend, record.Consent,
    );
  }

  /** A row as an object by column name, its values as JSON has them. */
  values(record) {
    this.row(
      textOf(record.CustomerId), textOf(record.FirstName), textOf(record.LastName), textOf(record.EMail),
      textOf(record.Telephone), textOf(record.Birthdate), textOf(record.City), textOf(record.Country),
      textOf(record.LoyaltyTier), textOf(record.TotalSpend), textOf(record.Consent),
    );
  }

  end() {
    if (this.#contacts.length > 0) this.#flush();
  }

  #flush() {
    this.#send(this.#contacts);
    this.#contacts = [];
  }

  #send(contacts) {
    const body = encoded(JSON.stringify({ contacts, exclude_automations: true }));
    if (body.length <= MAX_BYTES || contacts.length === 1) {
      this.#sink.body(body);
      return;
    }
    const half = contacts.length >> 1;
    this.#send(contacts.slice(0, half));
    this.#send(contacts.slice(half));
  }
}

const SUBSCRIBE = [{ listid: 4 }];

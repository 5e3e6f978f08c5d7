// Bodies of one contact each, told to a sink as the batches that the same contacts make: so that a candidate which
// makes one body a contact is held to the same bodies as the others.
import { MAX_BYTES, MAX_CONTACTS } from "./job.mjs";

const HEAD = '{"contacts":[';
const TAIL = '],"exclude_automations":true}';
const FRAME = HEAD.length + TAIL.length;

export class Rejoined {
  #sink;
  #single = [];

  constructor(sink) {
    this.#sink = sink;
  }

  get verifies() {
    return this.#sink.verifies;
  }

  refuse(row, reason) {
    this.#sink.refuse(row, reason);
  }

  body(bytes) {
    if (this.#single.push(bytes) === MAX_CONTACTS) this.end();
  }

  end() {
    if (this.#single.length > 0) this.#send(this.#single);
    this.#single = [];
  }

  #send(single) {
    let length = FRAME - 1;
    for (const bytes of single) length += bytes.length - FRAME + 1;
    if (length <= MAX_BYTES || single.length === 1) {
      // In a timed run the joining is not this candidate's work, only its bodies are.
      this.#sink.body(this.verifies ? joined(single) : { length });
      return;
    }
    const half = single.length >> 1;
    this.#send(single.slice(0, half));
    this.#send(single.slice(half));
  }
}

function joined(single) {
  const contacts = single.map((bytes) => bytes.toString("utf8", HEAD.length, bytes.length - TAIL.length));
  return Buffer.from(HEAD + contacts.join(",") + TAIL);
}

// What a candidate reports.
import { createHash } from "node:crypto";

export class Sink {
  bodies = 0;
  bytes = 0;
  largest = 0;
  refusals = {};
  wasmMemoryBytes = null;
  #digests;
  #pending = "";

  constructor(verify) {
    this.#digests = verify ? { bodies: createHash("sha256"), refusals: createHash("sha256") } : null;
  }

  /** Whether every refusal is wanted by row, in order; otherwise counts are enough. */
  get verifies() {
    return this.#digests !== null;
  }

  body(bytes) {
    const { length } = bytes;
    this.bodies += 1;
    this.bytes += length;
    if (length > this.largest) this.largest = length;
    if (this.#digests !== null) {
      // The length keeps the border between two bodies.
      this.#digests.bodies.update(`${length}\n`);
      this.#digests.bodies.update(bytes);
    }
  }

  refuse(row, reason) {
    this.refused(reason, 1);
    if (this.#digests !== null) {
      this.#pending += `${row}:${reason}\n`;
      if (this.#pending.length > 65536) this.#spill();
    }
  }

  /** Refusals by number only: for a candidate that learns no rows in a timed run. */
  refused(reason, count) {
    this.refusals[reason] = (this.refusals[reason] ?? 0) + count;
  }

  #spill() {
    this.#digests.refusals.update(this.#pending);
    this.#pending = "";
  }

  report() {
    const refusals = {};
    for (const reason of Object.keys(this.refusals).sort()) {
      if (this.refusals[reason] > 0) refusals[reason] = this.refusals[reason];
    }
    const report = {
      bodies: this.bodies,
      bytes: this.bytes,
      largest: this.largest,
      refusals,
      wasmMemoryBytes: this.wasmMemoryBytes,
    };
    if (this.#digests === null) return report;
    this.#spill();
    report.bodiesDigest = this.#digests.bodies.digest("hex");
    report.refusalsDigest = this.#digests.refusals.digest("hex");
    return report;
  }
}

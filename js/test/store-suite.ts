/**
 * What every store of a run must keep (js/src/store/contract.ts), as a function of the store: fences rise, a commit is
 * all or nothing, refused once a higher fence exists, the same one twice is one, and the last one is what is loaded.
 */
import { assert } from "chai";
import type { Claim, Commit, Rejection, RunStore } from "../src/types.js";
import type { Check } from "./checks.js";

/** A kind of store. */
export interface StoreUnderTest {
  name: string;
  /** A new place for one run, with nothing in it. */
  fresh(): Promise<Place>;
}

/** Where one run is kept. */
export interface Place {
  /** A store over this place, opened anew as another process, tab or object would; `restart` gives up what is kept. */
  open(options?: { restart?: boolean }): Promise<RunStore>;
  /** Lets the newest owner look dead: its claim has expired, though it never let go. */
  expire(): Promise<void>;
  /** The rejected rows as they are stored, first to last: of the run, or of the last one once it has ended. */
  rejections(): Promise<Rejection[]>;
  /** Removes the place. */
  close(): Promise<void>;
}

const rejection = (row: number): Rejection => ({ row, line: row + 1, offset: row * 10, rule: "email_missing", reason: "There is no e-mail address." });

interface Parts {
  log?: string;
  logBytes?: number;
  rejections?: Rejection[];
}

/** A state whose checkpoint is a text. */
function state(checkpoint: string, { log = "", logBytes = log.length, rejections = [] }: Parts = {}): Commit {
  const bytes = new TextEncoder();
  return { checkpoint: bytes.encode(checkpoint), log: bytes.encode(log), logBytes, rejections };
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

/** What a claim found, as texts. */
const found = ({ run, last }: Claim): { checkpoint?: string | undefined; log?: string | undefined; last?: string | undefined } => ({
  ...(run ? { checkpoint: text(run.checkpoint), log: text(run.log) } : {}),
  ...(last ? { last: text(last) } : {}),
});

async function claim(place: Place, options?: { restart?: boolean }): Promise<Claim> {
  return (await place.open(options)).claim();
}

async function refused(place: Place): Promise<{ code?: unknown; category?: unknown; retryHelps?: unknown }> {
  try {
    await (await claim(place)).release();
  } catch (error) {
    return error as { code?: unknown };
  }
  return assert.fail("a second owner was let in");
}

const rows = async (place: Place): Promise<number[]> => (await place.rejections()).map(({ row }) => row);

type Promised = Record<string, (place: Place) => Promise<void>>;

const loading: Promised = {
  async "finds nothing in a new place"(place) {
    const first = await claim(place);
    assert.deepEqual(found(first), {});
    assert.isAbove(first.fence, 0);
    await first.release();
    assert.deepEqual(await rows(place), []);
  },

  async "gives back the last commit, its log and every rejected row"(place) {
    const first = await claim(place);
    assert.equal(await first.commit(state("one", { log: "aaaa", rejections: [rejection(1)] })), "stored");
    assert.equal(await first.commit(state("two", { log: "bb", logBytes: 6, rejections: [rejection(2), rejection(3)] })), "stored");
    assert.equal(await first.commit(state("three", { logBytes: 6 })), "stored");
    await first.release();
    const second = await claim(place);
    assert.deepEqual(found(second), { checkpoint: "three", log: "aaaabb" });
    assert.deepEqual(await place.rejections(), [1, 2, 3].map(rejection));
    await second.release();
  },

  async "keeps any bytes"(place) {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => (at * 7 + (at >> 8)) % 256);
    const first = await claim(place);
    await first.commit({ checkpoint: bytes, log: bytes.subarray(1), logBytes: bytes.length - 1, rejections: [] });
    await first.release();
    const { run, release } = await claim(place).then((second) => ({ run: second.run, release: () => second.release() }));
    assert.deepEqual([...(run?.checkpoint ?? [])], [...bytes]);
    assert.deepEqual([...(run?.log ?? [])], [...bytes.subarray(1)]);
    await release();
  },

  async "takes a copy: what its caller does with the bytes afterwards changes nothing"(place) {
    const first = await claim(place);
    const given = state("whole", { log: "aaaa" });
    await first.commit(given);
    given.checkpoint.fill(0);
    given.log.fill(0);
    await first.release();
    const second = await claim(place);
    assert.deepEqual(found(second), { checkpoint: "whole", log: "aaaa" });
    await second.release();
  },

  async "lets the next owner go on from the state, and from what that one adds"(place) {
    const first = await claim(place);
    await first.commit(state("one", { log: "aaaa", rejections: [rejection(1)] }));
    await first.release();
    const second = await claim(place);
    await second.commit(state("two", { log: "bb", logBytes: 6, rejections: [rejection(2)] }));
    await second.release();
    const third = await claim(place);
    assert.deepEqual(found(third), { checkpoint: "two", log: "aaaabb" });
    assert.deepEqual(await rows(place), [1, 2]);
    await third.release();
  },

  async "cuts off what of the log the state does not count"(place) {
    const first = await claim(place);
    await first.commit(state("one", { log: "aaaabbbb" }));
    await first.commit(state("two", { log: "cc", logBytes: 6 }));
    await first.release();
    const second = await claim(place);
    assert.deepEqual(found(second), { checkpoint: "two", log: "aaaacc" });
    await second.release();
  },
};

const committing: Promised = {
  async "stores all of a commit, or nothing of it"(place) {
    const first = await claim(place);
    await first.commit(state("one", { log: "aaaa", rejections: [rejection(1)] }));
    // Neither text nor a copy can be made of the second row, so the whole commit cannot be stored.
    const broken = { ...rejection(3), get reason(): string { throw new Error("it cannot be read"); } };
    const outcome = await first.commit(state("torn", { log: "zz", logBytes: 6, rejections: [rejection(2), broken] })).catch(() => "refused");
    assert.equal(outcome, "refused");
    await first.release();
    const second = await claim(place);
    assert.deepEqual(found(second), { checkpoint: "one", log: "aaaa" });
    assert.deepEqual(await rows(place), [1]);
    const torn = await second.commit(state("torn", { log: "zz", logBytes: 6, rejections: [rejection(2), broken] })).catch(() => "refused");
    assert.equal(torn, "refused");
    assert.equal(await second.commit(state("two", { log: "bb", logBytes: 6, rejections: [rejection(2)] })), "stored");
    await second.release();
    const third = await claim(place);
    assert.deepEqual(found(third), { checkpoint: "two", log: "aaaabb" });
    assert.deepEqual(await rows(place), [1, 2]);
    await third.release();
  },

  async "counts the same commit twice as one"(place) {
    const first = await claim(place);
    const same = state("one", { log: "aaaa", rejections: [rejection(1)] });
    assert.equal(await first.commit(same), "stored");
    assert.equal(await first.commit(same), "stored");
    const next = state("two", { log: "bb", logBytes: 6, rejections: [rejection(2)] });
    for (const _ of [1, 2, 3]) assert.equal(await first.commit(next), "stored");
    await first.release();
    const second = await claim(place);
    assert.deepEqual(found(second), { checkpoint: "two", log: "aaaabb" });
    assert.deepEqual(await rows(place), [1, 2]);
    await second.release();
  },

  async "refuses a commit once a higher fence exists, and keeps nothing of it"(place) {
    const first = await claim(place);
    await first.commit(state("one", { log: "aaaa", rejections: [rejection(1)] }));
    await place.expire();
    const second = await claim(place);
    assert.isAbove(second.fence, first.fence);
    assert.deepEqual(found(second), { checkpoint: "one", log: "aaaa" });
    assert.equal(await first.commit(state("late", { log: "zz", logBytes: 6, rejections: [rejection(9)] })), "taken_over");
    assert.equal(await second.commit(state("two", { log: "bb", logBytes: 6, rejections: [rejection(2)] })), "stored");
    assert.equal(await first.commit(state("later", { log: "zz", logBytes: 8, rejections: [rejection(9)] })), "taken_over");
    await second.release();
    const third = await claim(place);
    assert.deepEqual(found(third), { checkpoint: "two", log: "aaaabb" });
    assert.deepEqual(await rows(place), [1, 2]);
    await third.release();
    await first.release();
  },

  async "lets an owner of yesterday neither end, nor release, what is another's"(place) {
    const first = await claim(place);
    await first.commit(state("one"));
    await place.expire();
    const second = await claim(place);
    await first.end().catch(() => undefined);
    await first.release().catch(() => undefined);
    assert.equal((await refused(place)).code, "run_in_progress");
    assert.equal(await second.commit(state("two")), "stored");
    await second.release();
    const third = await claim(place);
    assert.deepEqual(found(third), { checkpoint: "two", log: "" });
    await third.release();
  },
};

const owning: Promised = {
  async "has one owner at a time"(place) {
    const first = await claim(place);
    const { code, category, retryHelps } = await refused(place);
    assert.deepEqual({ code, category, retryHelps }, { code: "run_in_progress", category: "checkpoint", retryHelps: true });
    await first.commit(state("one"));
    assert.equal((await refused(place)).code, "run_in_progress");
    await first.release();
    await (await claim(place)).release();
  },

  async "lets one of many in, and gives each a fence above all before"(place) {
    const fences: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const claims = await Promise.allSettled([1, 2, 3, 4].map(() => claim(place)));
      const owners = claims.filter((settled) => settled.status === "fulfilled").map(({ value }) => value);
      assert.equal(owners.length, 1);
      const [owner] = owners;
      fences.push(owner?.fence ?? 0);
      // A run that stored nothing, one that goes on, and one that ended: none may lower the next fence.
      if (round % 3 !== 0) await owner?.commit(state(`round ${round}`));
      if (round % 3 === 2) await owner?.end();
      await owner?.release();
    }
    assert.deepEqual(fences, [...new Set(fences)].sort((one, other) => one - other));
  },
};

const ending: Promised = {
  async "keeps the last checkpoint of a run that has ended, and its rejected rows"(place) {
    const first = await claim(place);
    await first.commit(state("one", { log: "aaaa", rejections: [rejection(4)] }));
    await first.commit(state("end", { logBytes: 4, rejections: [rejection(5)] }));
    await first.end();
    await first.release();
    assert.deepEqual(await rows(place), [4, 5]);
    const second = await claim(place);
    assert.deepEqual(found(second), { last: "end" });
    await second.release();
  },

  async "begins the next run with an empty log and no rejected rows of the last"(place) {
    const first = await claim(place);
    await first.commit(state("end", { log: "aaaa", rejections: [rejection(4)] }));
    await first.end();
    await first.release();
    const second = await claim(place);
    await second.commit(state("next", { log: "bb", rejections: [rejection(7)] }));
    await second.release();
    const third = await claim(place);
    assert.deepEqual(found(third), { checkpoint: "next", log: "bb", last: "end" });
    assert.deepEqual(await rows(place), [7]);
    await third.release();
  },

  async "does not go on after three crashes of the core, until it is asked to begin anew"(place) {
    const first = await claim(place);
    await first.commit(state("one", { log: "aaaa" }));
    await first.release();
    for (const _ of [1, 2, 3]) {
      const crashed = await claim(place);
      assert.equal(text(crashed.run?.checkpoint), "one");
      await crashed.crashed();
      await crashed.release();
    }
    const { code, retryHelps } = await refused(place);
    assert.deepEqual({ code, retryHelps }, { code: "core_crashes", retryHelps: false });
    const anew = await claim(place, { restart: true });
    assert.equal(anew.run, undefined);
    assert.equal(anew.givenUp, true);
    assert.equal(text(anew.last), "one");
    await anew.release();
    await (await claim(place)).release();
  },

  async "forgets crashes once a run has ended"(place) {
    for (const _ of [1, 2]) {
      const crashed = await claim(place);
      await crashed.commit(state("going on"));
      await crashed.crashed();
      await crashed.release();
    }
    const last = await claim(place);
    await last.commit(state("end"));
    await last.end();
    await last.release();
    const next = await claim(place);
    await next.crashed();
    await next.release();
    await (await claim(place)).release();
  },

  async "does not give a run up while its owner lives"(place) {
    const first = await claim(place);
    await first.commit(state("one"));
    const error = await claim(place, { restart: true }).catch((thrown: unknown) => thrown);
    assert.equal((error as { code?: unknown }).code, "run_in_progress");
    assert.equal(await first.commit(state("two")), "stored");
    await first.release();
    const second = await claim(place);
    assert.deepEqual(found(second), { checkpoint: "two", log: "" });
    await second.release();
  },
};

/** The contract, as checks of one store. */
export function storeSuite(store: StoreUnderTest): Check[] {
  return Object.entries({ ...loading, ...committing, ...owning, ...ending }).map(([name, promise]) => ({
    name: `${store.name}: ${name}`,
    async run() {
      const place = await store.fresh();
      try {
        await promise(place);
      } finally {
        await place.close();
      }
    },
  }));
}

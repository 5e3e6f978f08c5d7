/**
 * The core crashes: every run and iteration of it ends with one typed error, none hangs, and the next one works.
 *
 * It is made to panic by a piece that says it is four gigabytes long: the core asks for a buffer that no allocator gives.
 * The package makes its pieces itself, so it is their making that lies, for the bytes of `poison` alone.
 */
import { assert } from "chai";
import type { ExportOptions, ExportSummary, RunStore } from "../../src/types.js";
import type { Check } from "../checks.js";
import type { Place, StoreUnderTest } from "../store-suite.js";
import { definition, failureOf, finish, type HostUnderTest, makeWorld, optionsOf, people, STATE_KEY, timed, type World, written } from "./world.js";

const poison = new Uint8Array(8);
const subarray = Uint8Array.prototype.subarray;
Uint8Array.prototype.subarray = function (...range) {
  const piece = subarray.apply(this, range);
  return piece.buffer === poison.buffer ? Object.defineProperty(piece, "length", { value: 4_000_000_000 }) : piece;
};

const CRASH = { code: "core_crash", category: "misuse", retryHelps: true };
const SOME = 3_000;

/** A source that gives most of its profiles, and after `when` the poison; read again, from any byte on, it is whole. */
function poisoned(when: () => Promise<void>, count = SOME): ExportOptions["source"] {
  const bytes = people(count);
  let first = true;
  async function* give(from: number): AsyncGenerator<Uint8Array> {
    if (!first) {
      yield bytes.subarray(from);
      return;
    }
    first = false;
    yield bytes.subarray(from, bytes.length - 2_000);
    await when();
    yield poison;
  }
  return { data: give, sizeBytes: bytes.length };
}

async function assertWorks(host: HostUnderTest): Promise<void> {
  const world = makeWorld(host);
  const { summary } = await finish(host.api.exportSegment(optionsOf(world, 600)));
  assert.deepInclude(summary, { result: "succeeded", delivered: 600 });
  assert.deepEqual(written(world, 600), [0, 600, 0]);
}

const alone = (host: HostUnderTest): Check[] => [
  {
    name: "a core that crashes in a run ends every run with one typed error, and the next one works",
    async run() {
      // One world for both: exports of a process to one account share their pace, and so their clock.
      const world = makeWorld(host);
      // The bystander waits for its source, so it is in its middle for certain.
      let midway: () => void = () => undefined;
      const reached = new Promise<void>((resolve) => (midway = resolve));
      async function* waiting(): AsyncGenerator<Uint8Array> {
        yield people(700);
        midway();
        await new Promise(() => undefined);
      }
      const beside = failureOf(host.api, () => finish(host.api.exportSegment(optionsOf(world, 0, { source: waiting() }))));
      const when = async (): Promise<void> => {
        await Promise.all([reached, world.imported(3)]);
      };
      const crashed = await failureOf(host.api, () => finish(host.api.exportSegment(optionsOf(world, 0, { source: poisoned(when) }))));
      assert.deepInclude(crashed, CRASH);
      assert.match(crashed.message, /^The core stopped at [^\s].*\.rs:\d+:\d+\.$/u);
      assert.deepEqual(await beside, crashed);
      await assertWorks(host);
    },
  },
  {
    name: "a core that crashes in encodeBatches ends every iteration with one typed error, and the next one works",
    async run() {
      async function* bad(): AsyncGenerator<Uint8Array> {
        yield people(10);
        yield poison;
      }
      const beside = host.api.encodeBatches({ definition: definition(), source: people(900) })[Symbol.asyncIterator]();
      assert.equal((await beside.next()).value?.contacts, 250);
      const stream = host.api.encodeBatches({ definition: definition(), source: bad() });
      assert.deepInclude(await failureOf(host.api, async () => {
        for await (const { contacts } of stream) assert.fail(`a body of ${contacts} contacts`);
      }), CRASH);
      assert.deepInclude(await failureOf(host.api, () => stream.summary), CRASH);
      assert.deepInclude(await failureOf(host.api, () => beside.next()), CRASH);
      assert.equal((await host.api.preview({ definition: definition(), source: people(900) })).accepted, 900);
      await assertWorks(host);
    },
  },
  {
    name: "a stack that overflows inside the core is a crash, not a hang",
    async run() {
      const world = makeWorld(host);
      let calls = 0;
      const deep = (): number => deep() + 1;
      const now = (): number => {
        calls += 1;
        return calls > 40 ? deep() : world.host.now();
      };
      assert.deepInclude(await failureOf(host.api, () => finish(host.api.exportSegment(optionsOf(world, SOME, { host: { ...world.host, now } })))), CRASH);
      await assertWorks(host);
    },
  },
];

/** A run over a store, in a world of its own. */
async function over(host: HostUnderTest, store: StoreUnderTest, work: (world: World, run: (more: Partial<ExportOptions>) => ReturnType<typeof finish>, place: Place) => Promise<void>): Promise<void> {
  const [place, world] = [await store.fresh(), makeWorld(host)];
  // Each run opens the place anew, as another process would.
  const run = async (more: Partial<ExportOptions>): ReturnType<typeof finish> => {
    const opened: RunStore = timed(await place.open(), world.time);
    return finish(host.api.exportSegment(optionsOf(world, SOME, { checkpoints: { store: opened, key: STATE_KEY }, ...more })));
  };
  try {
    await work(world, run, place);
  } finally {
    await place.close();
  }
}

function assertDone(summary: ExportSummary, world: World): void {
  assert.deepInclude(summary, { result: "succeeded", read: SOME, delivered: SOME, rejected: 0, queued: 0, unverified: 0 });
  const [never] = written(world, SOME);
  assert.equal(never, 0);
}

const kept = (host: HostUnderTest, store: StoreUnderTest): Check[] => [
  {
    name: `${store.name}: a run that the core crashed over is gone on with`,
    run: () =>
      over(host, store, async (world, run) => {
        const source = poisoned(() => world.imported(3));
        assert.deepInclude(await failureOf(host.api, () => run({ source })), CRASH);
        const before = world.imports().length;
        assert.isAtLeast(before, 3);
        const { summary } = await run({ source });
        assertDone(summary, world);
        // What had been taken is asked for, not sent anew: 12 batches in all, and those whose answers the crash cut off.
        assert.isBelow(world.imports().length - before, 12);
      }),
  },
  {
    name: `${store.name}: a run that was cancelled is gone on with, nothing twice`,
    run: () =>
      over(host, store, async (world, run) => {
        const controller = new AbortController();
        void world.imported(3).then(() => controller.abort());
        const first = (await run({ signal: controller.signal })).summary;
        assert.deepInclude(first, { result: "cancelled", queued: 0, unverified: 0 });
        assert.isTrue(first.delivered > 0 && first.delivered < SOME, `${first.delivered} delivered`);
        const second = (await run({})).summary;
        assertDone(second, world);
        assert.equal(second.resent, 0);
        assert.deepEqual(written(world, SOME), [0, SOME, 0]);
      }),
  },
  {
    name: `${store.name}: rejected rows are stored with their run`,
    run: () =>
      over(host, store, async (world, run, place) => {
        const source = [{ EMail: "a@example.com", First: "A" }, { EMail: "nobody", First: "B" }, { EMail: "c@example.com", First: "C" }];
        const mapping = { email: "EMail", firstName: "First" };
        const { summary, rejections } = await run({ source, definition: definition({ mapping }) });
        assert.deepInclude(summary, { result: "completed_with_rejections", delivered: 2, rejected: 1 });
        assert.deepEqual(rejections.map(({ row, rule }) => [row, rule]), [[2, "email_no_at"]]);
        assert.deepEqual(await place.rejections(), rejections);
        assert.equal(world.sandbox.account.contact("c@example.com")?.firstName, "C");
      }),
  },
];

export const crashChecks = (host: HostUnderTest): Check[] => [...alone(host), ...host.stores.flatMap((store) => kept(host, store))];

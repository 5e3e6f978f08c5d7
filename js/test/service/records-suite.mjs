// What every driver of the service's records must keep. Each check gets an empty store of its own. Nothing here is Node's.

function same(actual, expected, what) {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what}: ${one}, and not ${other}`);
}

const keys = (list) => list.map(({ key }) => key);
const put = (key, value, version) => ({ key, value, ...(version === undefined ? {} : { version }) });

export const recordsSuite = [
  ["a record that is not there is nothing, and neither is one that was removed", async (store) => {
    same(await store.get("a/1"), undefined, "before");
    same(await store.commit([put("a/1", 1)]), true, "made");
    same(await store.commit([put("a/1", undefined)]), true, "removed");
    same(await store.get("a/1"), undefined, "after");
  }],
  ["values come back as they were, also odd ones", async (store) => {
    const value = { text: "žlica 🥄 \u2028 \" \\ %", null: null, no: false, zero: 0, deep: [{ a: [1, -2.5, "3"] }], "": "empty key" };
    await store.commit([put("a/1", value), put("a/null", null), put("a/text", "")]);
    same((await store.get("a/1")).value, value, "value");
    same((await store.get("a/null")).value, null, "null");
    same((await store.get("a/text")).value, "", "text");
  }],
  ["versions begin at 1 and rise with every change", async (store) => {
    for (const version of [1, 2, 3]) {
      same(await store.commit([put("a/1", version)]), true, "commit");
      same((await store.get("a/1")).version, version, "version");
    }
  }],
  ["a stated version must be the one that is there; 0 stands for none", async (store) => {
    same(await store.commit([put("a/1", "x", 1)]), false, "not there");
    same(await store.commit([put("a/1", "x", 0)]), true, "new");
    same(await store.commit([put("a/1", "y", 0)]), false, "there already");
    same(await store.commit([put("a/1", "y", 2)]), false, "a later one");
    same(await store.commit([put("a/1", undefined, 2)]), false, "removed on a wrong one");
    same(await store.get("a/1"), { key: "a/1", version: 1, value: "x" }, "kept");
    same(await store.commit([put("a/1", "y", 1)]), true, "on the right one");
    same(await store.commit([put("a/1", undefined, 2)]), true, "removed");
  }],
  ["a commit is all or nothing, wherever its stale change stands", async (store) => {
    await store.commit([put("a/1", "before")]);
    for (const changes of [
      [put("a/1", "after", 7), put("a/2", "new")],
      [put("a/2", "new"), put("a/1", "after", 7)],
      [put("a/1", undefined), put("a/3", "new", 4)],
    ]) {
      same(await store.commit(changes), false, "refused");
      same([(await store.get("a/1")).value, await store.get("a/2"), await store.get("a/3")].map((one) => one ?? null), ["before", null, null], "nothing changed");
    }
  }],
  ["a commit of what is no plain data throws, and changes nothing", async (store) => {
    const round = {};
    round.self = round;
    let thrown = false;
    await store.commit([put("a/1", 1), put("a/2", round)]).catch(() => (thrown = true));
    same([thrown, (await store.get("a/1")) ?? null], [true, null], "thrown, and nothing");
  }],
  ["an empty commit is one", async (store) => same(await store.commit([]), true, "committed")],
  ["a list has what begins with its prefix and nothing else, in order, byte by byte", async (store) => {
    const names = ["a/1", "a/10", "a/2", "a/B", "a/b", "a/~", "a/a/1", "a0", "a", "b/1", "A/1"];
    await store.commit(names.map((name) => put(name, name)));
    same(keys(await store.list("a/")), ["a/1", "a/10", "a/2", "a/B", "a/a/1", "a/b", "a/~"], "ascending");
    same(keys(await store.list("a/", { descending: true })), ["a/~", "a/b", "a/a/1", "a/B", "a/2", "a/10", "a/1"], "descending");
    same((await store.list("a/"))[0], { key: "a/1", version: 1, value: "a/1" }, "whole records");
    same(await store.list("c/"), [], "none");
  }],
  ["pages follow each other, in both directions, also after a key that is not there", async (store) => {
    await store.commit(["1", "2", "3", "5"].map((name) => put(`a/${name}`, name)));
    same(keys(await store.list("a/", { limit: 2 })), ["a/1", "a/2"], "first");
    same(keys(await store.list("a/", { limit: 2, after: "a/2" })), ["a/3", "a/5"], "second");
    same(keys(await store.list("a/", { after: "a/4" })), ["a/5"], "after none");
    same(keys(await store.list("a/", { after: "a/5" })), [], "the end");
    same(keys(await store.list("a/", { after: "a/3", descending: true })), ["a/2", "a/1"], "before");
    same(keys(await store.list("a/", { limit: 1, descending: true })), ["a/5"], "newest");
  }],
  ["a list that is not told how many gives a thousand", async (store) => {
    for (let from = 0; from < 1_001; from += 91) await store.commit(Array.from({ length: 91 }, (_, at) => put(`a/${String(from + at).padStart(5, "0")}`, at)));
    same((await store.list("a/")).length, 1_000, "records");
  }],
  ["of many that change one record at once on one version, one does", async (store) => {
    await store.commit([put("a/1", "before")]);
    const done = await Promise.all(Array.from({ length: 20 }, (_, at) => store.commit([put("a/1", at, 1), put(`b/${at}`, at)])));
    same(done.filter(Boolean).length, 1, "winners");
    same((await store.get("a/1")).version, 2, "version");
    same((await store.list("b/")).map(({ value }) => value), [done.indexOf(true)], "what came with it");
  }],
];

/** The lease, by the package that is tested. */
export function leaseSuite({ takeLease, releaseLease }) {
  return [
    ["a lease is one owner's until it runs out or is let go; its fence rises with every owner", async (store) => {
      const one = await takeLease(store, "work", "one", 1_000, 0);
      same(one.fence, 1, "first");
      same((await takeLease(store, "work", "two", 1_000, 999)) ?? null, null, "held");
      same((await takeLease(store, "work", "one", 1_000, 900)).fence, 1, "renewed");
      same((await takeLease(store, "work", "two", 1_000, 1_899)) ?? null, null, "held longer");
      const two = await takeLease(store, "work", "two", 1_000, 1_900);
      same(two.fence, 2, "taken over");
      same((await one.guard()) ?? null, null, "the fence of the first is worth nothing");
      await releaseLease(store, "work", "one");
      same((await takeLease(store, "work", "three", 1_000, 1_901)) ?? null, null, "let go by somebody else");
      await releaseLease(store, "work", "two");
      same((await takeLease(store, "work", "three", 1_000, 1_901)).fence, 3, "let go");
      same((await takeLease(store, "other", "three", 1_000, 0)).fence, 1, "another lease");
    }],
    ["a commit under a guard fails once there is another owner", async (store) => {
      const one = await takeLease(store, "work", "one", 10, 0);
      const guard = await one.guard();
      same(await store.commit([put("a/1", "mine"), guard]), true, "while it is held");
      const again = await one.guard();
      await takeLease(store, "work", "two", 10, 11);
      same(await store.commit([put("a/1", "late"), again]), false, "after it was lost");
      same((await store.get("a/1")).value, "mine", "kept");
    }],
    ["of many that take a free lease at once, one has it", async (store) => {
      const held = await Promise.all(Array.from({ length: 20 }, (_, at) => takeLease(store, "work", `owner ${at}`, 1_000, 0)));
      same(held.filter(Boolean).length, 1, "owners");
    }],
  ];
}

// All candidates give the same, or there are no figures.
import { Failure } from "./failure.mjs";

const outcome = (result) => ({
  bodies: result.bodies,
  bytes: result.bytes,
  largest: result.largest,
  refusals: JSON.stringify(result.refusals),
  ...(result.bodiesDigest && { "digest of the bodies": result.bodiesDigest, "digest of the refusals": result.refusalsDigest }),
});

/** Every result must be that of most candidates (of the base, when there are as many for another). */
export function agree(results, base, where) {
  const votes = new Map();
  for (const result of results) {
    const key = JSON.stringify(outcome(result));
    votes.set(key, [...(votes.get(key) ?? []), result]);
  }
  if (votes.size === 1) return;

  const weight = (group) => group.length + (group.some(({ name }) => name === base) ? 0.5 : 0);
  const [most, ...others] = [...votes.values()].sort((a, b) => weight(b) - weight(a));
  const expected = outcome(most[0]);
  const lines = others.flat().map((result) => {
    const got = outcome(result);
    const differences = Object.keys(expected)
      .filter((key) => got[key] !== expected[key])
      .map((key) => `${key} ${got[key]} instead of ${expected[key]}`);
    return `${result.name} disagrees with ${most.map(({ name }) => name).join(", ")} ${where}: ${differences.join("; ")}`;
  });
  throw new Failure(lines.join("\n"));
}

// The law of every report: each profile that was read is in one of eight buckets.
const BUCKETS = /** @type {const} */ (["pending", "queued", "delivered", "rejected", "duplicate", "excluded", "unchanged", "unverified"]);

/** @param {import("../../src/types.js").Progress} progress */
export function assertBalance(progress) {
  const sum = BUCKETS.reduce((total, name) => total + progress[name], 0);
  if (sum !== progress.read) throw new Error(`the buckets do not add up: ${JSON.stringify(progress)}`);
}

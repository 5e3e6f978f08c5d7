/** Keeps a run's rejected profiles sealed: what names people is nowhere at rest as plain text. */
import type { Claim, ReadableStore } from "../store/contract.js";
import type { Rejection } from "../types.js";
import type { SecretBox } from "./secrets.js";

const PURPOSE = "rejected profiles";

/** Rows as the store keeps them: many in one. */
interface SealedRows extends Rejection {
  sealed: string;
}

/** A store whose rejected profiles are sealed under the name of their run. */
export function sealedStore(store: ReadableStore, box: SecretBox, name: string): ReadableStore {
  return {
    unfinished: () => store.unfinished(),
    async claim() {
      const claim = await store.claim();
      return {
        ...claim,
        fence: claim.fence,
        ...(claim.run ? { run: claim.run } : {}),
        ...(claim.last ? { last: claim.last } : {}),
        ...(claim.givenUp === undefined ? {} : { givenUp: claim.givenUp }),
        commit: async (state) => claim.commit({ ...state, rejections: await sealed(box, name, state.rejections) }),
        crashed: () => claim.crashed(),
        end: () => claim.end(),
        release: () => claim.release(),
      } satisfies Claim;
    },
    async *rejections() {
      for await (const row of store.rejections()) {
        const opened = JSON.parse(await box.open((row as SealedRows).sealed, PURPOSE, name)) as Rejection[];
        yield* opened;
      }
    },
  };
}

async function sealed(box: SecretBox, name: string, rejections: readonly Rejection[]): Promise<SealedRows[]> {
  if (rejections.length === 0) return [];
  return [{ row: 0, line: 0, offset: 0, rule: "sealed", reason: "", sealed: await box.seal(JSON.stringify(rejections), PURPOSE, name) }];
}

/** The folder that keeps a run, so that the same command goes on with it. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FileStore, fileStore } from "../entry/node.js";
import type { Rejection, Stop } from "../types.js";
import { fileTrouble, wrong } from "./errors.js";
import type { RejectsFile } from "./rejects.js";
import { clean } from "./text.js";

export const STATE_KEY_VARIABLE = "ACTIVECAMPAIGN_EXPORT_STATE_KEY";

export interface StateOptions {
  state?: string;
  restart?: boolean;
}

/** A run that is kept. */
export interface KeptRun {
  folder: string;
  store: FileStore;
  /** Authenticates what is stored. */
  key: string;
  /** Whether there is a run to go on with, and whether one is given up. */
  goesOn: boolean;
  givesUp: boolean;
}

/** Opens the folder; nothing when states are not kept. */
export async function openState({ state, restart = false }: StateOptions): Promise<KeptRun | undefined> {
  if (state === undefined) {
    if (restart) throw wrong("--restart gives up a run that is kept, and none is.", "Name its folder with --state.");
    return undefined;
  }
  const folder = clean(state);
  try {
    if (existsSync(state) && !statSync(state).isDirectory()) throw wrong(`The state ${folder} is a file.`, "Name a folder, or one that is to be made.");
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const store = fileStore(state, { restart });
    const unfinished = await store.unfinished();
    return { folder, store, key: stateKey(state), goesOn: unfinished && !restart, givesUp: unfinished && restart };
  } catch (error) {
    if (error instanceof Error && "code" in error) throw wrong(`The state ${folder} could not be opened: ${fileTrouble(error)}.`);
    throw error;
  }
}

/** From the environment, or from a file beside the state that only its owner may read. */
function stateKey(folder: string): string {
  const given = process.env[STATE_KEY_VARIABLE]?.trim();
  if (given !== undefined && given !== "") {
    if (given.length < 16) throw wrong(`${STATE_KEY_VARIABLE} is shorter than 16 characters.`, "Give a longer secret.");
    return given;
  }
  const path = join(folder, "key");
  try {
    writeKey(path, "wx");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const key = readFileSync(path, "utf8").trim();
  if (key.length >= 16) return key;
  // The disk was full when it was made; nothing was stored with it.
  writeKey(path, "w");
  return readFileSync(path, "utf8").trim();
}

/** A new random key, for its owner alone; `wx` leaves one that is there. */
function writeKey(path: string, flag: "w" | "wx"): void {
  writeFileSync(path, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flag });
}

/** A refusal of the kept state, in the words of the command: its folder, its options, its variable. */
export function inWordsOf({ folder }: KeptRun, stop: Stop): Stop {
  if (stop.code !== "checkpoint_forged") return stop;
  return {
    ...stop,
    message: `The state kept in ${folder} was changed, or written with another state key.`,
    remedy: `Set ${STATE_KEY_VARIABLE} to the key it was written with; without the variable the key is the file "key" in ${folder}. Or begin anew with --restart, or name another folder with --state.`,
  };
}

/** Rows handed over at once. */
const PIECE = 1_000;

/** Writes all rejected rows of the run, whichever process they were told to. */
export async function writeStored(store: FileStore, rejects: RejectsFile): Promise<void> {
  let piece: Rejection[] = [];
  for await (const rejection of store.rejections()) {
    piece.push(rejection);
    if (piece.length < PIECE) continue;
    rejects.write(piece);
    piece = [];
  }
  if (piece.length > 0) rejects.write(piece);
}

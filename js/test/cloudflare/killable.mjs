// A worker that is killed, parent and workerd together, and begun again on the same folder.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { workerdOf } from "./edge.mjs";

/** A number from 0 to 1, the same for the same seed. */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** A worker in a process of its own, started by a script beside this one. */
export class Killable {
  constructor(script, settings, token) {
    Object.assign(this, { script, settings, token });
  }

  async begin() {
    const args = [fileURLToPath(new URL(this.script, import.meta.url)), JSON.stringify(this.settings)];
    this.child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(this.child.stdout, "data");
    this.url = String(line).trim();
    this.workerd = workerdOf(this.child.pid);
    assert.ok(this.workerd, "the worker runs in workerd");
  }

  async kill() {
    const gone = once(this.child, "exit");
    // An orphan would hold the files and go on by itself.
    process.kill(this.workerd, "SIGKILL");
    this.child.kill("SIGKILL");
    await gone;
    while (isAlive(this.workerd)) await sleep(5);
  }

  async call(path, init = {}) {
    return fetch(new URL(path, this.url), { ...init, headers: { authorization: `Bearer ${this.token}`, ...init.headers } });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

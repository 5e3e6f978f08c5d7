/** Checks that any host can run: a name, and work that throws when the promise is broken. */

export interface Check {
  name: string;
  run(): Promise<void> | void;
}

/** What became of a check; plain data, so that a host can hand it out. */
export interface Outcome {
  name: string;
  millis: number;
  /** Absent when it passed. */
  failure?: string;
}

/** A check that takes longer hangs: a promise that never settles must not hang its host too. */
const CHECK_MILLIS = 60_000;

/** Runs checks one after another; one that fails does not stop the others. */
export async function runChecks(checks: readonly Check[]): Promise<Outcome[]> {
  const names = new Set(checks.map(({ name }) => name));
  if (names.size !== checks.length) throw new Error("two checks have the same name");
  const outcomes: Outcome[] = [];
  for (const { name, run } of checks) {
    const start = Date.now();
    try {
      await inTime(run);
      outcomes.push({ name, millis: Date.now() - start });
    } catch (error) {
      outcomes.push({ name, millis: Date.now() - start, failure: textOf(error) });
    }
  }
  return outcomes;
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? `${error.name}: ${error.message}`}` : String(error);
}

async function inTime(run: Check["run"]): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it hangs: nothing came of it in ${CHECK_MILLIS} ms`)), CHECK_MILLIS);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

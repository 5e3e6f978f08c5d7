#!/usr/bin/env node
/** The command. */
import { CommanderError } from "commander";
import { CommandError, EXIT, fileTrouble } from "./errors.js";
import { refuseKeyFlags } from "./options.js";
import { makeProgram } from "./program.js";

// A reader that has seen enough, such as `head`, is no reason to crash, nor to give up a run.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.exitCode = EXIT.stopped;
    if (stream === process.stdout) process.stderr.write(`Standard output could not be written: ${fileTrouble(error)}.\n`);
  });
}

async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  try {
    refuseKeyFlags(args);
    const program = makeProgram((code) => {
      exitCode = code;
    });
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong; help and version are no mistakes.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.wrong;
    if (error instanceof CommandError) {
      process.stderr.write(`${[error.message, error.remedy].filter(Boolean).join("\n")}\n`);
      return error.exitCode;
    }
    return (await import("./output.js")).tellDefect(error);
  }
}

// Not process.exit: what is written to a pipe must still get through.
const exitCode = await main(process.argv.slice(2));
process.exitCode ??= exitCode;

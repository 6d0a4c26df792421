#!/usr/bin/env node
import { systemClock } from "../util/clock.ts";
import { DoorwardError, FatalError, isAbort, messageOf } from "../util/errors.ts";
import { createLog, type LogLevel } from "../util/log-pino.ts";
import { redact } from "../util/redact.ts";
import { version } from "../util/version.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { crashed, tryAgain } from "./last-resort.ts";
import { followParent, isSupervised } from "./supervised.ts";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** What ends a command; each gives back what it holds, a camera's speaker first of all. */
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Two signals within this are one. */
const insistMs = 300;

// Not awaited here: in its bundle this file is CommonJS.
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`doorward: ${redact(messageOf(error))}\n`);
    process.exitCode = crashed;
  },
);

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return help(rest[0]);
  if (name === "--version" || name === "-v" || name === "version") return say(version);
  const entry = commands.find((candidate) => candidate.name === name);
  if (!entry) {
    process.stderr.write(`doorward: there is no command "${name}"; "doorward --help" lists them\n`);
    return 2;
  }
  const command = await entry.load();
  if (rest.includes("--help") || rest.includes("-h")) return say(command.usage.trimEnd());
  return run(command, rest);
}

async function run(command: Command, args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  let firstMs = Number.POSITIVE_INFINITY;
  const onSignal = (name: NodeJS.Signals) => {
    // One press or one closed terminal may come twice, by the launcher too: only a person who insists is obeyed at once.
    if (name !== "SIGHUP" && performance.now() - firstMs > insistMs) process.exit(130);
    if (name === "SIGHUP") surviveWithoutTerminal();
    firstMs = Math.min(firstMs, performance.now());
    stop.abort();
  };
  for (const name of endings) process.on(name, onSignal);
  using _parent = followParent(() => stop.abort());
  try {
    return await command.run(args, context(stop.signal));
  } catch (error) {
    if (stop.signal.aborted && isAbort(error)) return 130;
    return complain(command, error);
  } finally {
    for (const name of endings) process.off(name, onSignal);
  }
}

/** Writing to a terminal that is gone fails; that must not end the process before it has let go. */
function surviveWithoutTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

function context(signal: AbortSignal): CommandContext {
  const wanted = process.env["DOORWARD_LOG"] as LogLevel | undefined;
  const level = wanted && levels.includes(wanted) ? wanted : "warn";
  const log = createLog({ level, format: process.stderr.isTTY ? "text" : "json" });
  return { stdout: process.stdout, stderr: process.stderr, signal, clock: systemClock, log };
}

function complain(command: Command, error: unknown): number {
  const code = (error as { code?: unknown }).code;
  const usage = error instanceof UsageError || (typeof code === "string" && code.startsWith("ERR_PARSE_ARGS"));
  const hint = usage ? `\n"doorward ${command.name} --help" tells more` : "";
  process.stderr.write(`doorward ${command.name}: ${redact(messageOf(error))}${hint}\n`);
  return usage ? 2 : exitCodeOf(error);
}

/** 1: a person has to act. To a parent that can start us again it is said when that may help. */
function exitCodeOf(error: unknown): number {
  if (!isSupervised || error instanceof FatalError) return 1;
  if (error instanceof DoorwardError) return tryAgain;
  return typeof (error as { code?: unknown }).code === "string" ? 1 : crashed;
}

async function help(name: string | undefined): Promise<number> {
  const entry = commands.find((candidate) => candidate.name === name);
  if (entry) return say((await entry.load()).usage.trimEnd());
  const width = Math.max(...commands.map((candidate) => candidate.name.length)) + 2;
  const list = commands.map((candidate) => `  ${candidate.name.padEnd(width)}${candidate.summary}`);
  return say(
    [
      `doorward ${version}: cameras, doors and rooms in one hub`,
      "",
      "usage: doorward <command> [options]",
      "",
      ...list,
      "",
      '"doorward <command> --help" tells a command\'s options. DOORWARD_LOG=debug|info|warn|error sets what is logged.',
    ].join("\n"),
  );
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

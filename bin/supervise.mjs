// Runs a program as a child and starts it again when it crashed. What a person must mend (a taken port, a broken
// configuration: exit codes 1 and 2) ends it with the same code; so does whatever ends it before it was ever up, again and
// again. Plain JavaScript for old Nodes.
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Exit code of a hub that ended itself because of an error that nobody foresaw (sysexits.h, EX_SOFTWARE). */
export const crashed = 70;

/**
 * glibc gives each thread memory of its own to hand out, and keeps it: 4 MB of a hub whose threads mostly wait. And what is freed
 * stays with the process wherever something above it still lives: 4 MB of what V8 compiled with, and of what it had compiled
 * before. Pieces of 32 KB and more go back to the system at once, if each is mapped by itself; media under way has none
 * (src/media/frame-memory.ts). Other systems know no such settings.
 */
export const nativeMemory = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "32768" };

/**
 * What becomes garbage at once, which is nearly all of media under way, is collected in small steps of a millisecond: with V8's
 * own 16 MB of young memory that comes too late, and all of the heap is collected in its place.
 */
export const heapOptions = ["--max-semi-space-size=4"];

/**
 * A start calls thousands of functions a few times each. V8 would compile the busiest of them well, for which it maps 8 MB of
 * its compilers and keeps two forms of the code; the start is no sooner for it. The hub has its compilers back with the first
 * work that it gets (src/util/compilers.ts, which knows these by heart).
 */
export const withoutCompilers = ["--no-turbofan", "--no-sparkplug", "--maglev-filter=-*"];

/** Of Node, for the hub's process. */
export const nodeOptions = [...heapOptions, ...withoutCompilers];

const firstDelayMs = 1000;
const maxDelayMs = 60_000;
/** A run that lasted so long was a good one: the next crash is the first again. */
const calmMs = 60_000;
/** Crashes in a row of a program that never said that it was up. */
const maxVainStarts = 5;

/**
 * Resolves with the exit code to end with. `command` is the program with its arguments; it is told by DOORWARD_SUPERVISED=1,
 * has a channel to its parent, says "up" on it when it works, and ends when it hears "stop" or the channel closes.
 */
export async function supervise(command, options = {}) {
  const say = options.say ?? ((text) => process.stderr.write(`doorward: ${text}\n`));
  const delayMs = options.firstDelayMs ?? firstDelayMs;
  let crashes = 0;
  let vain = 0;
  let child;
  let ending;
  // A terminal's Ctrl+C and systemd reach the child as well: it is told over its channel, which counts once, however often.
  const forward = (signal) => {
    if (ending || !child?.connected) child?.kill(signal);
    else child.send("stop");
    ending = signal;
    wake?.();
  };
  let wake;
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const handlers = signals.map((signal) => [signal, () => forward(signal)]);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    for (;;) {
      const run = await once(command, (started) => {
        child = started;
      });
      child = undefined;
      if (ending || !isCrash(run)) return run.code;
      crashes = run.lastedMs > calmMs ? 1 : crashes + 1;
      vain = run.up ? 0 : vain + 1;
      if (vain >= maxVainStarts) {
        say(`the hub ended ${vain} times before it was up (${run.how}); it is not started again`);
        return run.code;
      }
      const waitMs = Math.min(maxDelayMs, delayMs * 2 ** (crashes - 1));
      say(`the hub ended (${run.how}); it is started again in ${waitMs / 1000} s`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
      if (ending) return 128 + constants.signals[ending];
    }
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

/** Signals that nobody asked for, and every exit code that is not our word. */
function isCrash(run) {
  return run.signal ? !["SIGINT", "SIGTERM", "SIGHUP"].includes(run.signal) : ![0, 1, 2, 130].includes(run.code);
}

function once(command, onStart) {
  const begunMs = Date.now();
  let up = false;
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...nativeMemory, ...process.env, DOORWARD_SUPERVISED: "1" },
    });
    onStart(child);
    child.on("message", (message) => {
      if (message === "up") up = true;
    });
    const over = (code, signal, how) => resolve({ code, signal, how, up, lastedMs: Date.now() - begunMs });
    child.once("error", (error) => over(1, undefined, error.message));
    child.once("exit", (code, signal) => {
      if (signal) over(128 + constants.signals[signal], signal, signal);
      else over(code ?? 1, undefined, `exit code ${code}`);
    });
  });
}

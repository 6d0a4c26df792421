import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { systemClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { findEngine } from "./engine/program.ts";
import { createWebRtcWorker } from "./index.ts";

const [hangUp, interrupt] = [1n << 0n, 1n << 1n];

/** The signals that a process ignores or takes itself, as bits (proc_pid_status(5)). */
function handled(pid: number): bigint {
  const masks = /^SigIgn:\t(\w+)\nSigCgt:\t(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return BigInt(`0x${masks?.[1]}`) | BigInt(`0x${masks?.[2]}`);
}

describe("Ctrl+C, which reaches every process of a program", () => {
  for (const engine of findEngine() ? (["node", "native"] as const) : (["node"] as const)) {
    it(`is left to the hub by its WebRTC worker (${engine})`, { timeout: 20_000 }, async () => {
      await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine });
      using _expected = worker.expect();
      const both = hangUp | interrupt;
      const isReady = () => worker.pid !== undefined && (handled(worker.pid) & both) === both;
      while (!isReady()) await setImmediate();
      process.kill(worker.pid!, "SIGINT");
      process.kill(worker.pid!, "SIGHUP");
      assert.ok(isReady());
    });
  }
});

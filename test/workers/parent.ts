// A parent for process.test.ts: leases a worker, tells its process id, and is then killed.
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { childModule, WorkerProcess } from "../../src/workers/process.ts";

const worker = new WorkerProcess({
  name: "echo",
  module: childModule("./echo", import.meta.url),
  clock: systemClock,
  log: silentLog,
  onMessage: () => {},
});
await worker.lease();
process.send?.(worker.pid);

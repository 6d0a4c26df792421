import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../util/errors.ts";
import { errcodeOf } from "./store-fault.ts";
import { DirectWriter, lockWaitMs, openConnection } from "./store-writer.ts";
import type { FromThread, ThreadOptions, ToThread } from "./thread-writer.ts";

// The thread that writes: waiting here for the disk or a lock holds up none of the hub's pictures.

const { path, commitMs = 0 } = workerData as ThreadOptions;
const asleep = new Int32Array(new SharedArrayBuffer(4));
let writer: DirectWriter | undefined;

parentPort?.on("message", async (message: ToThread) => {
  if (message.type === "close") {
    await writer?.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(await commit(message));
});

async function commit({ batch }: Extract<ToThread, { readonly type: "commit" }>): Promise<FromThread> {
  try {
    writer ??= new DirectWriter(openConnection(path, { waitMs: lockWaitMs }));
    if (commitMs > 0) Atomics.wait(asleep, 0, 0, commitMs);
    return { type: "kept", outcomes: await writer.commit(batch) };
  } catch (error) {
    return { type: "lost", message: messageOf(error), errcode: errcodeOf(error) ?? 0 };
  }
}

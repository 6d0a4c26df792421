import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { background } from "../../util/background.ts";
import type { Log } from "../../util/log.ts";
import type { Announcement, FromMdns, ToMdns } from "./messages.ts";

export type { Announcement, MdnsService } from "./messages.ts";

/** Longest time for the goodbye; a network that takes nothing does not keep the hub from ending. */
const goodbyeMs = 2000;

/** An announcement while it stands. Disposing it says goodbye. */
export interface Announcing extends AsyncDisposable {
  /** False once the thread has ended, by itself or not. */
  readonly stands: boolean;
}

/**
 * Announces services by multicast DNS (RFC 6762, 6763) from a thread of its own, whose library asks first whether a name is
 * free, defends it, answers questions and says goodbye.
 */
export function announce(announcement: Announcement, { log }: { readonly log: Log }): Announcing {
  const file = import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js";
  const thread = new Worker(new URL(file, import.meta.url), {
    workerData: announcement,
    execArgv: process.execArgv.filter((argument) => argument.startsWith("--disable-warning")),
    resourceLimits: { maxOldGenerationSizeMb: 64 },
    ...{ stdout: true, stderr: true, env: {} },
  });
  thread.unref();
  let stands = true;
  const gone = new Promise<void>((resolve) =>
    thread.once("exit", () => {
      stands = false;
      resolve();
    }),
  );
  thread.on("error", (err) => log.error({ err }, "mDNS ended; the hub is announced again in a moment"));
  thread.on("message", (message: FromMdns) => hear(message, log));
  // The library writes what troubles it to the console, which here is not ours to write on.
  for (const stream of [thread.stdout, thread.stderr])
    stream.setEncoding("utf8").on("data", (said: string) => log.debug({ said: said.trim() }, "mDNS"));
  return {
    get stands() {
      return stands;
    },
    [Symbol.asyncDispose]: async () => {
      if (!stands) return;
      // Somebody waits for it now.
      thread.ref();
      thread.postMessage({ type: "close" } satisfies ToMdns);
      await Promise.race([gone, once(AbortSignal.timeout(goodbyeMs), "abort")]);
      if (stands) background(thread.terminate(), (err) => log.error({ err }, "the thread of mDNS did not end"));
    },
  };
}

function hear(message: FromMdns, log: Log): void {
  if (message.type === "trouble") log.warn({}, `mDNS: ${message.message}`);
  else
    log.info({ service: message.service }, `announced on the network as "${message.name}" (_${message.service}._tcp)`);
}

import { once } from "node:events";
import { request } from "../util/node-http.ts";

const started = "doorward:started";
const visitMs = 2000;
/** What a browser asks for first. */
const first = ["", "api/v1/session"];

/**
 * Where nothing of this version has been compiled before (bin/run-bundle.cjs listens then): asks the hub for what a browser asks for
 * first, so that the next start has that compiled as well, and says that it may be kept.
 */
export async function keepCompiled(httpUrl: string): Promise<void> {
  if (process.listenerCount(started) === 0) return;
  // Whether it answers is no matter of this.
  await Promise.allSettled(first.map((path) => visit(`${httpUrl}${path}`)));
  (process as NodeJS.EventEmitter).emit(started);
}

async function visit(url: string): Promise<void> {
  const asked = request(url, { agent: false, signal: AbortSignal.timeout(visitMs) }).end();
  const [answer] = await once(asked, "response");
  await once(answer.resume(), "end");
}

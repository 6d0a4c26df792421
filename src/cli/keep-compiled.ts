import { once } from "node:events";
import { request } from "../util/node-http.ts";

const visitMs = 2000;
/** What a browser asks for first. */
const first = ["", "api/v1/session"];

/**
 * Tells what runs this program (bin/run-bundle.cjs) that the hub has started; resolves when what was compiled for that is kept. Where
 * nothing of this version was kept before, the hub is asked for what a browser asks for first, so that the next start has that compiled as well.
 */
export function keepCompiled(httpUrl: string): Promise<void> {
  const visitAll = () => Promise.allSettled(first.map((path) => visit(`${httpUrl}${path}`)));
  return new Promise((resolve) => {
    const isHeard = (process as NodeJS.EventEmitter).emit("doorward:started", visitAll, () => resolve());
    if (!isHeard) resolve();
  });
}

async function visit(url: string): Promise<void> {
  const asked = request(url, { agent: false, signal: AbortSignal.timeout(visitMs) }).end();
  const [answer] = await once(asked, "response");
  await once(answer.resume(), "end");
}

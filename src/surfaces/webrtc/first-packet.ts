import type { Viewer } from "../../media/viewer.ts";
import type { Clock } from "../../util/clock.ts";

/** Its counters are asked for so often: what is measured by it is right to within this time. */
const askMs = 50;
const longestMs = 15_000;

/**
 * True when the first packet of picture or sound has left for a viewer; false when that does not come to be within 15 s, or
 * the viewer is over before. Never rejects.
 */
export async function firstPacketSent(viewer: Pick<Viewer, "stats" | "closed">, clock: Clock): Promise<boolean> {
  const over = new AbortController();
  viewer.closed.then(
    () => over.abort(),
    () => over.abort(),
  );
  try {
    for (let waited = 0; waited < longestMs && !over.signal.aborted; waited += askMs) {
      const { packetsSent } = await viewer.stats();
      if (packetsSent > 0) return true;
      await clock.sleep(askMs, over.signal);
    }
  } catch {
    // The viewer is over, and its counters are gone.
  }
  return false;
}

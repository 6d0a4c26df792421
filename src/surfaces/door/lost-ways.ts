import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { every } from "../../util/every.ts";
import type { Log } from "../../util/log.ts";
import { readRetransmits } from "../../util/retransmits.ts";
import type { Connection } from "./connection.ts";

const lookMs = 5000;
/** A connection on which nothing came for so long is looked at. */
const quietMs = 10_000;
/** What was sent again so often has been on its way for some 12 s on a local network, and for half a minute on a slow one. */
const maxRetransmits = 6;

/**
 * Ends connections whose other end does not acknowledge what it is sent. Who is sent nothing is found by TCP keep-alive, which
 * is silent here. Dispose it to end it.
 */
export function endLostWays(of: {
  readonly connections: () => Iterable<Pick<Connection, "heardUs" | "ends" | "address" | "lost">>;
  readonly clock: Clock;
  readonly log: Log;
  /** Only for tests. */
  readonly read?: typeof readRetransmits;
}): Disposable {
  const { connections, clock, log, read = readRetransmits } = of;
  const look = async () => {
    const nowUs = clock.nowUs();
    const quiet = [...connections()].filter(({ heardUs }) => nowUs - heardUs >= quietMs * 1000);
    if (quiet.length === 0) return;
    const retransmits = await read();
    for (const connection of quiet) {
      const { ends, address } = connection;
      if (!ends || retransmits(ends) < maxRetransmits) continue;
      log.info({ address }, "a door connection does not acknowledge what it is sent: it is ended");
      connection.lost();
    }
  };
  return every(clock, lookMs, () => background(look(), (err) => log.error({ err }, "connections were not looked at")));
}

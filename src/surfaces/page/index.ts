import { Listeners } from "../../util/listeners.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { asyncApiRoute, eventsPath } from "./asyncapi.ts";
import { Happenings } from "./happenings.ts";
import { MergedChanges } from "./merged-changes.ts";
import { PageSocket } from "./page-socket.ts";
import { voiceRoutes } from "./voice.ts";

/** At most 4 messages a second about one device. */
const deviceIntervalMs = 250;

/** What the page needs beside the API: the socket on which it is told what changes and takes turns, and its microphone. */
export default defineSurface({ name: "page", config: undefined, start });

async function start({ hub, webrtc, viewings, iceLinks }: Lent<undefined>) {
  const changed = new Listeners<{ readonly type: "device" | "removed"; readonly id: string }>((error) =>
    hub.log.error({ err: error }, "page socket failed"),
  );
  const owned = new DisposableStack();
  const merged = owned.use(
    new MergedChanges({
      clock: hub.clock,
      intervalMs: deviceIntervalMs,
      emit: (id) => changed.emit({ type: "device", id }),
    }),
  );
  owned.use(
    hub.devices.onChange((event) => {
      if (event.type === "device") merged.push(event.id);
      else {
        merged.drop(event.id);
        changed.emit(event);
      }
    }),
  );
  const happenings = owned.use(new Happenings(hub));
  owned.use(hub.lastPictures.onChange((id) => merged.push(id)));
  owned.use(hub.turns.onChange((id) => merged.push(id)));
  return {
    addresses: [],
    routes: [...voiceRoutes({ hub, webrtc, iceLinks }), asyncApiRoute()],
    sockets: [
      {
        path: eventsPath,
        share: "pages",
        connected: (socket, principal, { headers }) => {
          const expected = webrtc.expect();
          // A program listens for days and may never show a picture; whoever sits before a page or a station may at any moment.
          if (principal.via === "token") expected[Symbol.dispose]();
          else socket.once("close", () => expected[Symbol.dispose]());
          const program = headers["x-doorward-program"];
          if (typeof program === "string") hub.identity.pairings.came(principal, program);
          new PageSocket({ socket, principal, hub, viewings, happenings, changed }).start();
        },
      },
    ],
    [Symbol.asyncDispose]: async () => owned.dispose(),
  } as const satisfies Running;
}

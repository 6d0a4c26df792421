import type { FastifyInstance } from "fastify";
import type { WebSocket } from "ws";
import { Listeners } from "../../util/listeners.ts";
import { Problem } from "../problem.ts";
import type { HttpContext } from "./context.ts";
import { PageSocket } from "./page-socket.ts";
import { askerOf } from "./serve-route.ts";
import { Throttle } from "./throttle.ts";

/** At most 4 messages a second about one device. */
const deviceIntervalMs = 250;

/** The WebSocket of the page: what changes among the devices, and the page's turns at speakers. */
export function serveEvents(app: FastifyInstance, context: HttpContext): void {
  const { hub } = context;
  const changed = new Listeners<{ readonly type: "device" | "removed"; readonly id: string }>((error) =>
    hub.log.error({ err: error }, "page socket failed"),
  );
  const throttle = new Throttle({
    clock: hub.clock,
    intervalMs: deviceIntervalMs,
    emit: (id) => changed.emit({ type: "device", id }),
  });
  const watches = [
    hub.devices.onChange((event) => {
      if (event.type === "device") throttle.push(event.id);
      else {
        throttle.drop(event.id);
        changed.emit(event);
      }
    }),
    hub.turns.onChange((id) => throttle.push(id)),
  ];
  app.addHook("onClose", async () => {
    for (const watch of watches) watch[Symbol.dispose]();
    throttle[Symbol.dispose]();
  });
  app.get(
    "/api/v1/events",
    {
      websocket: true,
      preHandler: async (request) => {
        if (!request.principal) throw new Problem(401, { code: "signed-out", detail: "Sign in first." });
        // A refusal is an answer: the place is taken before the socket is there.
        const place = context.shares.pages.enter(askerOf(request));
        request.raw.socket.once("close", () => place[Symbol.dispose]());
      },
    },
    (socket: WebSocket, request) => {
      const { principal } = request;
      if (!principal) return socket.close(1008, "signed-out");
      new PageSocket({ socket, principal, context, changed }).start();
    },
  );
}

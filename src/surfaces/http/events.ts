import type { FastifyInstance, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import { Listeners } from "../../util/listeners.ts";
import { Problem } from "../problem.ts";
import type { HttpContext } from "./context.ts";
import { PageSocket } from "./page-socket.ts";
import { Throttle } from "./throttle.ts";

/** At most 4 messages a second about one device. */
const deviceIntervalMs = 250;
/** Sockets of one person. */
const maxPerUser = 32;

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
    hub.talks.onChange((id) => throttle.push(id)),
  ];
  const open = new Map<string, number>();
  app.addHook("onClose", async () => {
    for (const watch of watches) watch[Symbol.dispose]();
    throttle[Symbol.dispose]();
  });
  app.get(
    "/api/v1/events",
    { websocket: true, preHandler: async (request) => refuse(request, open) },
    (socket: WebSocket, request) => {
      const { principal } = request;
      if (!principal) return socket.close(1008, "signed-out");
      open.set(principal.userId, (open.get(principal.userId) ?? 0) + 1);
      socket.once("close", () => {
        const left = (open.get(principal.userId) ?? 1) - 1;
        if (left > 0) open.set(principal.userId, left);
        else open.delete(principal.userId);
      });
      new PageSocket({ socket, principal, context, changed }).start();
    },
  );
}

function refuse(request: FastifyRequest, open: ReadonlyMap<string, number>): void {
  const { principal } = request;
  if (!principal) throw new Problem(401, { code: "signed-out", detail: "Sign in first." });
  if ((open.get(principal.userId) ?? 0) < maxPerUser) return;
  throw new Problem(429, { code: "busy", detail: "Too many pages are open." });
}

import type { FastifyInstance } from "fastify";
import type { WebSocket } from "ws";
import { Problem } from "../problem.ts";
import type { SocketRoute } from "../surface.ts";
import type { HttpContext } from "./context.ts";
import { askerOf } from "./serve-route.ts";

/** Puts a surface's WebSocket on the server: whoever is signed in and has a place left is connected. */
export function serveSocket(
  app: FastifyInstance,
  how: { readonly socket: SocketRoute; readonly context: HttpContext },
): void {
  const { path, share, connected } = how.socket;
  app.get(
    path,
    {
      websocket: true,
      preHandler: async (request) => {
        if (!request.principal) throw new Problem(401, { code: "signed-out", detail: "Sign in first." });
        // A refusal is an answer: the place is taken before the socket is there.
        const place = how.context.shares[share].enter(askerOf(request));
        request.raw.socket.once("close", () => place[Symbol.dispose]());
      },
    },
    (socket: WebSocket, request) => {
      const { principal } = request;
      if (principal) connected(socket, principal, request);
      else socket.close(1008, "signed-out");
    },
  );
}

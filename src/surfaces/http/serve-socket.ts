import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import { bearerOf } from "../own-port.ts";
import { Problem } from "../problem.ts";
import type { OwnProofSocket, SignedInSocket, SocketRoute } from "../surface.ts";
import type { HttpContext } from "./context.ts";
import { askerOf } from "./serve-route.ts";
import type { SocketGuard } from "./sockets.ts";

interface How<Socket extends SocketRoute> {
  readonly socket: Socket;
  readonly context: HttpContext;
  readonly sockets: SocketGuard;
}

/** Puts a surface's WebSocket on the server. */
export function serveSocket(app: FastifyInstance, how: How<SocketRoute>): void {
  const { socket } = how;
  if (socket.proof === "own") serveOwnProof(app, { ...how, socket });
  else serveSignedIn(app, { ...how, socket });
}

/** Whoever comes is connected, and is a stranger to the socket guard until the surface knows them. */
function serveOwnProof(app: FastifyInstance, { socket, sockets }: How<OwnProofSocket>): void {
  const replies = new WeakMap<object, FastifyReply>();
  const preHandler = async (request: FastifyRequest, reply: FastifyReply) => {
    replies.set(request, reply);
  };
  app.get(socket.path, { websocket: true, preHandler }, (opened: WebSocket, request) => {
    const { raw, ip } = request;
    const { socket: connection } = raw;
    const welcome = (who: string) => {
      if (!sockets.welcome(connection, who)) opened.close(1008, "Too many connections");
    };
    // There may be ten thousand: the request and its answer are held no longer than the upgrade takes.
    opened.removeAllListeners("error");
    replies.get(request)?.raw.detachSocket(connection);
    socket.connected({ socket: opened, request: raw, address: ip, token: bearerOf(raw), welcome });
  });
}

/** Whoever is signed in and has a place left is connected. */
function serveSignedIn(app: FastifyInstance, how: How<SignedInSocket>): void {
  const { path, share, connected } = how.socket;
  app.get(
    path,
    {
      websocket: true,
      preHandler: async (request) => {
        if (!request.principal) throw new Problem(401, { code: "signed-out", detail: "Sign in first." });
        // A refusal is an answer: the place is taken before the socket is there.
        if (share === undefined) return;
        const place = how.context.shares[share].enter(askerOf(request));
        request.raw.socket.once("close", () => place[Symbol.dispose]());
      },
    },
    (socket: WebSocket, request) => {
      const { principal } = request;
      if (principal) connected(socket, principal, request, askerOf(request));
      else socket.close(1008, "signed-out");
    },
  );
}

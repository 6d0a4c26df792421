import type { Server } from "node:net";
import { FatalError } from "./errors.ts";

/** Where to listen. */
export interface ListenAt {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  /** What listens, for the refusal: the section of the configuration that says where. */
  readonly what?: string;
}

/** Resolves when the server listens. Throws FatalError `listen` with a sentence. */
export function listenAt(server: Server, { host, port, what }: ListenAt): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "EADDRINUSE"
          ? "the port is taken by another program (perhaps another Doorward): end that one, or set another port"
          : cause.message;
      const prefix = what === undefined ? "" : `${what}: `;
      reject(new FatalError(`${prefix}cannot listen on ${host}:${port}: ${why}`, { code: "listen", cause }));
    };
    server.once("error", fail);
    server.listen({ host, port }, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

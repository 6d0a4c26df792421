import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Who answers what comes in: Fastify's application is one. */
export interface Answers {
  routing(request: IncomingMessage, response: ServerResponse): void;
  /** Hears of upgrades and of what is no HTTP. */
  readonly server: { emit(event: "upgrade" | "clientError", ...about: readonly unknown[]): boolean };
}

/** Ports are open before there is anybody who answers: until then what comes waits, and is answered in the order in which it came. */
export class Answering {
  #answers: Answers | undefined;
  #waiting: ((answers: Answers) => void)[] = [];

  /** Answers whoever waits, and whoever comes from now on. */
  begin(answers: Answers): void {
    this.#answers = answers;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const answer of waiting) answer(answers);
  }

  /** What comes to this server is answered. Gives the connections that are no longer the server's to close. */
  listenTo(server: Server): ReadonlySet<Duplex> {
    const upgraded = new Set<Duplex>();
    server.on("request", (request, response) => this.#with((answers) => answers.routing(request, response)));
    server.on("upgrade", (request, socket, head) => {
      upgraded.add(socket);
      socket.once("close", () => upgraded.delete(socket));
      // Node listens no longer, and one that breaks while it waits must not end the hub.
      const broken = () => socket.destroy();
      socket.on("error", broken);
      this.#with((answers) => {
        answers.server.emit("upgrade", request, socket, head);
        socket.off("error", broken);
      });
    });
    server.on("clientError", (error, socket) => {
      if (this.#answers) this.#answers.server.emit("clientError", error, socket);
      else socket.destroy();
    });
    return upgraded;
  }

  #with(answer: (answers: Answers) => void): void {
    if (this.#answers) answer(this.#answers);
    else this.#waiting.push(answer);
  }
}

import type { FastifyReply, FastifyRequest } from "fastify";

/** Answers counted by route and status, for `/metrics`. Routes are patterns, so that their number is bounded. */
export class HttpCounters {
  readonly #counts = new Map<string, { readonly route: string; readonly status: number; count: number }>();

  /** Counts one answer. */
  count(request: FastifyRequest, reply: FastifyReply): void {
    const route = `${request.method} ${request.routeOptions.url ?? "other"}`;
    const key = `${route} ${reply.statusCode}`;
    const entry = this.#counts.get(key) ?? { route, status: reply.statusCode, count: 0 };
    entry.count++;
    this.#counts.set(key, entry);
  }

  /** What was counted so far. */
  list(): readonly { readonly route: string; readonly status: number; readonly count: number }[] {
    return [...this.#counts.values()];
  }
}

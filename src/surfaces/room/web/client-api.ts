import type { IncomingMessage, ServerResponse } from "node:http";
import { type ChimeInfo, maxChimeBytes } from "../../../hub/chimes.ts";
import type { Hub } from "../../../hub/hub.ts";
import { background } from "../../../util/background.ts";
import { DoorwardError, messageOf } from "../../../util/errors.ts";
import { answerJson, bearerOf } from "../../own-port.ts";
import type { Clients } from "./clients.ts";
import type { Ringing } from "./ringing.ts";

/** Options of {@link ClientApi}. */
export interface ClientApiOptions {
  readonly hub: Hub;
  readonly clients: Pick<Clients, "list">;
  readonly ringing: Ringing;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A form has a little around its file. */
const maxFormBytes = maxChimeBytes + 64 * 1024;

/** What the original's clients ask for over HTTP: chimes, and counters of sound. */
export class ClientApi {
  readonly #options: ClientApiOptions;
  #sinceMs = 0;

  constructor(options: ClientApiOptions) {
    this.#options = options;
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const send = (answer: Answer) => answerJson(response, answer);
    const failed = (error: unknown) => {
      if (!(error instanceof DoorwardError)) this.#options.hub.log.error({ err: error }, "a client's request failed");
      send(refusalOf(error));
    };
    background(this.#serve(request).then(send), failed);
  }

  async #serve(request: IncomingMessage): Promise<Answer> {
    const { method = "GET" } = request;
    const url = new URL(request.url ?? "/", "http://hub");
    const chime = /^\/api\/chimes\/([^/]+)$/.exec(url.pathname)?.[1];
    const known = ["/api/chimes", "/api/audio_stats"].includes(url.pathname) || chime !== undefined;
    if (!known) return { status: 404, body: { error: "There is only /ws, /api/chimes and /api/audio_stats here." } };
    if (!this.#may(request)) {
      return {
        status: 401,
        body: { error: "Show a token of a person who may talk everywhere as Authorization: Bearer." },
      };
    }
    if (method === "GET" && url.pathname === "/api/chimes") return { status: 200, body: this.#chimes() };
    if (method === "POST" && chime === "upload") return await this.#upload(request);
    if (method === "DELETE" && chime !== undefined) return await this.#remove(nameOf(chime));
    if (url.pathname === "/api/audio_stats" && method === "GET") return { status: 200, body: this.#stats(url) };
    if (url.pathname === "/api/audio_stats" && method === "POST") return this.#forget(request);
    return { status: 405, body: { error: `${method} is not for this address.` } };
  }

  /** Chimes ring everywhere, so that whoever may talk everywhere may change them. */
  #may(request: IncomingMessage): boolean {
    const { identity, reception } = this.#options.hub;
    const token = bearerOf(request);
    if (token === undefined) return reception.isOpen;
    const principal = identity.credentials.find(token);
    return principal?.via === "token" && identity.policy.allows(principal, "talk");
  }

  #chimes() {
    const { hub, ringing } = this.#options;
    return { chimes: hub.chimes.list().map(describe), current: ringing.chimes().current };
  }

  async #upload(request: IncomingMessage): Promise<Answer> {
    const body = await readBounded(request);
    if (!body) return { status: 413, body: { error: `It is larger than ${maxChimeBytes / 2 ** 20} MiB.` } };
    const file = await fileOf(body, request.headers["content-type"] ?? "");
    if (!file) return { status: 400, body: { error: "Send a form with a WAV file in the field `file`." } };
    if (!/\.wav$/i.test(file.name)) return { status: 400, body: { error: "Only WAV files (.wav) can be chimes." } };
    const name = file.name.slice(0, -".wav".length).replaceAll(" ", "_");
    return { status: 200, body: describe(await this.#options.hub.chimes.add(name, file.bytes)) };
  }

  async #remove(name: string): Promise<Answer> {
    const { hub, ringing } = this.#options;
    await hub.chimes.remove(name);
    return { status: 200, body: { deleted: name, current: ringing.chimes().current } };
  }

  /** The same counters as the original's, of the clients that speak and hear here. */
  #stats(url: URL) {
    const { clients, hub } = this.#options;
    const windowS = Number(url.searchParams.get("window") ?? 60);
    const nowMs = hub.clock.wallMs();
    const sinceMs = Math.max(
      this.#sinceMs,
      Number(url.searchParams.get("since") ?? 0) * 1000,
      windowS > 0 ? nowMs - windowS * 1000 : 0,
    );
    const wanted = url.searchParams.get("sender");
    const all = clients.list();
    const senders = all
      .filter(({ came, name }) => came.frames > 0 && came.lastMs >= sinceMs && (wanted === null || wanted === name))
      .map(({ name, came }) => [
        name,
        {
          first_rx: came.firstMs / 1000,
          last_rx: came.lastMs / 1000,
          packet_count: came.frames,
          priority: came.priority,
          age_seconds: (nowMs - came.lastMs) / 1000,
          duration_seconds: (came.lastMs - came.firstMs) / 1000,
        },
      ]);
    const sum = (of: "sent" | "dropped") => all.reduce((total, { out }) => total + out.counters[of], 0);
    const speaking = all.find((client) => client.speaking);
    return {
      current_state: speaking ? "transmitting" : "idle",
      current_sender: speaking?.name ?? null,
      senders: Object.fromEntries(senders),
      tx: { packets: sum("sent"), errors: sum("dropped") },
    };
  }

  #forget(request: IncomingMessage): Answer {
    request.resume();
    this.#sinceMs = this.#options.hub.clock.wallMs();
    const cleared = this.#options.clients.list().filter(({ came }) => came.frames > 0).length;
    return { status: 200, body: { result: "ok", cleared } };
  }
}

function describe({ name, seconds }: ChimeInfo) {
  return { name, frames: Math.round(seconds * 50), duration: seconds };
}

function nameOf(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

async function readBounded(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxFormBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** The file of a form (RFC 7578), read by the platform itself. */
async function fileOf(
  body: Buffer<ArrayBufferLike>,
  type: string,
): Promise<{ readonly name: string; readonly bytes: Uint8Array } | undefined> {
  if (!/^multipart\/form-data;/i.test(type)) return undefined;
  try {
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
    const file = form.get("file");
    if (file === null || typeof file === "string") return undefined;
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch {
    return undefined;
  }
}

function refusalOf(error: unknown): Answer {
  const code = error instanceof DoorwardError ? error.code : "";
  const statuses: Readonly<Record<string, number>> = { "not-found": 404, "too-large": 413, "too-many": 409 };
  if (error instanceof DoorwardError) return { status: statuses[code] ?? 400, body: { error: messageOf(error) } };
  return { status: 500, body: { error: "Something went wrong in the hub; its log says more." } };
}

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import QRCode from "qrcode";
import { type WebSocket, WebSocketServer } from "ws";
import { settingsJsonSchema } from "../../src/hub/device-settings.ts";
import { contentSecurityPolicy } from "../../src/surfaces/http/security-headers.ts";
import type { StationTold } from "../../src/surfaces/panel/messages.ts";
import type {
  AuditEntry,
  CallView,
  Chime,
  Fault,
  Hearing,
  HubMessage,
  Invitation,
  OwnSession,
  PageDevice,
  PageMessage,
  PastCall,
  Person,
  Session,
  Token,
  User,
  Waiting,
  WallLayout,
} from "../../web/src/api.ts";
import { callsApi, type ScriptedCalls } from "./page-server-calls.ts";

/** A viewing that the scripted server gives. */
export interface ScriptedViewing extends AsyncDisposable {
  readonly answerSdp: string;
  /** What the hub converts the picture from, as `doorward-converted` says it. */
  readonly converted?: string;
  addCandidate(candidate: { candidate: string; sdpMid: string }): void;
}

/** Options of {@link startPageServer}. */
export interface PageServerOptions {
  /** The built page. */
  readonly pageDir: string;
  readonly devices?: readonly PageDevice[];
  readonly session?: Partial<Session>;
  readonly users?: readonly User[];
  /** Devices that wait to be let in. */
  readonly waiting?: readonly Waiting[];
  /** Whether a station is let in; it is unless told. */
  readonly station?: "in" | "waiting" | "refused";
  /** What a station is told once it is in. */
  readonly stationTold?: readonly StationTold[];
  readonly audit?: readonly AuditEntry[];
  /** Who hears what is said, played or rung. */
  readonly hearing?: readonly Hearing[];
  /** Answers WHEP; without it WHEP is refused with 503. Throws to refuse. */
  readonly view?: (device: string, offerSdp: string) => Promise<ScriptedViewing>;
  /** What else it answers, by `METHOD /path`; a {@link Refusal} refuses. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** What is wrong with the hub. */
  readonly faults?: readonly Fault[];
  /** How the person arranged their wall. */
  readonly wall?: Partial<WallLayout>;
  /** Where it listens; on any free port unless told. */
  readonly port?: number;
  /** What the page says over its socket; `tell` answers it. */
  readonly onMessage?: (message: PageMessage, tell: (message: HubMessage) => void) => void;
}

/** A hub whose every word is scripted: it speaks docs/http-contract.md and has no devices behind it. */
export class PageServer implements AsyncDisposable, ScriptedCalls {
  session: Session;
  readonly devices = new Map<string, PageDevice>();
  readonly received: PageMessage[] = [];
  readonly offers: string[] = [];
  readonly viewings = new Map<string, ScriptedViewing>();
  /** Whether a station is let in. */
  station: "in" | "waiting" | "refused";
  users: Person[];
  /** What was chosen by an invitation. */
  chosen = "";
  /** Where the person is signed in. */
  sessions: OwnSession[] = [
    {
      id: "s1",
      here: true,
      panel: false,
      createdMs: minutesAgo(90),
      seenMs: minutesAgo(0),
      address: "192.168.1.10",
      browser: chrome,
    },
    {
      id: "s2",
      here: false,
      panel: false,
      createdMs: minutesAgo(9000),
      seenMs: minutesAgo(40),
      address: "192.168.1.23",
      browser: iphone,
    },
    {
      id: "s3",
      here: false,
      panel: true,
      createdMs: minutesAgo(30_000),
      seenMs: minutesAgo(1),
      address: "192.168.1.77",
      browser: firefox,
    },
  ];
  waiting: readonly Waiting[];
  /** False: the password has to be given again before a token is made. */
  fresh = true;
  /** How the person arranged their wall. */
  wall: WallLayout = { order: [], favourites: [], headings: "auto" };
  chimes: Chime[] = [
    { name: "Doorbell", builtIn: true, seconds: 2 },
    { name: "Gong", builtIn: true, seconds: 3 },
    { name: "Birthday", builtIn: false, seconds: 12 },
  ];
  /** The history of calls, newest first. */
  calls: PastCall[] = [];
  readonly running: CallView[] = [];
  callable: object[] = [
    { party: "person:u2", name: "Ben", state: "free" },
    { party: "person:u3", name: "Grandmother", state: "quiet" },
    { party: "person:u4", name: "Cleo", state: "away" },
    { party: "device:living-room", name: "Living room", deviceId: "living-room", state: "busy" },
  ];
  readonly asked: string[] = [];
  /** What was asked to be said, played or rung. */
  readonly said: Record<string, unknown>[] = [];
  tokens: Token[] = [
    {
      id: "t1",
      name: "Home Assistant",
      grants: [{ scope: "*", rights: ["view", "listen", "talk"] }],
      createdMs: Date.now(),
      expiresMs: Date.now() + 20_000_000_000,
    },
  ];
  readonly #sockets = new Set<WebSocket>();
  readonly #options: PageServerOptions;
  #port = 0;
  readonly #http = createServer((request, response) => void this.#serve(request, response));
  #sessions = 0;

  constructor(options: PageServerOptions) {
    this.#options = options;
    this.session = {
      setupNeeded: false,
      user: { id: "u1", name: "Anna", administrator: true, grants: [] },
      secure: true,
      version: "0.1.0",
      demo: false,
      ...options.session,
    };
    for (const device of options.devices ?? []) this.devices.set(device.id, device);
    this.users = [...(options.users ?? [])];
    this.waiting = options.waiting ?? [];
    this.station = options.station ?? "in";
    this.wall = { ...this.wall, ...options.wall };
    const sockets = new WebSocketServer({ server: this.#http });
    sockets.on("connection", (socket, { url }) => {
      if (url?.startsWith("/api/v1/station?")) this.#greetStation(socket);
      else this.#greet(socket);
    });
  }

  get url(): string {
    return `http://localhost:${this.#port}`;
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(port, "localhost", resolve));
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  /** Says something to every page. */
  tell(message: HubMessage): void {
    for (const socket of this.#sockets) socket.send(JSON.stringify(message));
  }

  /** Changes a device and tells the pages. */
  change(id: string, change: Partial<PageDevice>): void {
    const device = { ...(this.devices.get(id) as PageDevice), ...change };
    this.devices.set(id, device);
    this.tell({ type: "device", device });
  }

  /** Cuts every page's socket, as a hub that restarts does. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    await Promise.all([...this.viewings.values()].map((viewing) => viewing[Symbol.asyncDispose]()));
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #greetStation(socket: WebSocket): void {
    const settings = { type: "settings", name: "Kitchen", doNotDisturb: false, muted: false, volume: 1 } as const;
    const told: readonly StationTold[] = [
      { type: "welcome", id: "kitchen", name: "Kitchen", iceServers: [] },
      settings,
      ...(this.#options.stationTold ?? []),
    ];
    for (const message of told) socket.send(JSON.stringify(message));
    if (told.some(({ type }) => type === "over")) socket.close(4003);
  }

  #greet(socket: WebSocket): void {
    this.#sockets.add(socket);
    const tell = (message: HubMessage) => socket.send(JSON.stringify(message));
    tell({ type: "wall", layout: this.wall });
    tell({ type: "devices", devices: [...this.devices.values()] });
    if (this.running.length > 0) tell({ type: "calls", calls: this.running, mutedBells: [] });
    if (this.waiting.length > 0) tell({ type: "waiting", waiting: this.waiting });
    if (this.#options.faults) tell({ type: "faults", faults: this.#options.faults });
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as PageMessage;
      if (message.type === "ping") return tell({ type: "pong" });
      this.received.push(message);
      this.#options.onMessage?.(message, tell);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("content-security-policy", contentSecurityPolicy({ allowedFrameAncestors: [] }));
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    try {
      const body = await readBody(request);
      if (pathname.startsWith("/whep/")) return await this.#whep(request, { response, pathname, body });
      // A microphone's connection is one with nothing to see.
      const [, , voice = ""] = pathname.split("/");
      if (/^\/voice(\/|$)/.test(pathname))
        return await this.#whep(request, { response, pathname: `/voice//${voice}`, body });
      if (!pathname.startsWith("/api/") && !known.has(pathname)) return await this.#file(pathname, response);
      const answer = await this.#api(`${request.method} ${pathname}`, {
        body: request.headers["content-type"] === "application/json" && body ? JSON.parse(body) : {},
        searchParams,
      });
      if (answer === undefined) response.writeHead(204).end();
      else if (typeof answer === "string") response.setHeader("content-type", "image/svg+xml").end(answer);
      else response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    } catch (error) {
      const problem = error instanceof Refusal ? error : new Refusal(500, String(error));
      response.writeHead(problem.status, { "content-type": "application/problem+json" });
      response.end(JSON.stringify({ ...problem, detail: problem.message }));
    }
  }

  async #api(
    call: string,
    request: { body: Record<string, unknown>; searchParams: URLSearchParams },
  ): Promise<unknown> {
    const { body } = request;
    const told = this.#options.answers?.[call];
    if (told instanceof Refusal) throw told;
    if (told !== undefined) return told;
    const [, id = "", act = ""] = /^\w+ \/api\/v1\/\w+\/([^/]+)(?:\/(\w+))?/.exec(call) ?? [];
    const named = call.replace(/(\/api\/v1\/\w+)\/[^/]+(\/\w+)?$/, "$1/:id$2");
    const answer = callsApi(named, { calls: this, id, act, raw: call });
    if (answer !== undefined) return answer;
    switch (named) {
      case "GET /health":
        return { status: "ok", version: this.session.version, uptimeSeconds: 93_000 };
      case "GET /ca.svg":
        return QRCode.toString(`${this.url}/ca.crt`, { type: "svg" });
      case "GET /api/v1/session":
        return this.session;
      case "POST /api/v1/setup":
      case "POST /api/v1/setup/:id":
        if (body["code"] !== "ABCD-EFGH-JKLM") throw new Refusal(403, "This code is wrong or too old.", "wrong-code");
        if (id === "code") return undefined;
        this.session = {
          ...this.session,
          setupNeeded: false,
          user: { id: "u1", name: String(body["name"]), administrator: true, grants: [] },
        };
        return this.session;
      case "POST /api/v1/login":
        if (body["password"] !== "correct horse")
          throw new Refusal(401, "Name and password do not fit.", "wrong-password");
        this.session = {
          ...this.session,
          user: { id: "u1", name: String(body["name"]), administrator: true, grants: [] },
        };
        return this.session;
      case "POST /api/v1/logout":
        this.session = { ...this.session, user: undefined };
        return undefined;
      case "GET /api/v1/devices":
        return { devices: [...this.devices.values()] };
      case "GET /api/v1/device-settings":
        return settingsJsonSchema();
      case "POST /api/v1/devices":
        return this.#add(body);
      case "PATCH /api/v1/devices/:id":
        this.change(id, body as Partial<PageDevice>);
        return this.devices.get(id);
      case "DELETE /api/v1/devices/:id":
        this.devices.delete(id);
        this.tell({ type: "removed", id });
        return undefined;
      case "POST /api/v1/devices/:id/restart":
        return act === "restart" ? undefined : {};
      case "POST /api/v1/devices/:id/token":
        this.change(id, { arrival: { enrolled: "token", approvedMs: Date.now() } });
        return { token: deviceToken };
      case "DELETE /api/v1/devices/:id/token":
        this.change(id, { arrival: {} });
        return undefined;
      case "POST /api/v1/stations/:id":
        if (this.station === "refused") {
          throw new Refusal(403, "Its token is not the one it was given.", "refused");
        }
        return { state: this.station };
      case "DELETE /api/v1/stations/:id":
        return undefined;
      case "POST /api/v1/arrivals/:id":
        return this.#letIn(id, body);
      case "DELETE /api/v1/arrivals/:id":
        this.#noLonger(id);
        return undefined;
      case "POST /api/v1/probe":
        return this.#probe(String(body["address"]));
      case "GET /api/v1/users":
        return { users: this.users };
      case "POST /api/v1/users":
        this.users.push({ id: `u${this.users.length + 1}`, ...(body as Omit<User, "id">) });
        return this.users.at(-1);
      case "PATCH /api/v1/users/:id":
        this.users = this.users.map((user) => (user.id === id ? { ...user, ...body } : user));
        return this.users.find((user) => user.id === id);
      case "POST /api/v1/users/:id/invitation":
        return this.#invite(id);
      case "DELETE /api/v1/users/:id/invitation":
        this.users = this.users.map((user) => (user.id === id ? { ...user, invitedUntilMs: undefined } : user));
        return undefined;
      case "POST /api/v1/invitation":
        if (body["invitation"] !== goodInvitation) throw new Refusal(410, "It is no longer good.", "no-invitation");
        return { name: "Cleo", expiresMs: Date.now() + dayMs };
      case "POST /api/v1/invitation/:id":
        this.chosen = String(body["password"]);
        this.session = { ...this.session, user: { id: "u9", name: "Cleo", administrator: false, grants: [] } };
        return this.session;
      case "DELETE /api/v1/users/:id":
        this.users = this.users.filter((user) => user.id !== id);
        return undefined;
      case "GET /api/v1/sessions":
        return { sessions: this.sessions };
      case "DELETE /api/v1/sessions/:id":
        this.sessions = this.sessions.filter((one) => one.id !== id);
        return undefined;
      case "DELETE /api/v1/sessions": {
        const ended = this.sessions.filter(({ here }) => !here).length;
        this.sessions = this.sessions.filter(({ here }) => here);
        return { ended };
      }
      case "GET /api/v1/tokens":
        return { tokens: this.tokens };
      case "POST /api/v1/session/:id/leave":
        if (body["password"] !== "correct horse")
          throw new Refusal(401, "Name and password do not fit.", "wrong-password");
        this.session = { ...this.session, panel: undefined };
        return undefined;
      case "POST /api/v1/session/:id":
        if (id === "panel") {
          this.session = { ...this.session, panel: true };
          return undefined;
        }
        if (body["password"] !== "correct horse")
          throw new Refusal(403, "This is not your password.", "wrong-password");
        if (id === "confirm") this.fresh = true;
        return undefined;
      case "POST /api/v1/tokens": {
        if (!this.fresh) throw new Refusal(403, "Give your password again to do this.", "password-needed");
        const grants = body["grants"] as Token["grants"];
        const token = { id: `t${this.tokens.length + 1}`, name: String(body["name"]), grants, createdMs: Date.now() };
        this.tokens.push(token);
        return { ...token, token: "dw_kq3Zx0dF8pVtY2mNwR7sBhJ5uLcA1eGi" };
      }
      case "DELETE /api/v1/tokens/:id":
        this.tokens = this.tokens.filter((token) => token.id !== id);
        return undefined;
      case "GET /api/v1/chimes":
        return { chimes: this.chimes };
      case "GET /api/v1/sounds":
        return { sounds: [{ name: "Gong.mp3", seconds: 3.2, bytes: 51_000, changedMs: 0 }] };
      case "GET /api/v1/say/:id":
        return { hosts: [], offers: [{ host: "http://ha.local:8123", by: "Home Assistant (Anna)", atMs: 0 }] };
      case "POST /api/v1/chimes":
        this.chimes.push({ name: request.searchParams.get("name") ?? "", builtIn: false, seconds: 2 });
        return this.chimes.at(-1);
      case "DELETE /api/v1/chimes/:id":
        this.chimes = this.chimes.filter(({ name }) => name !== decodeURIComponent(id));
        return undefined;
      case "POST /api/v1/say":
      case "POST /api/v1/ring":
        this.said.push(body);
        return { state: "granted", hearing: this.#options.hearing ?? [] };
      case "PATCH /api/v1/wall":
        this.wall = { ...this.wall, ...(body as Partial<WallLayout>) };
        this.tell({ type: "wall", layout: this.wall });
        return this.wall;
      case "GET /api/v1/audit":
        return { entries: request.searchParams.has("before") ? [] : (this.#options.audit ?? []) };
      default:
        throw new Refusal(404, "This is no longer there.");
    }
  }

  async #invite(id: string): Promise<Invitation> {
    const expiresMs = Date.now() + dayMs;
    this.users = this.users.map((user) => (user.id === id ? { ...user, invitedUntilMs: expiresMs } : user));
    const link = `${this.url}/#invite=${goodInvitation}`;
    return { link, qr: await QRCode.toString(link, { type: "svg", margin: 2 }), expiresMs };
  }

  #letIn(id: string, body: Record<string, unknown>): unknown {
    const waiting = this.waiting.find((one) => one.id === id);
    if (!waiting) throw new Refusal(404, "This device does not wait to be let in.");
    this.#noLonger(id);
    const legacy = body["legacy"] === true;
    const device = this.#add({ ...body, id, arrives: waiting.kind, enrolled: legacy ? "legacy" : "token" });
    return { device, ...(!legacy && waiting.kind !== "page" && { token: deviceToken }) };
  }

  #noLonger(id: string): void {
    this.waiting = this.waiting.filter((one) => one.id !== id);
    this.tell({ type: "waiting", waiting: this.waiting });
  }

  #add(body: Record<string, unknown>): PageDevice {
    const name = String(body["name"]);
    const device: PageDevice = {
      id: String(body["id"] ?? name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")),
      name,
      area: body["area"] as string | undefined,
      kind: String(body["arrives"] ?? "rtsp"),
      ...(body["arrives"]
        ? { arrival: { enrolled: body["enrolled"] as "token" | undefined, approvedMs: Date.now() } }
        : { address: String(body["address"]) }),
      state: { phase: body["arrives"] ? "away" : "live", sinceMs: Date.now() },
      tracks: [],
      permanent: true,
      rights: ["view", "listen", "talk", "page", "unlock", "administer"],
    };
    this.devices.set(device.id, device);
    this.tell({ type: "device", device });
    return device;
  }

  #probe(address: string): unknown {
    if (address.includes("nobody")) throw new Refusal(422, "Nothing answers at this address.", "unreachable");
    const [first] = this.devices.values();
    const state = address.includes("locked")
      ? { phase: "wrong-password", sinceMs: Date.now() }
      : { phase: "live", sinceMs: Date.now() };
    return { id: "preview-1", driver: "rtsp", state, tracks: first?.tracks ?? [], speaker: first?.speaker };
  }

  async #whep(
    request: IncomingMessage,
    call: { response: ServerResponse; pathname: string; body: string },
  ): Promise<void> {
    const { response, pathname, body } = call;
    const [, , device = "", session = ""] = pathname.split("/");
    const viewing = this.viewings.get(session);
    if (request.method === "POST") {
      if (!pathname.startsWith("/voice")) this.offers.push(body);
      const opened = await this.#options.view?.(decodeURIComponent(device), body);
      if (!opened) throw new Refusal(503, "The camera is not connected yet.");
      const id = `s${++this.#sessions}`;
      this.viewings.set(id, opened);
      response
        .writeHead(201, {
          "content-type": "application/sdp",
          ...(opened.converted && { "doorward-converted": opened.converted }),
          location: pathname.startsWith("/voice") ? `/voice/${id}` : `/whep/${device}/${id}`,
        })
        .end(opened.answerSdp);
    } else if (!viewing) {
      throw new Refusal(404, "This viewing is over.");
    } else if (request.method === "PATCH") {
      const sdpMid = /^a=mid:(.*)$/m.exec(body)?.[1]?.trim() ?? "0";
      for (const [, candidate = ""] of body.matchAll(/^a=(candidate:.*)$/gm)) {
        viewing.addCandidate({ candidate: candidate.trim(), sdpMid });
      }
      response.writeHead(204).end();
    } else {
      this.viewings.delete(session);
      await viewing[Symbol.asyncDispose]();
      response.writeHead(200).end();
    }
  }

  async #file(pathname: string, response: ServerResponse): Promise<void> {
    const name = extname(pathname) === "" ? "index.html" : normalize(pathname);
    const content = await readFile(join(this.#options.pageDir, name)).catch(() => {
      throw new Refusal(404, "No such file.");
    });
    response.setHeader("content-type", types[extname(name)] ?? "application/octet-stream").end(content);
  }
}

/** Starts a {@link PageServer} on a free port of localhost. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const server = new PageServer(options);
  await server.listen(options.port);
  return server;
}

/** A refusal that the scripted server gives as problem+json. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
  constructor(status: number, message: string, code = "refused", fields = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** What the scripted server gives to every device that it lets in. */
const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;
const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1";
const firefox = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";

/** The invitation that this hub knows. */
export const goodInvitation = "dwi_kq3Zx0dF8pVtY2mNwR7sBhJ5uLcA1eGiT4oQ6yXzW9v";
const dayMs = 24 * 60 * 60 * 1000;

const deviceToken = "dwd_kq3Zx0dF8pVtY2mNwR7sBhJ5uLcA1eGiT4oQ6yXzW9v";

const known = new Set(["/health", "/ca.svg"]);
const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

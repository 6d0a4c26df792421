import type { Grant } from "../src/identity/policy.ts";
import type { ManualClock } from "../src/util/clock.ts";
import { type SignallingPeer, signallingPeer } from "./peers/signalling-peer.ts";
import { type Rig, type RigOptions, startRig } from "./web-rig.ts";

/** Options of {@link signallingHouse}. */
export interface SignallingHouseOptions extends Pick<RigOptions, "http" | "whep"> {
  /** Everybody is let in, unless false. */
  readonly open?: boolean;
  readonly signalling?: object;
  readonly clock?: ManualClock;
  /** The hub's own port in place of one of the surface's. */
  readonly hubPort?: boolean;
}

/** A hub, with agents and viewers of the signalling that end with it. */
export interface SignallingHouse extends AsyncDisposable {
  readonly rig: Rig;
  /** `http://127.0.0.1:port` of the port that is asked. */
  readonly http: string;
  agent(hello: object): Promise<SignallingPeer>;
  viewer(token: string): Promise<SignallingPeer>;
  /** A connection to a path that says nothing yet. */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<SignallingPeer>;
  /** A person with a token; may see everything unless told. */
  token(name: string, grants?: readonly Grant[]): Promise<string>;
  post(path: string, body: object, token?: string): Promise<HouseAnswer>;
  get(path: string, token?: string): Promise<HouseAnswer>;
}

/** An answer of the REST. */
export interface HouseAnswer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** Starts one, with a camera `yard` that is no agent. */
export async function signallingHouse(options: SignallingHouseOptions = {}): Promise<SignallingHouse> {
  const { open: isOpen = true, hubPort = false, signalling, clock, http: httpConfig, whep } = options;
  const rig = await startRig(
    { yard: "fake://x/?video&audio" },
    {
      enrolment: isOpen ? "open" : "pending",
      signalling: { ...(!hubPort && { port: 0 }), ...signalling },
      ...(clock && { clock }),
      ...(httpConfig && { http: httpConfig }),
      ...(whep && { whep }),
    },
  );
  const own = rig.web.addresses.find((one) => one.endsWith("/ws/device"));
  const http = hubPort ? rig.url.slice(0, -1) : new URL(own ?? "").origin.replace("ws:", "http:");
  const peers = new AsyncDisposableStack();
  const open = async (path: string, how: { hello?: object; headers?: Readonly<Record<string, string>> } = {}) =>
    peers.use(await signallingPeer(`${http.replace("http:", "ws:")}${path}`, how));
  const ask = async (path: string, init: RequestInit, token?: string) => {
    const headers = {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const response = await fetch(`${http}${path}`, { ...init, headers });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
  return {
    rig,
    http,
    open: (path, headers) => open(path, headers && { headers }),
    agent: (hello) => open("/ws/device", { hello }),
    viewer: (token) => open("/ws/viewer", { hello: { token } }),
    token: (name, grants = [{ scope: "*", rights: ["view"] }]) => tokenOf(rig, { name, grants }),
    post: (path, body, token) => ask(path, { method: "POST", body: JSON.stringify(body) }, token),
    get: (path, token) => ask(path, {}, token),
    [Symbol.asyncDispose]: async () => {
      await peers.disposeAsync();
      await rig[Symbol.asyncDispose]();
    },
  };
}

async function tokenOf(
  { identity }: Rig,
  { name, grants }: { readonly name: string; readonly grants: readonly Grant[] },
): Promise<string> {
  const { id } = await identity.users.create({ name, administrator: false, grants: [...grants] });
  return (await identity.credentials.makeToken(id, { name: "test", grants: [...grants] })).secret;
}

/** A description of the agent's end. */
export const answerOf = (session_id: unknown) => ({ session_id, sdp: { type: "answer", sdp: "v=0\r\nanswer" } });

/** One of the viewer's end. */
export const offerOf = (session_id: unknown, sdp = "v=0\r\noffer") => ({ session_id, sdp: { type: "offer", sdp } });

/** An agent `shed` and a viewer in one session, before the offer. */
export async function watching(home: SignallingHouse) {
  const agent = await home.agent({ device_id: "shed" });
  await agent.next("hello_ack");
  const viewer = await home.viewer(await home.token("ann"));
  await viewer.next("hello_ack");
  viewer.say("watch_request", { device_id: "shed" }, "r1");
  const ready = await viewer.next("watch_ready");
  const asked = await agent.next("watch_request");
  return { agent, viewer, ready, session: asked.payload["session_id"] };
}

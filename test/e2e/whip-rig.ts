import { once } from "node:events";
import { request } from "node:http";
import type { HubDevice } from "../../src/hub/api.ts";
import { type HubRig, startRig, until } from "./hub-rig.ts";

/** A whole hub with a device `yard` that publishes by WHIP, and its token. */
export interface WhipHub extends AsyncDisposable {
  readonly rig: HubRig;
  readonly token: string;
  /** Where it publishes. */
  readonly url: string;
  readonly yard: HubDevice;
  /** Resolves when the device is in this phase. */
  phase(phase: string): Promise<void>;
}

/** Starts it; the administrator lets the device in. */
export async function startWhipHub(): Promise<WhipHub> {
  await using opened = new AsyncDisposableStack();
  const rig = opened.use(await startRig("devices:\n  yard: { arrives: whip, area: Outside }\nwhip: { udpPort: 0 }\n"));
  const made = (await (await rig.call("POST", "api/v1/devices/yard/token")).json()) as { readonly token: string };
  const yard = rig.running.hub.devices.get("yard");
  if (!yard) throw new Error("no such device");
  const owned = opened.move();
  return {
    rig,
    yard,
    token: made.token,
    url: `${rig.running.httpUrl}whip/yard`,
    phase: async (phase) => void (await until(`yard is ${phase}`, async () => yard.state.phase === phase)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the hub answered to a publisher. */
export interface WhipAnswer {
  readonly status: number;
  readonly sdp: string;
  readonly location: string;
}

/** One call with exactly these headers, as programs make it that are no browser. */
export async function callPlainly(
  url: string | URL,
  how: {
    readonly method: "POST" | "DELETE";
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  },
): Promise<WhipAnswer> {
  const outgoing = request(url, { method: how.method, headers: { ...how.headers } });
  outgoing.end(how.body);
  const [answer] = await once(outgoing, "response");
  let sdp = "";
  for await (const chunk of answer) sdp += String(chunk);
  return { status: answer.statusCode, sdp, location: String(answer.headers.location ?? "") };
}

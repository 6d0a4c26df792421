import type { HubRig } from "./hub-rig.ts";
import { type WeriftOptions, type WeriftViewer, weriftViewer } from "./webrtc-werift.ts";

/** A viewer of the second WebRTC implementation that watches one device of a whole hub. */
export interface HubViewer extends WeriftViewer {
  /** Path of its WHEP session. */
  readonly session: string;
}

/** Asks the hub for a device's picture and sound by WHEP, as the administrator. Throws the hub's refusal. */
export async function watchHub(rig: HubRig, id: string, options: WeriftOptions = {}): Promise<HubViewer> {
  await using held = new AsyncDisposableStack();
  const viewer = held.use(await weriftViewer({ setup: "active", ...options }));
  const base = rig.running.httpUrl;
  const answer = await fetch(`${base}whep/${id}`, {
    method: "POST",
    headers: {
      "content-type": "application/sdp",
      "x-doorward": "1",
      origin: base.slice(0, -1),
      cookie: rig.cookie,
    },
    body: viewer.offerSdp,
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`WHEP: ${answer.status} ${text}`);
  await viewer.accept(text);
  await viewer.connected;
  const all = held.move();
  return {
    ...viewer,
    session: (answer.headers.get("location") ?? "").slice(1),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

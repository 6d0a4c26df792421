import type { HubRig } from "./hub-rig.ts";
import { type WeriftOptions, type WeriftViewer, weriftViewer } from "./webrtc-werift.ts";

/** A viewer of the second WebRTC implementation that watches one device of a whole hub. */
export interface HubViewer extends WeriftViewer {
  /** Path of its WHEP session. */
  readonly session: string;
}

/** POSTs an offer to a device's WHEP address, as the administrator. Throws the hub's refusal. */
export async function postOffer(
  rig: HubRig,
  id: string,
  offerSdp: string,
): Promise<{ readonly sdp: string; readonly session: string }> {
  const base = rig.running.httpUrl;
  const answer = await fetch(`${base}whep/${id}`, {
    method: "POST",
    headers: {
      "content-type": "application/sdp",
      "x-doorward": "1",
      origin: base.slice(0, -1),
      cookie: rig.cookie,
    },
    body: offerSdp,
  });
  const sdp = await answer.text();
  if (answer.status !== 201) throw new Error(`WHEP: ${answer.status} ${sdp}`);
  return { sdp, session: (answer.headers.get("location") ?? "").slice(1) };
}

/** Watches a device of the hub; resolves when it is connected. Throws the hub's refusal. */
export async function watchHub(rig: HubRig, id: string, options: WeriftOptions = {}): Promise<HubViewer> {
  await using held = new AsyncDisposableStack();
  const viewer = held.use(await weriftViewer({ setup: "active", ...options }));
  const { sdp, session } = await postOffer(rig, id, viewer.offerSdp);
  await viewer.accept(sdp);
  await viewer.connected;
  const all = held.move();
  return { ...viewer, session, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

import { splitAnnexB } from "../../codecs/annexb.ts";
import { nalFacts } from "../../codecs/nal.ts";
import { videoFormat } from "../../codecs/video-format.ts";
import type { HubDevice, Rendition } from "../../hub/api.ts";
import { mayUse } from "../../hub/reach.ts";
import { noPicture } from "../../hub/trouble.ts";
import { waitForTracks } from "../../hub/wait-for-tracks.ts";
import type { Principal, Right } from "../../identity/policy.ts";
import type { Format } from "../../media/format.ts";
import type { Track } from "../../media/track.ts";
import { g711Payloads, payloadTypeOf, type RtpPayloadType, writeDescription } from "../../protocols/sdp/describe.ts";
import type { Asker } from "../admission.ts";
import type { Desk } from "./desk.ts";
import type { Place } from "./place.ts";
import { RtspRefusal } from "./refusal.ts";

/** One medium of a presentation: a track of the device, or the way back to its speaker. */
export interface Medium {
  readonly control: string;
  readonly kind: "video" | "audio";
  readonly payloads: readonly RtpPayloadType[];
  /** Absent: it is the client that sends. */
  readonly track?: Track;
}

/** Who opens a presentation, and of what. */
export interface PresentationRequest {
  readonly principal: Principal;
  readonly place: Place;
  /** ONVIF's back channel is asked for. */
  readonly backchannel: boolean;
  readonly asker: Asker;
  readonly signal: AbortSignal;
  /** Called with the reason when it is over, from its opening on: the device is gone, or other rights hold. */
  readonly onOver: (reason: string) => void;
}

/** A device that is kept running for one client, with what that client may see and hear of it. */
export interface Presentation extends AsyncDisposable {
  readonly device: HubDevice;
  readonly place: Place;
  readonly principal: Principal;
  readonly backchannel: boolean;
  readonly media: readonly Medium[];
}

const trackTimeoutMs = 10_000;
/** How long a device that shows a picture may take to offer its speaker. */
const speakerTimeoutMs = 2000;
const rights = ["view", "listen", "talk"] as const;

/**
 * Opens what a URI means. Throws RtspRefusal: 404 for what is not there, or not for them; 453 when too many watch; 503
 * when the device shows nothing; 551 when there is no way back to its speaker.
 */
export async function openPresentation(desk: Desk, request: PresentationRequest): Promise<Presentation> {
  const { hub, admission } = desk;
  const device = hub.devices.get(request.place.deviceId);
  const may = (right: Right) =>
    device !== undefined && mayUse(hub.identity.policy, { principal: request.principal, right, device });
  if (!device || !(may("view") || may("listen"))) throw notThere();
  await using held = new AsyncDisposableStack();
  // Whoever waits for a dead device takes no place from others.
  const place = held.use(admission.wait(request.asker));
  const source = sourceOf(device, request.place);
  held.use(source.demand());
  // The rights that it was asked with, not those that are left when its tracks come.
  held.use(watchOver(desk, { device, ...request }));
  const tracks = await waitForTracks(source, { timeoutMs: trackTimeoutMs, signal: request.signal });
  request.signal.throwIfAborted();
  place.begin();
  const seen = [may("view") ? tracks.video : undefined, may("listen") ? tracks.audio : undefined];
  const media = seen.filter((track) => track !== undefined).map(mediumOf);
  if (media.length === 0) throw tracks.video || tracks.audio ? notThere() : noPicture(device);
  if (request.backchannel)
    media.push(await wayBack(device, { may: may("talk"), number: media.length, signal: request.signal }));
  for (const { track } of media) if (track) held.use(watchTrack(track, request.onOver));
  request.signal.throwIfAborted();
  const { principal } = request;
  const action = media.some(({ track, kind }) => track && kind === "audio") ? "listen" : "view";
  hub.identity.audit.record({ actor: principal.name, action, subject: device.id, detail: "RTSP" });
  const kept = held.move();
  return {
    device,
    place: request.place,
    principal,
    backchannel: request.backchannel,
    media,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Its session description (RFC 8866). */
export function describePresentation({ device, media, backchannel }: Presentation): string {
  return writeDescription({
    name: device.name,
    id: Math.floor(Math.random() * 2 ** 31),
    media: media.map(({ kind, payloads, control, track }) => ({
      kind,
      payloads,
      control,
      // As ONVIF's streaming specification writes it, 5.3; without a way back players expect no direction.
      ...(backchannel && { direction: track ? "recvonly" : "sendonly" }),
    })),
  });
}

function notThere(): RtspRefusal {
  return new RtspRefusal(404, "There is no such stream, or it is not for you");
}

/** What brings the media of a place: the device, or its small picture, which has its own sound, if any. */
function sourceOf(device: HubDevice, { label }: Place): Rendition {
  if (label === "main") return device;
  if (!device.sub) throw new RtspRefusal(404, `${device.name} has no small picture`);
  return device.sub;
}

function mediumOf(track: Track, n: number): Medium {
  const payload = payloadTypeOf(completeFormat(track), 96 + n);
  return { control: `trackID=${n}`, kind: track.format.kind, payloads: [payload], track };
}

/** A track's format; parameter sets that it does not know yet are those of its last key frame. */
function completeFormat({ format, lastKeyFrame }: Track): Format {
  if (format.kind !== "video" || format.parameterSets.length > 0 || !lastKeyFrame) return format;
  const { codec } = format;
  if (codec === "mjpeg") return format;
  const { setRank } = nalFacts[codec];
  return videoFormat(
    codec,
    splitAnnexB(lastKeyFrame.data).filter((nal) => setRank(nal) >= 0),
  );
}

/** The way back to its speaker; throws RtspRefusal 551 as ONVIF asks for where there is none, or none for them. */
async function wayBack(
  device: HubDevice,
  { may, number, signal }: { readonly may: boolean; readonly number: number; readonly signal: AbortSignal },
): Promise<Medium> {
  const headers = { Unsupported: "www.onvif.org/ver20/backchannel" };
  if (!may) throw new RtspRefusal(551, `You may not speak through ${device.name}`, headers);
  const speaker = device.info().speaker ?? (await device.waitForSpeaker({ timeoutMs: speakerTimeoutMs, signal }));
  if (speaker === undefined || speaker === "none") {
    throw new RtspRefusal(551, `${device.name} has no speaker`, headers);
  }
  return { control: `trackID=${number}`, kind: "audio", payloads: g711Payloads };
}

function watchOver(
  { hub }: Desk,
  what: Pick<PresentationRequest, "principal" | "onOver"> & { readonly device: HubDevice },
): Disposable {
  const { device, principal, onOver: end } = what;
  const { policy, attachments } = hub.identity;
  const may = () => rights.filter((right) => mayUse(policy, { principal, right, device })).join();
  const granted = may();
  const held = new DisposableStack();
  held.use(attachments.attach(principal, end));
  held.use(
    hub.devices.onChange((event) => {
      if (event.id !== device.id) return;
      if (event.type === "removed" || hub.devices.get(device.id) !== device) end("the device was changed or removed");
      else if (may() !== granted) end("other rights hold"); // it moved to another area
    }),
  );
  return held;
}

/** Calls `end` when the track is closed; at once when it is already. */
function watchTrack(track: Track, end: (reason: string) => void): Disposable {
  const look = () => track.open || end("the device ended it");
  look();
  return track.onChange(look);
}

import { randomBytes } from "node:crypto";
import type { HubDevice, HubDevices, RenditionName } from "../../hub/api.ts";
import type { Conversion, ConvertedPictures } from "../../hub/converted-pictures.ts";
import type { HubTimes } from "../../hub/hub-times.ts";
import { mayUse } from "../../hub/reach.ts";
import { about, noPicture } from "../../hub/trouble.ts";
import { callerOf } from "../../identity/behalf.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Principal, Right } from "../../identity/policy.ts";
import { type Converter, playsInBrowsers } from "../../media/convert.ts";
import { opusFormat } from "../../media/format.ts";
import type { Track } from "../../media/track.ts";
import type { Viewer, ViewerStats, WebRtcWorker } from "../../media/viewer.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError, messageOf, RecoverableError } from "../../util/errors.ts";
import { Listeners } from "../../util/listeners.ts";
import type { Log } from "../../util/log.ts";
import type { Admission, Asker } from "../admission.ts";
import { SoundFloor, type SoundFloorOptions, type SoundFloorState } from "../sound-floor.ts";
import { firstPacketSent } from "./first-packet.ts";
import { type FirstMedia, firstMedia } from "./first-picture.ts";
import { askedForms, asTheyCome, type Forms, webRtcForms } from "./forms.ts";
import { Renditions } from "./renditions.ts";
import { Sittings } from "./sittings.ts";
import { voiceOf } from "./voice-of.ts";

/** One browser that watches one device. Ends by itself when its rights, its device or its connection end. */
export interface Viewing extends AsyncDisposable {
  /** 128 random bits; the last part of WHEP's `Location`. */
  readonly id: string;
  readonly deviceId: string;
  readonly principal: Principal;
  readonly answerSdp: string;
  /** Its microphone is taken. */
  readonly mayTalk: boolean;
  /** Undefined where the picture is shown as it comes. */
  readonly conversion: Conversion | undefined;
  readonly viewer: Pick<Viewer, "addCandidate">;
  /** Which of the device's pictures it shows, and how another is asked for. */
  readonly renditions: Pick<Renditions, "wanted" | "shown" | "want">;
  stats(): Promise<ViewerStats>;
  /** Resolves once, with the reason. */
  readonly closed: Promise<string>;
}

/** Options of {@link Viewings}. */
export interface ViewingsOptions {
  readonly devices: HubDevices;
  readonly identity: Identity;
  readonly converter: Converter;
  readonly webrtc: WebRtcWorker;
  /** Where the microphones of those who may talk are voices, each by the id of its viewing, and where they speak. */
  readonly hub: SoundFloorOptions["hub"] & {
    readonly pictures: Pick<ConvertedPictures, "show">;
    readonly times: Pick<HubTimes, "offerToFrame">;
  };
  readonly clock: Clock;
  readonly log: Log;
  /** Places for them, from their opening to their end. */
  readonly admission: Admission;
}

/** What somebody wants to watch. */
export interface ViewingRequest {
  readonly principal: Principal;
  readonly device: HubDevice;
  readonly offerSdp: string;
  readonly asker: Asker;
  readonly signal: AbortSignal;
  /** Which picture; the main one unless given. Who says so takes the other one until it is there. */
  readonly rendition?: RenditionName | undefined;
  /** It may decode pictures by itself: it is told of one that it would be shown converted, instead of being shown that. */
  readonly decodes?: boolean;
  /** Where not WebRTC carries it: the picture alone, as it comes. Then `offerSdp` says nothing. */
  readonly carry?: (video: Track) => Viewer;
  /** The microphone takes the floor by being heard; otherwise it is asked for, by the page's socket. */
  readonly talkBySound?: boolean;
}

/** How the talk of a viewing goes whose microphone takes the floor by itself. */
export interface ViewingTalk {
  readonly viewing: Pick<Viewing, "id" | "deviceId" | "principal">;
  readonly state: SoundFloorState;
}

/** Longest wait for a device's first track. */
const trackTimeoutMs = 10_000;
/** An Opus packet of so few bytes is silence, of an encoder that sends on while nothing is said. */
const silentOpusBytes = 3;
/** What decides which media a viewer gets; it ends when one of them comes or goes. */
const attachedRights = ["view", "listen", "talk"] as const;

/**
 * All that is being watched. Rights are checked before anything is done for the viewer, again when media attaches, and
 * whenever they change. Errors of `open`: FatalError `forbidden`, `bad-offer`, `codec-unsupported`; RecoverableError
 * `no-media`, `too-many-viewers`.
 */
export class Viewings implements AsyncDisposable {
  readonly #open = new Map<string, Viewing>();
  readonly #sittings: Sittings;
  readonly #talks: Listeners<ViewingTalk>;
  readonly #options: ViewingsOptions;

  constructor(options: ViewingsOptions) {
    this.#options = options;
    this.#sittings = new Sittings(options.clock);
    this.#talks = new Listeners((error) => options.log.error({ err: error }, "listener of talks failed"));
  }

  /** Calls `listener` with how it goes where a microphone takes the floor by itself. */
  onTalk(listener: (talk: ViewingTalk) => void): Disposable {
    return this.#talks.add(listener);
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** A viewing of this person; undefined for another's, as for one that does not exist. */
  get(id: string, principal: Principal): Viewing | undefined {
    const viewing = this.#open.get(id);
    return viewing && callerOf(viewing.principal) === callerOf(principal) ? viewing : undefined;
  }

  /** Begins to show a device. The caller may forget the viewing; it ends by itself. */
  async open(request: ViewingRequest): Promise<Viewing> {
    this.#refuseForbidden(request);
    const beganUs = this.#options.clock.nowUs();
    const viewing = await this.#begin(request);
    background(this.#timed(viewing, beganUs), (err) => this.#options.log.error({ err }, "a viewer was not timed"));
    return viewing;
  }

  async #timed(viewing: Viewing, beganUs: number): Promise<void> {
    const { clock, hub } = this.#options;
    if (await firstPacketSent(viewing, clock)) hub.times.offerToFrame.took(clock.nowUs() - beganUs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.values()].map((viewing) => viewing[Symbol.asyncDispose]()));
  }

  async #begin(request: ViewingRequest): Promise<Viewing> {
    const { device, principal } = request;
    await using held = new AsyncDisposableStack();
    // Whoever waits for a dead device takes no place from others.
    const place = held.use(this.#options.admission.wait(request.asker));
    const renditions = held.use(
      new Renditions({ device, wanted: request.rendition ?? "main", forms: this.#forms(request) }),
    );
    const over = Promise.withResolvers<string>();
    held.use(this.#options.identity.attachments.attach(principal, over.resolve));
    const media = await this.#media(request, renditions);
    place.begin();
    this.#refuseForbidden(request);
    const { audit } = this.#options.identity;
    const viewer = held.use(await this.#view(request, media));
    // The session may have ended while the worker answered.
    this.#refuseForbidden(request);
    this.#refuseReplaced(device);
    request.signal.throwIfAborted();
    this.#watch({ request, media, viewer, held, end: over.resolve });
    renditions.show({ viewer, onOver: over.resolve });
    const action = media.audio ? "listen" : "view";
    const begun = held.use(this.#sittings.begin(`${callerOf(principal)} ${device.id} ${action}`));
    // Who made a preview is told already, with where it looks; its own name means nothing to anybody later.
    if (begun.first && !device.settings.preview) {
      audit.record({ actor: principal.name, action, subject: device.id });
    }
    return this.#keep({ request, viewer, renditions }, { over, held: held.move() });
  }

  #forms({ carry, decodes, offerSdp }: ViewingRequest): Forms {
    if (carry) return asTheyCome;
    const { pictures } = this.#options.hub;
    return decodes ? askedForms(pictures, offerSdp) : webRtcForms(pictures, offerSdp);
  }

  async #view(request: ViewingRequest, { video, audio }: FirstMedia): Promise<Viewer> {
    const { carry, device, offerSdp } = request;
    if (carry && !video) throw noPicture(device);
    if (carry && video) return carry(video.track);
    return await this.#options.webrtc.view({
      offerSdp,
      ...(video && { video: video.track }),
      ...(audio && { audio }),
      acceptMicrophone: this.#may(request, "talk"),
    });
  }

  #keep(
    what: { readonly request: ViewingRequest; readonly viewer: Viewer; readonly renditions: Renditions },
    life: { readonly over: PromiseWithResolvers<string>; readonly held: AsyncDisposableStack },
  ): Viewing {
    const { viewer, request, renditions } = what;
    const { device, principal } = request;
    const id = randomBytes(16).toString("base64url");
    const { hub, identity } = this.#options;
    const mayTalk = !request.carry && identity.policy.allows(principal, "talk", device);
    if (mayTalk) {
      life.held.use(
        request.talkBySound
          ? this.#talkBySound({ id, deviceId: device.id, principal }, viewer)
          : voiceOf(viewer, { voices: hub.voices, owner: callerOf(principal), id }),
      );
    }
    const closed = life.over.promise.then(async (reason) => {
      this.#open.delete(id);
      await life.held.disposeAsync();
      return reason;
    });
    closed.catch((error) => this.#options.log.error({ err: error, device: device.id }, "viewer did not close cleanly"));
    const viewing: Viewing = {
      id,
      deviceId: device.id,
      principal,
      answerSdp: viewer.answerSdp,
      mayTalk,
      get conversion() {
        return renditions.conversion;
      },
      viewer,
      renditions,
      stats: () => viewer.stats(),
      closed,
      [Symbol.asyncDispose]: async () => {
        life.over.resolve("closed");
        await closed;
      },
    };
    this.#open.set(id, viewing);
    return viewing;
  }

  #talkBySound(viewing: ViewingTalk["viewing"], viewer: Viewer): Disposable {
    const { id, deviceId, principal } = viewing;
    const onState = (state: SoundFloorState) => this.#talks.emit({ viewing, state });
    const { hub } = this.#options;
    const floor = new SoundFloor({ hub, principal, to: `device:${deviceId}`, format: opusFormat, id, onState });
    const heard = viewer.onMicrophone((frame) =>
      floor.hear({ frame, lostBefore: frame.lostBefore ?? 0, silent: frame.data.length <= silentOpusBytes }),
    );
    return {
      [Symbol.dispose]: () => {
        heard[Symbol.dispose]();
        floor[Symbol.dispose]();
      },
    };
  }

  #watch(what: {
    readonly request: ViewingRequest;
    readonly media: FirstMedia;
    readonly viewer: Viewer;
    readonly held: AsyncDisposableStack;
    readonly end: (reason: string) => void;
  }): void {
    const { request, held, end, viewer } = what;
    const { device } = request;
    const may = () => attachedRights.filter((right) => this.#may(request, right)).join();
    const granted = may();
    viewer.closed.then(end, (error) => end(messageOf(error)));
    held.use(
      this.#options.devices.onChange((event) => {
        if (event.id !== device.id) return;
        if (event.type === "removed") end("device-removed");
        else if (may() !== granted) end("rights-changed"); // it moved to another area
      }),
    );
    const { audio } = what.media;
    if (audio) held.use(audio.onChange(() => audio.open || end("track-closed")));
  }

  async #media(request: ViewingRequest, renditions: Renditions): Promise<FirstMedia> {
    const { device, offerSdp, signal, rendition } = request;
    const { clock } = this.#options;
    const wants = { renditions, clock, signal, timeoutMs: trackTimeoutMs, takesEither: rendition !== undefined };
    const asked = wantsSound(offerSdp);
    const looks = request.carry !== undefined || wantsPicture(offerSdp);
    const found = await firstMedia(device, { ...wants, looks, listens: asked && this.#may(request, "listen") });
    if (found.nothing) throw noPicture(device);
    const listens = asked && this.#may(request, "listen");
    const audio = listens && found.audio ? await this.#sound(found.audio) : undefined;
    return { ...found, audio };
  }

  /** The sound as browsers take it; none when it cannot be converted, for a picture is better than nothing. */
  async #sound(track: Track): Promise<Track | undefined> {
    if (track.format.kind === "audio" && playsInBrowsers(track.format)) return track;
    try {
      return await this.#options.converter.convertTrack(track, opusFormat);
    } catch (error) {
      this.#options.log.warn({ err: error, track: track.id }, `sound left out: ${messageOf(error)}`);
      return undefined;
    }
  }

  #refuseForbidden(request: ViewingRequest): void {
    if (!this.#may(request, "view")) {
      throw new FatalError("not allowed to watch this device", { code: "forbidden" });
    }
  }

  #may({ principal, device }: ViewingRequest, right: Right): boolean {
    return mayUse(this.#options.identity.policy, { principal, right, device });
  }

  #refuseReplaced(device: HubDevice): void {
    if (this.#options.devices.get(device.id) === device) return;
    throw new RecoverableError(`${device.name} was changed meanwhile: try again`, {
      code: "no-media",
      fields: about(device),
    });
  }
}

/** Whether an offer asks for sound: a tile that is muted does not, and nobody is said to have listened to it. */
export function wantsSound(offerSdp: string): boolean {
  return asksFor("audio", offerSdp);
}

/** Whether an offer asks for a picture: who only listens has none converted. */
export function wantsPicture(offerSdp: string): boolean {
  return asksFor("video", offerSdp);
}

function asksFor(kind: "audio" | "video", offerSdp: string): boolean {
  const sections = offerSdp.split(/^m=/m).slice(1);
  return sections.some((section) => section.startsWith(`${kind} `) && !/^a=(inactive|sendonly)\s*$/m.test(section));
}

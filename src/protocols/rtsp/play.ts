import type { Format } from "../../media/format.ts";
import type { Clock } from "../../util/clock.ts";
import { isAbort, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { QuirkCode } from "../rtp/quirks.ts";
import { parseRtspAddress, type RtspAddress, redirected, resolveControl } from "./address.ts";
import { RtspAuthenticator } from "./authenticator.ts";
import { type ChosenMedia, type ChosenMedium, chooseMedia } from "./choose.ts";
import { RtspClient, type RtspDescription, type RtspProtocol, type RtspTap } from "./client.ts";
import type { KeepAliveMethod } from "./keep-alive.ts";
import type { RtspNoise } from "./message.ts";
import { type HowSent, type ReceivedMedium, receiveMedia } from "./receive-media.ts";
import type { FrameSink } from "./unit-frames.ts";

/** Options of {@link playRtsp}. Everything about the device is structural, so that any driver may use it. */
export interface PlayRtspOptions {
  /** `rtsp://` or `rtsps://` */
  readonly address: string;
  readonly username?: string;
  readonly password?: string;
  /** What to try, in this order; default TCP, then UDP. rtsps knows TCP only. */
  readonly protocols?: readonly RtspProtocol[];
  /** SHA-256 fingerprint of a self-signed certificate to accept. */
  readonly tlsFingerprint?: string;
  /** Which of several video media, from 0. */
  readonly video?: number;
  /** No packet for so long: the next protocol is tried; default 5 s. */
  readonly noDataMs?: number;
  /** No packet of the picture (or of the sound, if there is none) for so long ends it; default 9 s. */
  readonly silenceMs?: number;
  /** Asked when it has been silent for so long: true bears it for as long again. Default: never. */
  readonly onSilence?: () => Promise<boolean>;
  /** How this camera lets itself be asked whether the session lives, if that is known. */
  readonly keepAlive?: KeepAliveMethod;
  readonly onKeepAlive?: (method: KeepAliveMethod) => void;
  /** Called with what the camera does against the standards, once for each thing. */
  readonly onQuirk?: (quirk: QuirkCode) => void;
  /** Sees all that goes over the connection, for a report. */
  readonly tap?: RtspTap;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** A track to write to; called again with the same codec when another protocol is tried. */
  readonly onTrack: (format: Format, how: HowSent) => FrameSink;
  /** Asks the camera for a key frame where its stream cannot be asked; it may take its time. */
  readonly onKeyFrameWanted?: () => void;
  readonly onPhase?: (phase: "connecting" | "waiting-for-key-frame") => void;
  /** The first key frame was written, or the first sound where there is no picture. */
  readonly onReady?: (protocol: RtspProtocol) => void;
  /** What the camera offers, and what was taken of it, before media flows. */
  readonly onMedia?: (media: ChosenMedia, description: RtspDescription) => void;
}

/** One way to get at the media. */
interface Way {
  readonly address: RtspAddress;
  readonly protocols: readonly RtspProtocol[];
  /** How often the camera sent us on to get here. */
  readonly redirects: number;
}

/** It did not work this way, but there is another. */
interface Detour {
  readonly next: Way;
  readonly because: Error;
}

/** How far an attempt has come: decides what a failure of it means. */
interface Progress {
  stage: "connecting" | "asking" | "setting-up" | "starting" | "playing";
  protocol: RtspProtocol | undefined;
  /** The machine that answers. */
  remoteAddress: string;
  /** A packet of the picture (or of the sound, if there is none) has come; known once it was played. */
  heard: boolean;
}

const maxRedirects = 5;

/**
 * Plays an RTSP source until `signal` aborts (then it returns) or the source is lost (then it throws RecoverableError or
 * FatalError, `wrong-password` for refused credentials). One connection at a time. Falls back from one transport to the
 * next when the server refuses it or no data comes; follows redirects within the same machine. It never asks for the back
 * channel: some devices keep their bell from the speaker for as long as a connection lives that asked (go2rtc issue 95);
 * `askSpeakers` does that, elsewhere.
 */
export async function playRtsp(options: PlayRtspOptions): Promise<void> {
  const address = parseRtspAddress(options.address, options);
  const protocols: readonly RtspProtocol[] = address.tls ? ["tcp"] : (options.protocols ?? ["tcp", "udp"]);
  const authenticator = new RtspAuthenticator(address.credentials, address.name);
  const told = new Set<QuirkCode>();
  const onQuirk = (quirk: QuirkCode) => {
    if (!told.has(quirk)) options.onQuirk?.(quirk);
    told.add(quirk);
  };
  let way: Way | undefined = { address, protocols, redirects: 0 };
  while (way) {
    const detour: Detour | undefined = await attempt({ ...options, onQuirk, authenticator, way });
    if (detour) options.log.info({ protocols: detour.next.protocols }, `trying another way: ${detour.because.message}`);
    way = detour?.next;
  }
}

type AttemptOptions = PlayRtspOptions & { readonly authenticator: RtspAuthenticator; readonly way: Way };

/** Plays in one way: undefined when it was told to stop, a detour when another way is left; throws when none is. */
async function attempt(options: AttemptOptions): Promise<Detour | undefined> {
  const progress: Progress = { stage: "connecting", protocol: undefined, remoteAddress: "", heard: false };
  try {
    await playOnce(options, progress);
    return undefined;
  } catch (error) {
    if (options.signal.aborted && isAbort(error)) return undefined;
    const next = error instanceof RecoverableError ? anotherWay(error, { way: options.way, progress }) : undefined;
    if (!next) throw error;
    if (next.redirects > options.way.redirects) options.onQuirk?.("redirect");
    return { next, because: error as Error };
  }
}

/** What is left to try after a failure, if anything. */
function anotherWay(
  error: RecoverableError,
  failed: { readonly way: Way; readonly progress: Progress },
): Way | undefined {
  const { way, progress } = failed;
  if (error.code === "redirected" && way.redirects < maxRedirects) {
    const address = redirected(String(error.fields["location"]), { ...progress, address: way.address });
    return { ...way, address, redirects: way.redirects + 1 };
  }
  const left = way.protocols.slice(way.protocols.indexOf(progress.protocol ?? "tcp") + 1);
  const gave = progress.stage === "playing" && (progress.heard || error.code !== "silent");
  const early = progress.stage === "connecting" || progress.stage === "asking";
  if (left.length === 0 || gave || early || error.code === "transport-refused") return undefined;
  return { ...way, protocols: left };
}

async function playOnce(options: AttemptOptions, progress: Progress): Promise<void> {
  const { signal, way } = options;
  const { address } = way;
  options.onPhase?.("connecting");
  using held = new DisposableStack();
  const all: ReceivedMedium[] = [];
  const onNoise = (noise: RtspNoise) => {
    if (noise.spoilt) for (const medium of all) medium.spoil();
  };
  await using client = await RtspClient.open({ ...options, address, onNoise });
  progress.stage = "asking";
  progress.remoteAddress = client.remoteAddress;
  const description = await client.describe();
  const media = chooseMedia(description.sdp, { video: options.video, peer: address.name });
  options.onMedia?.(media, description);
  progress.stage = "setting-up";
  const main = await setUpAll(client, {
    ...options,
    media,
    description,
    progress,
    add: (received) => {
      all.push(held.use(received));
      return received;
    },
  });
  options.onPhase?.("waiting-for-key-frame");
  progress.stage = "starting";
  await client.start();
  progress.stage = "playing";
  const over = new AbortController();
  held.defer(() => over.abort());
  const untilOver = AbortSignal.any([signal, over.signal]);
  const silent = watchSilence(main, { ...options, progress, signal: untilOver });
  const lost = client.lost.then((error) => Promise.reject(error));
  try {
    await Promise.race([silent, lost]);
  } finally {
    progress.heard = main.lastPacketUs !== undefined;
  }
}

type SetUpOptions = AttemptOptions & {
  readonly media: ChosenMedia;
  readonly description: RtspDescription;
  readonly progress: Progress;
  readonly add: (stream: ReceivedMedium) => ReceivedMedium;
};

/** Sets the picture up (or the sound, if there is none) by the first protocol that is granted, then the sound beside it. */
async function setUpAll(client: RtspClient, options: SetUpOptions): Promise<ReceivedMedium> {
  const { progress, description, add, way } = options;
  const { video, audio } = options.media;
  const receive = receiveMedia({
    ...options,
    sections: description.sdp.media,
    onReady: () => options.onReady?.(progress.protocol ?? "tcp"),
  });
  const setUp = async (medium: ChosenMedium, protocols: readonly RtspProtocol[]) => {
    let received: ReceivedMedium | undefined;
    const uri = resolveControl(medium.section.control, description.base);
    const onRtp = (packet: Uint8Array) => received?.rtp(packet);
    const onRtcp = (packet: Uint8Array) => received?.rtcp(packet);
    const stream = await client.setupFirst(uri, {
      protocols,
      feedback: /AVPF/i.test(medium.section.protocol),
      onRtp,
      onRtcp,
      onProtocol: (protocol) => {
        progress.protocol = protocol;
      },
    });
    received = add(receive(medium, stream));
    return received;
  };
  const main = await setUp((video ?? audio) as ChosenMedium, way.protocols);
  if (video && audio) {
    await setUp(audio, [progress.protocol ?? "tcp"]).catch((error: unknown) => {
      if (!(error instanceof RecoverableError) || error.code === "connection-lost") throw error;
      options.log.warn({ code: error.code }, `no sound: ${error.message}`);
    });
  }
  return main;
}

/** Runs until the camera has been silent for too long. */
async function watchSilence(
  main: ReceivedMedium,
  options: AttemptOptions & { readonly progress: Progress },
): Promise<never> {
  const { clock, signal, progress, way } = options;
  const { protocols, address } = way;
  let sinceUs = clock.nowUs();
  const protocol = progress.protocol ?? "tcp";
  for (;;) {
    const lastUs = main.lastPacketUs;
    const silentMs = (clock.nowUs() - Math.max(lastUs ?? 0, sinceUs)) / 1000;
    const otherLeft = lastUs === undefined && protocol !== protocols.at(-1);
    const leftMs = (otherLeft ? (options.noDataMs ?? 5000) : (options.silenceMs ?? 9_000)) - silentMs;
    if (leftMs > 0) {
      // For as long as it cannot have been silent for too long: nothing is looked at in between.
      await clock.sleep(Math.ceil(leftMs), signal);
      continue;
    }
    if (!otherLeft && (await options.onSilence?.())) {
      sinceUs = clock.nowUs();
      continue;
    }
    throw new RecoverableError(
      lastUs === undefined
        ? `${address.name} agrees to send by ${protocol.toUpperCase()}, but no picture arrives`
        : `${address.name} has sent nothing for ${Math.round(silentMs / 1000)} s although it is still connected`,
      { code: "silent" },
    );
  }
}

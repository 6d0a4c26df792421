import type { Format } from "../../media/format.ts";
import type { Clock } from "../../util/clock.ts";
import { isAbort, messageOf, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { parseRtspAddress, type RtspAddress, resolveControl } from "./address.ts";
import { type ChosenMedia, type ChosenMedium, chooseMedia } from "./choose.ts";
import { RtspClient, type RtspDescription, type RtspProtocol } from "./client.ts";
import { type MediaStream, receiveMedia } from "./media-stream.ts";
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
  /** No packet of the picture (or of the sound, if there is none) for so long ends it; default 9 s, looked at every second. */
  readonly silenceMs?: number;
  /** Asked when it has been silent for so long: true bears it for as long again. Default: never. */
  readonly onSilence?: () => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** A track to write to; called again with the same codec when another protocol is tried. */
  readonly onTrack: (format: Format) => FrameSink;
  readonly onPhase?: (phase: "connecting" | "waiting-for-key-frame") => void;
  /** The first key frame was written, or the first sound where there is no picture. */
  readonly onReady?: (protocol: RtspProtocol) => void;
  /** What the camera offers, and what was taken of it, before media flows. */
  readonly onMedia?: (media: ChosenMedia, description: RtspDescription) => void;
}

/** What is left to try. */
interface Plan {
  readonly protocols: readonly RtspProtocol[];
}

/** It did not work this way, but there is another. */
class Setback extends Error {
  readonly plan: Plan;
  constructor(plan: Plan, cause: unknown) {
    super(messageOf(cause), { cause });
    this.plan = plan;
  }
}

/**
 * Plays an RTSP source until `signal` aborts (then it returns) or the source is lost (then it throws RecoverableError or
 * FatalError, `wrong-password` for refused credentials). One connection at a time. Falls back from one transport to the
 * next when the server refuses it or no data comes. It never asks for the back channel: some devices keep their bell from
 * the speaker for as long as a connection lives that asked (go2rtc issue 95); `askSpeakers` does that, elsewhere.
 */
export async function playRtsp(options: PlayRtspOptions): Promise<void> {
  const address = parseRtspAddress(options.address, options);
  const protocols: readonly RtspProtocol[] = address.tls ? ["tcp"] : (options.protocols ?? ["tcp", "udp"]);
  let plan: Plan = { protocols };
  for (;;) {
    try {
      await playOnce(address, { ...options, plan });
      return;
    } catch (error) {
      if (options.signal.aborted && isAbort(error)) return;
      if (!(error instanceof Setback)) throw error;
      options.log.info({ protocols: error.plan.protocols }, `trying another way: ${error.message}`);
      plan = error.plan;
    }
  }
}

type AttemptOptions = PlayRtspOptions & { readonly plan: Plan };

async function playOnce(address: RtspAddress, options: AttemptOptions): Promise<void> {
  options.onPhase?.("connecting");
  const { clock, log, tlsFingerprint, signal } = options;
  await using client = await RtspClient.open({ address, clock, log, tlsFingerprint, signal });
  const description = await client.describe();
  const media = chooseMedia(description.sdp, { video: options.video, peer: address.name });
  options.onMedia?.(media, description);
  using streams = new DisposableStack();
  const { main, protocol } = await setUpMain(client, { ...options, media, description, streams });
  options.onPhase?.("waiting-for-key-frame");
  await orNextProtocol(() => client.start(), { ...options, protocol });
  const over = new AbortController();
  streams.defer(() => over.abort());
  const untilOver = AbortSignal.any([signal, over.signal]);
  const silent = watchSilence(main, { ...options, protocol, peer: address.name, signal: untilOver });
  const lost = client.lost.then((error) => Promise.reject(error));
  await Promise.race([silent, lost]);
}

type SetUpOptions = AttemptOptions & {
  readonly media: ChosenMedia;
  readonly description: RtspDescription;
  readonly streams: DisposableStack;
};

/** Sets the picture up (or the sound, if there is none) by the first protocol that is granted, then the sound beside it. */
async function setUpMain(
  client: RtspClient,
  options: SetUpOptions,
): Promise<{ readonly main: MediaStream; readonly protocol: RtspProtocol }> {
  const { video, audio } = options.media;
  let granted: RtspProtocol = "tcp";
  const receive = receiveMedia({ ...options, onReady: () => options.onReady?.(granted) });
  const setUp = async (medium: ChosenMedium, protocol: RtspProtocol) => {
    let stream: MediaStream | undefined;
    const uri = resolveControl(medium.section.control, options.description.base);
    const onRtp = (packet: Uint8Array) => stream?.rtp(packet);
    const onRtcp = (packet: Uint8Array) => stream?.rtcp(packet);
    const channel = await client.setup(uri, { protocol, onRtp, onRtcp });
    granted = protocol;
    stream = options.streams.use(receive(medium, channel));
    return stream;
  };
  const first = (video ?? audio) as ChosenMedium;
  const { result: main, protocol } = await firstGranted((wanted) => setUp(first, wanted), options);
  if (video && audio) {
    await setUp(audio, protocol).catch((error: unknown) => {
      if (!(error instanceof RecoverableError) || error.code === "connection-lost") throw error;
      options.log.warn({ code: error.code }, `no sound: ${error.message}`);
    });
  }
  return { main, protocol };
}

/** On 461 the next protocol is asked for on the same connection; on a broken connection, on a new one. */
async function firstGranted<T>(
  setUp: (protocol: RtspProtocol) => Promise<T>,
  options: AttemptOptions,
): Promise<{ readonly result: T; readonly protocol: RtspProtocol }> {
  const { protocols } = options.plan;
  for (const [index, protocol] of protocols.entries()) {
    try {
      const remaining = { ...options, plan: { ...options.plan, protocols: protocols.slice(index) } };
      return { result: await orNextProtocol(() => setUp(protocol), { ...remaining, protocol }), protocol };
    } catch (error) {
      const refused = error instanceof RecoverableError && error.code === "transport-refused";
      if (!refused || index === protocols.length - 1) throw error;
    }
  }
  throw new RecoverableError("no transport is left to try", { code: "transport-refused" });
}

/** Turns trouble into a setback where another protocol is left, unless the connection still serves (461). */
async function orNextProtocol<T>(
  step: () => Promise<T>,
  options: AttemptOptions & { readonly protocol: RtspProtocol },
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const rest = after(options.plan.protocols, options.protocol);
    const final = !(error instanceof RecoverableError) || error.code === "transport-refused" || rest.length === 0;
    throw final ? error : new Setback({ ...options.plan, protocols: rest }, error);
  }
}

/** Runs until the camera has been silent for too long. */
async function watchSilence(
  main: MediaStream,
  options: AttemptOptions & { readonly protocol: RtspProtocol; readonly peer: string },
): Promise<never> {
  const { clock, signal } = options;
  let sinceUs = clock.nowUs();
  for (;;) {
    await clock.sleep(1000, signal);
    const lastUs = main.lastPacketUs;
    const silentMs = (clock.nowUs() - Math.max(lastUs ?? 0, sinceUs)) / 1000;
    const rest = after(options.plan.protocols, options.protocol);
    const error = new RecoverableError(
      lastUs === undefined
        ? `${options.peer} agrees to send by ${options.protocol.toUpperCase()}, but no picture arrives`
        : `${options.peer} has sent nothing for ${Math.round(silentMs / 1000)} s although it is still connected`,
      { code: "silent" },
    );
    if (lastUs === undefined && rest.length > 0 && silentMs >= (options.noDataMs ?? 5000)) {
      throw new Setback({ ...options.plan, protocols: rest }, error);
    }
    if (silentMs < (options.silenceMs ?? 9_000)) continue;
    if (!(await options.onSilence?.())) throw error;
    sinceUs = clock.nowUs();
  }
}

function after(protocols: readonly RtspProtocol[], protocol: RtspProtocol): readonly RtspProtocol[] {
  return protocols.slice(protocols.indexOf(protocol) + 1);
}

import { ApiError, sentence } from "../api.ts";
import { t } from "../language/t.ts";
import { openSession } from "../net/open-session.ts";
import type { PictureSession } from "../net/picture-session.ts";
import type { Refusal } from "../pure/asking.ts";
import { type NotConverted, whyOf } from "../pure/picture-words.ts";
import { barrenAfterMs, doubtAfterMs, retryDelayMs, staleAfterMs } from "../pure/retry.ts";
import { Rhythm } from "../pure/rhythm.ts";
import type { PlayerPhase } from "../pure/words.ts";

/** Options of {@link keepWatching}. */
export interface WatchOptions {
  readonly url: string;
  readonly token?: string;
  /** False while single pictures are shown in its place: sound and talk only. */
  readonly picture: boolean;
  /** False while nobody hears it: then none is asked for, and nobody is said to listen. */
  readonly sound: boolean;
  /** Whether the hub tells what changes of this stream; otherwise it is asked for by and by. */
  readonly told: boolean;
  /** Resolves when it is of use to ask, after the hub said no or before it was asked; at the latest when `signal` aborts. */
  readonly mayAsk: (refusal: Refusal | undefined, signal: AbortSignal) => Promise<void>;
  /** Where the picture and the sound go. */
  readonly video: HTMLVideoElement;
  readonly onPhase: (phase: PlayerPhase) => void;
  /** The session that begins, or undefined when it is over. */
  readonly onSession: (session: PictureSession | undefined) => void;
  readonly signal: AbortSignal;
}

const lookEveryMs = 200;
const askEveryMs = 1000;
/** The same when there is no way to the hub yet, and it has named servers that may help to find one. */
const pathlessAfterMs = 3000;

/**
 * Shows one stream until `signal` aborts: opens a session, watches that pictures really come, and opens another when it
 * dies. Rejects only for its own faults, never because of the hub.
 */
export async function keepWatching(options: WatchOptions): Promise<void> {
  const { signal, onPhase, onSession } = options;
  const known: KnownServers = { iceServers: [] };
  let refusal: Refusal | undefined;
  for (let attempt = 0; !signal.aborted; attempt++) {
    if (attempt === 0) onPhase({ phase: "connecting" });
    await pause(retryDelayMs(attempt), signal);
    await options.mayAsk(refusal, signal);
    refusal = undefined;
    if (signal.aborted) return;
    try {
      const outcome = await watchOnce({
        ...options,
        known,
        onPicture: () => {
          attempt = -1;
        },
      });
      if (!signal.aborted) onPhase({ phase: "lost", message: outcome });
    } catch (error) {
      if (signal.aborted) return;
      refusal = refusalOf(error);
      // What the hub said no to is no fault of the line: the next try comes when that changes, and then at once.
      if (refusal !== "fault" && options.told) attempt = -1;
      onPhase(phaseOf(error));
    } finally {
      onSession(undefined);
    }
  }
}

/** What one session learnt for the next. */
interface KnownServers {
  iceServers: readonly RTCIceServer[];
}

interface OnceOptions extends WatchOptions {
  readonly known: KnownServers;
  readonly onPicture: () => void;
}

async function watchOnce(options: OnceOptions): Promise<string> {
  const { video, signal } = options;
  const lost = Promise.withResolvers<string>();
  const stream = new MediaStream();
  const usedServers = options.known.iceServers.length > 0;
  const session = await openSession({
    ...options,
    iceServers: options.known.iceServers,
    onTrack: (track) => {
      stream.addTrack(track);
      video.srcObject = stream;
      video.play().catch(() => {}); // Without a gesture the browser refuses sound; `muted` follows and it plays.
    },
    onLost: lost.resolve,
  });
  // An abort while it was being opened is told to nobody any more.
  if (signal.aborted) {
    session.close();
    return "stopped";
  }
  const scope = new AbortController();
  signal.addEventListener("abort", () => lost.resolve("stopped"), { signal: scope.signal });
  try {
    options.onSession(session);
    options.known.iceServers = session.iceServers;
    if (!usedServers && session.iceServers.length > 0)
      giveUpWithoutPath(session, { signal: scope.signal, onDead: lost.resolve });
    if (!session.hasVideo) options.onPhase({ phase: "sound-only" });
    else watchPictures({ ...options, session, onDead: lost.resolve, signal: scope.signal });
    return await lost.promise;
  } finally {
    scope.abort();
    session.close();
  }
}

function giveUpWithoutPath(
  session: Pick<PictureSession, "hasWay">,
  options: { readonly signal: AbortSignal; readonly onDead: (reason: string) => void },
): void {
  const timer = setTimeout(() => {
    if (!session.hasWay) options.onDead(t("There is no way to the hub yet."));
  }, pathlessAfterMs);
  options.signal.addEventListener("abort", () => clearTimeout(timer));
}

interface PictureOptions extends OnceOptions {
  readonly session: PictureSession;
  readonly onDead: (reason: string) => void;
}

/** Counts the pictures that are really shown; a session without any is doubted and asked for. */
function watchPictures(options: PictureOptions): void {
  const { video, session, signal, onPhase, onDead } = options;
  const beganMs = performance.now();
  const beganWallMs = Date.now();
  let lastMs: number | undefined;
  let askedMs = beganMs;
  let shown: PlayerPhase["phase"] | undefined;
  const tell = (phase: PlayerPhase) => {
    if (shown !== phase.phase) onPhase(phase);
    shown = phase.phase;
  };
  const rhythm = new Rhythm();
  const onFrame = (nowMs: number) => {
    if (signal.aborted) return;
    video.requestVideoFrameCallback(onFrame);
    const moving = rhythm.picture(nowMs);
    if (shown === "stale" && !moving) return;
    lastMs = nowMs;
    options.onPicture();
    tell({ phase: "live" });
  };
  video.requestVideoFrameCallback(onFrame);
  // No callbacks come to a hidden page: what was not seen is not held against the camera.
  const seen = () => {
    if (!document.hidden && lastMs !== undefined) lastMs = performance.now();
  };
  document.addEventListener("visibilitychange", seen, { signal });
  tell({ phase: "waiting", sinceMs: beganWallMs });

  const look = () => {
    if (document.hidden) return;
    const nowMs = performance.now();
    const stillMs = nowMs - (lastMs ?? beganMs);
    if (lastMs !== undefined && stillMs > staleAfterMs(rhythm.intervalMs))
      tell({ phase: "stale", sinceMs: Date.now() - stillMs });
    if (lastMs === undefined && stillMs > barrenAfterMs) return onDead(t("No picture came."));
    if (stillMs < doubtAfterMs(rhythm.intervalMs) || nowMs - askedMs < askEveryMs) return;
    askedMs = nowMs;
    void session.alive().then((alive) => {
      if (!alive && !signal.aborted) onDead(t("The hub ended it."));
    });
  };
  const timer = setInterval(look, lookEveryMs);
  signal.addEventListener("abort", () => clearInterval(timer));
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof ApiError)) return "fault";
  if (error.code === "codec-unsupported") return notConverted(error).reason === "off" ? "codec" : "converting";
  if (error.code === "no-media") return "no-media";
  if (error.status === 401 || error.status === 403) return "rights";
  if (error.status === 404) return "gone";
  return error.status === 429 ? "busy" : "fault";
}

function phaseOf(error: unknown): PlayerPhase {
  if (!(error instanceof ApiError)) return { phase: "lost", message: sentence(error) };
  if (error.code === "codec-unsupported") return { phase: "pictures", ...notConverted(error) };
  if (error.status === 401 || error.status === 403) return { phase: "forbidden" };
  if (error.status === 404) return { phase: "gone" };
  if (error.status === 429) return { phase: "busy", message: error.message };
  return { phase: "lost", message: error.message };
}

function notConverted({ fields }: ApiError): NotConverted {
  return { codec: fields.codec ?? "", why: whyOf(fields.why) ?? "codec", reason: fields.reason ?? "failed" };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

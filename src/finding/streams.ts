import { OnvifMedia } from "../protocols/onvif/media.ts";
import { parseRtspAddress } from "../protocols/rtsp/address.ts";
import type { Credentials } from "../protocols/rtsp/auth.ts";
import { RtspAuthenticator } from "../protocols/rtsp/authenticator.ts";
import { RtspClient } from "../protocols/rtsp/client.ts";
import type { Clock } from "../util/clock.ts";
import { DoorwardError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import { pathsToTry } from "./makers.ts";

/** Where a picture is. No password is in the address. */
export interface FoundStream {
  readonly address: string;
  /** Named by the camera itself, or found by trying. */
  readonly by: "onvif" | "path";
  /** As the camera calls it. */
  readonly name?: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
}

/** What came of it: pictures, or why there are none. */
export interface StreamsFound {
  readonly outcome: "found" | "password-needed" | "wrong-password" | "no-path" | "unreachable";
  /** The large picture first. */
  readonly streams: readonly FoundStream[];
  /** Paths that were tried. */
  readonly tried: number;
}

/** Options of {@link findStreams}. */
export interface FindStreamsOptions {
  readonly host: string;
  /** 554 unless told. */
  readonly rtspPort?: number | undefined;
  /** Its ONVIF device service, if it has one. */
  readonly onvif?: string | undefined;
  readonly maker?: string | undefined;
  readonly credentials?: Credentials | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** So many pictures of one camera are told. */
const mostStreams = 4;
const pathMs = 4000;
/** All of the tries together. */
const allMs = 45_000;

/**
 * Finds a camera's pictures: by ONVIF where it has that, else by the paths that its maker and others use. A password that was refused is
 * sent once more at most, so that no camera locks its account. Throws AbortError.
 */
export async function findStreams(options: FindStreamsOptions): Promise<StreamsFound> {
  const named = await streamsByOnvif(options);
  if (named.length > 0) return { outcome: "found", streams: named, tried: 0 };
  return await streamsByPath(options);
}

async function streamsByOnvif(options: FindStreamsOptions): Promise<readonly FoundStream[]> {
  const { onvif, credentials, clock, signal } = options;
  if (onvif === undefined) return [];
  const media = new OnvifMedia({ url: new URL(onvif), credentials, clock, signal });
  try {
    const profiles = (await media.profiles()).toSorted((a, b) => b.widthPx * b.heightPx - a.widthPx * a.heightPx);
    const streams: FoundStream[] = [];
    for (const { token, name, widthPx, heightPx } of profiles.slice(0, mostStreams)) {
      const address = await media.streamUri(token);
      if (address !== undefined)
        streams.push({ address: withoutPassword(address), by: "onvif", name, widthPx, heightPx });
    }
    return streams;
  } catch (error) {
    signal.throwIfAborted();
    // Many cameras have other accounts for ONVIF, or none: RTSP decides what is wrong.
    if (error instanceof DoorwardError) return [];
    throw error;
  }
}

async function streamsByPath(options: FindStreamsOptions): Promise<StreamsFound> {
  const { host, rtspPort = 554, maker, credentials, clock } = options;
  const base = `rtsp://${host}${rtspPort === 554 ? "" : `:${rtspPort}`}`;
  const authenticator = new RtspAuthenticator(credentials, host);
  const untilUs = clock.nowUs() + allMs * 1000;
  let tried = 0;
  for (const path of pathsToTry(maker)) {
    if (clock.nowUs() > untilUs) break;
    tried++;
    const answer = await tryPath(`${base}${path}`, { ...options, authenticator });
    if (answer === "none") continue;
    if (answer !== "picture") return { outcome: answer, streams: [], tried };
    return { outcome: "found", streams: [{ address: `${base}${path}`, by: "path" }], tried };
  }
  return { outcome: "no-path", streams: [], tried };
}

type Answer = "picture" | "none" | "password-needed" | "wrong-password" | "unreachable";

async function tryPath(
  uri: string,
  options: FindStreamsOptions & { readonly authenticator: RtspAuthenticator },
): Promise<Answer> {
  const { credentials, clock, signal, authenticator } = options;
  const late = new AbortController();
  using _timer = clock.timer(pathMs, () => late.abort());
  const address = parseRtspAddress(uri, credentials);
  const either = AbortSignal.any([signal, late.signal]);
  try {
    await using client = await RtspClient.open({ address, clock, log: silentLog, signal: either, authenticator });
    const { sdp } = await client.describe();
    return sdp.media.some(({ kind }) => kind === "video") ? "picture" : "none";
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) return "none";
    return answerOf(error);
  }
}

function answerOf(error: unknown): Answer {
  if (!(error instanceof DoorwardError)) throw error;
  if (error.code === "password-needed" || error.code === "unreachable") return error.code;
  // A camera that answers 400 to a log-in may mean the path.
  if (error.code === "wrong-password") return error.fields["status"] === 400 ? "none" : "wrong-password";
  return "none";
}

/** Some cameras name their own password in the address. */
function withoutPassword(address: string): string {
  return address.replace(/^(rtsps?:\/\/)[^/?#@]*@/i, "$1");
}

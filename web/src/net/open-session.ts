import { ApiError } from "../api.ts";
import { DecodeTries } from "../pure/decode-tries.ts";
import { isForDecoder } from "../pure/picture-words.ts";
import type { PictureSession } from "./picture-session.ts";
import { isDirect } from "./way.ts";
import { type WhepOptions, WhepSession } from "./whep.ts";

const tries = new DecodeTries();

/**
 * A picture by the best way that there is: by WebRTC where that shows it as it comes; else decoded by this browser; else
 * converted by the hub. Throws {@link ApiError} when the hub refuses.
 */
export async function openSession(options: WhepOptions): Promise<PictureSession> {
  const device = mayDecode(options) ? deviceOf(options.url) : undefined;
  if (device === undefined) return openConverted(options);
  try {
    return await WhepSession.open({ ...options, url: withQuery(options.url, "decodes=yes") });
  } catch (error) {
    if (!(error instanceof ApiError && isForDecoder(error))) throw error;
    const { codec = "", why, picture } = error.fields;
    const asked = { ...options, device, codec, why, called: picture, tries };
    const decoded = await import("../decoded/decoded-session.ts")
      .then(({ openDecoded }) => openDecoded(asked))
      .catch((fault: unknown) => withoutDecoding(fault, asked));
    return decoded ?? openConverted(options);
  }
}

/** What the hub refuses is refused; whatever else this browser makes of it, the converted picture is there. */
function withoutDecoding(fault: unknown, { device, signal }: WhepOptions & { readonly device: string }): undefined {
  if (fault instanceof ApiError || signal.aborted) throw fault;
  tries.cannot(device);
  return undefined;
}

async function openConverted(options: WhepOptions): Promise<WhepSession> {
  const session = await WhepSession.open(options);
  const tried = tries.outcome(deviceOf(options.url) ?? "");
  if (session.converted && tried) session.converted = { ...session.converted, tried };
  return session;
}

/** Bytes come on a socket of this page's own, and something can be made of them: JPEG is decoded everywhere. */
function mayDecode({ url, token, picture }: WhepOptions): boolean {
  if (!picture || token || !isDirect() || !("captureStream" in HTMLCanvasElement.prototype)) return false;
  return !tries.isOver(deviceOf(url) ?? "", performance.now());
}

/** The device of a WHEP address of this hub, `/whep/front-door?rendition=sub`; undefined for another, as that of a call. */
function deviceOf(url: string): string | undefined {
  return /^\/whep\/([^/?#]+)(?:\?|$)/.exec(url)?.[1];
}

function withQuery(url: string, query: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

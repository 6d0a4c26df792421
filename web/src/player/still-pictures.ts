import { ownHeaders } from "../api.ts";
import { hubFetch } from "../net/way.ts";

/** One picture of a device, as the browser shows it. */
export interface StillPicture {
  /** Its object URL; the next picture, or the end, makes it void. */
  readonly url: string;
  /** When the camera took it, by this browser's clock. */
  readonly takenMs: number;
}

/** Options of {@link keepPicturing}. */
interface PicturingOptions {
  /** Where one picture is had: `/api/v1/devices/front-door/snapshot`. */
  readonly url: string;
  readonly token?: string;
  /** As wide as it is shown, in pixels. */
  readonly widthPx: () => number;
  readonly onPicture: (picture: StillPicture | undefined) => void;
  readonly signal: AbortSignal;
}

const everyMs = 1000;
const afterRefusalMs = 5000;

/** Where single pictures of the device are had that a WHEP address is of; undefined for another address, as that of a call. */
function stillsOf(whepUrl: string): string | undefined {
  const [, before, id] = /^(.*)\/whep\/([^/?#]+)$/.exec(whepUrl) ?? [];
  return id && `${before}/api/v1/devices/${id}/snapshot`;
}

/** What {@link Stills} need of the player. */
export interface StillsHost extends HTMLElement {
  readonly src: string;
  readonly token: string;
  still: StillPicture | undefined;
}

/** The single pictures of a player, while they are wanted. */
export class Stills {
  #running: AbortController | undefined;
  readonly #host: StillsHost;

  constructor(host: StillsHost) {
    this.#host = host;
  }

  /** Begins or ends to get them. */
  want(wanted: boolean): void {
    const { src, token } = this.#host;
    const url = wanted ? stillsOf(src) : undefined;
    if (url === undefined) {
      this.#running?.abort();
      this.#running = undefined;
    }
    if (url === undefined || this.#running) return;
    this.#running = new AbortController();
    void keepPicturing({
      url,
      token,
      widthPx: () => this.#host.clientWidth * devicePixelRatio,
      signal: this.#running.signal,
      onPicture: (still) => {
        this.#host.still = still;
      },
    });
  }
}

/** Gets one picture a second, the next never before the last one came, until `signal` aborts. Never rejects. */
async function keepPicturing(options: PicturingOptions): Promise<void> {
  const { signal, onPicture } = options;
  let shown: StillPicture | undefined;
  while (!signal.aborted) {
    const begunMs = performance.now();
    const next = document.hidden ? undefined : await onePicture(options).catch(() => undefined);
    if (next) {
      if (!signal.aborted) onPicture(next);
      letGo(shown?.url);
      shown = next;
    }
    const waitMs = next || document.hidden ? everyMs : afterRefusalMs;
    await pause(Math.max(0, begunMs + waitMs - performance.now()), signal);
  }
  onPicture(undefined);
  letGo(shown?.url);
}

/** Makes an object URL void once the page has put something else in its place: until then it may still be loading it. */
export function letGo(url: string | undefined): void {
  if (url) setTimeout(() => URL.revokeObjectURL(url));
}

async function onePicture({ url, widthPx, ...rest }: PicturingOptions): Promise<StillPicture | undefined> {
  const width = Math.min(1920, Math.max(160, Math.ceil(widthPx())));
  return await fetchPicture(url, { query: `width=${width}`, ...rest });
}

/** How one picture is asked for. */
interface AskOptions {
  readonly query: string;
  readonly token?: string;
  readonly signal: AbortSignal;
}

/** One picture of the device that a WHEP address is of; undefined where there is none. Its URL is the caller's to revoke. */
export async function stillOf(whepUrl: string, options: AskOptions): Promise<StillPicture | undefined> {
  const url = stillsOf(whepUrl);
  return url === undefined ? undefined : await fetchPicture(url, options);
}

async function fetchPicture(url: string, { query, token, signal }: AskOptions): Promise<StillPicture | undefined> {
  const response = await hubFetch(`${url}?${query}`, {
    headers: { ...ownHeaders(), ...(token ? { authorization: `Bearer ${token}` } : {}) },
    signal,
  });
  if (!response.ok) return undefined;
  const ageMs = Number(response.headers.get("doorward-age-ms") ?? 0);
  return { url: URL.createObjectURL(await response.blob()), takenMs: Date.now() - ageMs };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

import type { StationEnd, StationMessage, StationTold } from "../../../src/surfaces/panel/messages.ts";
import { ApiError, call, sentence } from "../api.ts";
import { retryDelayMs } from "../pure/retry.ts";
import { at } from "./at.ts";
import { StationSound } from "./station-sound.ts";

/** Where a browser stands that wants to be a device. */
export type StationState =
  | { readonly state: "asking" }
  /** An administrator has to let it in. */
  | { readonly state: "waiting" }
  /** Not let in; asked again by itself. */
  | { readonly state: "refused"; readonly detail: string }
  | { readonly state: "disabled" }
  /** It is the device. */
  | { readonly state: "in" }
  /** Another page is the device now. */
  | { readonly state: "elsewhere" }
  /** The hub does not answer; tried again by itself. */
  | { readonly state: "lost"; readonly detail: string };

/** Options of {@link Station}. */
export interface StationOptions {
  readonly id: string;
  /** A token out of the address, shown once. */
  readonly token: string;
  readonly onState: (state: StationState) => void;
  /** Whether the browser lets this page make sound. */
  readonly onPlayable: (playable: boolean) => void;
  readonly onSettings: (settings: Extract<StationTold, { type: "settings" }>) => void;
  readonly signal: AbortSignal;
}

const waitingMs = 3000;
const refusedMs = 15_000;
const pingMs = 10_000;

/** This browser as a device of the hub: asks to be let in, then has the device's speaker until it ends or another page comes. */
export class Station {
  readonly #options: StationOptions;
  readonly #sound: StationSound;
  #socket: WebSocket | undefined;
  #token: string;
  #speaks = true;
  #wake: () => void = () => {};

  constructor(options: StationOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#sound = new StationSound({
      onPlayable: (playable) => {
        options.onPlayable(playable);
        this.#say({ type: "playable", playable });
      },
      onOffer: (sdp) => this.#say({ type: "speaker-offer", sdp }),
    });
    options.signal.addEventListener("abort", () => {
      this.#socket?.close();
      this.#sound.close();
      this.#wake();
    });
    void this.#run();
  }

  /** Somebody touched the page: from now on it may make sound. */
  touch(): void {
    this.#sound.touch();
  }

  /** Asks again at once: the device was let in here, or is to come back to this page. */
  again(): void {
    this.#wake();
  }

  /** Changes the device's own settings. */
  set(change: { readonly doNotDisturb?: boolean; readonly muted?: boolean; readonly volume?: number }): void {
    this.#say({ type: "settings", ...change });
  }

  /** Whether this browser has a microphone for it: the others are told when it only listens. */
  microphone(usable: boolean): void {
    if (usable === this.#speaks) return;
    this.#speaks = usable;
    this.#say({ type: "microphone", usable });
  }

  async #run(): Promise<void> {
    const { signal, onState } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const answer = await this.#ask();
      if (signal.aborted) return;
      if (answer.state !== "in") {
        onState(answer);
        await this.#pause(
          answer.state === "waiting" ? waitingMs : answer.state === "lost" ? retryDelayMs(attempt) : refusedMs,
        );
        continue;
      }
      const end = await this.#serve(() => {
        attempt = 0;
      });
      if (signal.aborted) return;
      if (end === "taken-over") {
        onState({ state: "elsewhere" });
        await this.#pause();
      } else if (end === "disabled") {
        onState({ state: "disabled" });
        await this.#pause(refusedMs);
      } else if (end !== "revoked") {
        onState({ state: "lost", detail: "" });
        await this.#pause(retryDelayMs(attempt));
      }
    }
  }

  async #ask(): Promise<StationState> {
    const { id, signal } = this.#options;
    try {
      const body = this.#token ? { token: this.#token } : {};
      const path = `/api/v1/stations/${encodeURIComponent(id)}`;
      const { state } = await call<{ readonly state: "in" | "waiting" }>("POST", path, { body, signal });
      this.#token = "";
      return { state };
    } catch (error) {
      if (error instanceof ApiError && error.code === "disabled") return { state: "disabled" };
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        // A token that is not the device's is not shown again: this browser may have been let in before.
        this.#token = "";
        return { state: "refused", detail: error.message };
      }
      return { state: "lost", detail: sentence(error) };
    }
  }

  /** Is the device until the line ends; gives why. */
  #serve(onIn: () => void): Promise<StationEnd | undefined> {
    const { id, onState, onSettings } = this.#options;
    const url = new URL(at(`/api/v1/station?device=${encodeURIComponent(id)}`), location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    let heardMs = performance.now();
    const watch = window.setInterval(() => {
      if (performance.now() - heardMs > 2.5 * pingMs) socket.close();
      else this.#say({ type: "ping" });
    }, pingMs);
    return new Promise((resolve) => {
      let reason: StationEnd | undefined;
      socket.onmessage = ({ data }) => {
        heardMs = performance.now();
        const message = JSON.parse(String(data)) as StationTold;
        if (message.type === "over") reason = message.reason;
        if (message.type === "welcome") {
          onIn();
          onState({ state: "in" });
          this.#options.onPlayable(this.#sound.playable);
          this.#say({ type: "playable", playable: this.#sound.playable });
          this.#say({ type: "microphone", usable: this.#speaks });
          this.#sound.connect(message.iceServers);
        }
        if (message.type === "speaker-answer") this.#sound.answer(message.sdp);
        if (message.type === "speaker-failed") this.#sound.retry();
        if (message.type === "settings") onSettings(message);
      };
      socket.onclose = () => {
        clearInterval(watch);
        this.#sound.disconnect();
        resolve(reason);
      };
    });
  }

  #say(message: StationMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Waits for so long, or until it is told to go on. */
  async #pause(ms?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : window.setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

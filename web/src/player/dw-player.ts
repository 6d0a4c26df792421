import { html, LitElement, nothing, type PropertyValues } from "lit";
import type { PageDevice } from "../api.ts";
import { t } from "../language/t.ts";
import type { Numbers } from "../net/numbers.ts";
import type { PictureSession } from "../net/picture-session.ts";
import { base } from "../parts/styles.ts";
import { isBetterWhole } from "../pure/fit.ts";
import { renditionUrl } from "../pure/rendition.ts";
import { type PlayerPhase, type Said, sayPicture } from "../pure/words.ts";
import { LastPicture } from "./last-picture.ts";
import { mayAsk } from "./may-ask.ts";
import { renderNumbers } from "./numbers-table.ts";
import { playerStyles } from "./player-styles.ts";
import { RenditionControl } from "./rendition-control.ts";
import { type StillPicture, Stills } from "./still-pictures.ts";
import { renderLast, renderLastAge, renderMissing, renderStill } from "./still-view.ts";
import { keepWatching } from "./watch.ts";

/**
 * Live picture and sound of one device, usable alone: `<dw-player src="/whep/front-door" label="Front door" muted>`.
 *
 * Attributes: `src` (WHEP address), `token` (bearer, outside the hub's page), `label`, `muted`, `fit` ("cover" or
 * "contain"), `numbers` (show figures), `announce` (read state changes out), `keep` (go on when hidden).
 * Events: `dw-state` (detail {@link Said}) on every change of words; `dw-session` when a session begins or ends;
 * `dw-sound-refused` when the browser wants a gesture before it plays sound.
 */
export class DwPlayer extends LitElement {
  static override properties = {
    src: {},
    token: {},
    label: {},
    fit: { reflect: true },
    muted: { type: Boolean, reflect: true },
    numbers: { type: Boolean },
    announce: { type: Boolean },
    keep: { type: Boolean },
    ducked: { type: Boolean },
    volume: { type: Number },
    device: { attribute: false },
    looks: { attribute: false },
    phase: { state: true },
    figures: { state: true },
    still: { state: true },
    last: { state: true },
    nowMs: { state: true },
  };
  static override styles = [base, playerStyles];

  declare src: string;
  declare token: string;
  declare label: string;
  declare fit: "cover" | "contain";
  declare muted: boolean;
  declare numbers: boolean;
  declare announce: boolean;
  declare keep: boolean;
  /** Plays softly while this person talks through the same device. */
  declare ducked: boolean;
  /** How loud it is played, 0 to 1. */
  declare volume: number;
  /** What the hub says of the device, where the page knows it: explains more than a browser can see. */
  declare device: PageDevice | undefined;
  /** Where the page notes what it looks at, so that the hub has it ready; see app/looks.ts. */
  declare looks: { look(id: string): Disposable } | undefined;
  /** What this browser sees; read only. */
  declare phase: PlayerPhase;
  declare figures: Numbers;
  /** The single picture that stands in place of a live one. */
  declare still: StillPicture | undefined;
  /** The camera's last picture that the hub kept, until there is one of its own. */
  declare last: StillPicture | undefined;
  declare nowMs: number;

  #watching: AbortController | undefined;
  #session: PictureSession | undefined;
  /** That the hub gives no picture that this browser can show; then single ones are shown. */
  #refused: Extract<PlayerPhase, { phase: "pictures" }> | undefined;
  readonly #stills = new Stills(this);
  readonly #lastPicture = new LastPicture(this);
  /** Whether the running session asked for a picture. */
  #pictured = true;
  /** False until the browser tells: a tile below the edge is never asked for. */
  #onScreen = false;
  #observer: IntersectionObserver | undefined;
  #leaving: number | undefined;
  #ticker: number | undefined;
  #saidBefore = "";
  #look: Disposable | undefined;
  /** Whether the running session asked for sound: one that was muted all along did not. */
  #heard = false;
  /** A session takes over from one whose picture stands meanwhile: until then nothing new is said of it. */
  #takingOver = false;
  readonly #changes = new EventTarget();
  readonly #renditions = new RenditionControl({
    element: this,
    device: () => this.device,
    video: () => this.#video,
    alone: () => this.fit === "contain",
    onWanted: () => void this.#turn(),
  });

  constructor() {
    super();
    this.src = "";
    this.token = "";
    this.label = "";
    this.fit = "contain";
    this.muted = false;
    this.numbers = false;
    this.announce = false;
    this.keep = false;
    this.ducked = false;
    this.volume = 1;
    this.phase = { phase: "off" };
    this.figures = {};
    this.still = undefined;
    this.last = undefined;
    this.nowMs = Date.now();
  }

  /** What the hub calls the running session; empty when there is none. */
  get sessionId(): string {
    return this.#session?.id ?? "";
  }

  /** Whether the running session has sound. */
  get hasSound(): boolean {
    return this.#session?.hasAudio ?? false;
  }

  /** What stands on the picture, in words. */
  get said(): Said {
    return sayPicture(this.phase, this.device, this.nowMs);
  }

  /** The picture as it stands, or undefined when there is none. */
  async snapshot(): Promise<Blob | undefined> {
    const video = this.#video;
    if (!video?.videoWidth || this.phase.phase !== "live") return undefined;
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? undefined), "image/jpeg", 0.92));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.#seen);
    this.#observer = new IntersectionObserver(([entry]) => {
      this.#onScreen = entry?.isIntersecting ?? true;
      this.#seen();
    });
    this.#observer.observe(this);
    this.#renditions.connect();
    this.#ticker = window.setInterval(this.#tick, 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#seen);
    this.#observer?.disconnect();
    this.#renditions.disconnect();
    clearInterval(this.#ticker);
    clearTimeout(this.#leaving);
    this.#look?.[Symbol.dispose]();
    this.#look = undefined;
    this.#lastPicture.want(false);
    this.#stop("off");
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("device")) {
      this.#renditions.decide();
      this.#changes.dispatchEvent(new Event("device"));
    }
    const video = this.#video;
    if (video) {
      video.muted = this.muted;
      video.volume = this.ducked ? Math.min(0.06, this.volume) : this.volume;
      if (changed.has("muted") && !this.muted && video.paused && video.srcObject) void this.#play();
    }
    if (changed.has("src") || changed.has("token")) {
      this.#refused = undefined;
      this.#leave();
      this.#stop("off");
    }
    if (decisive.some((name) => changed.has(name))) this.#seen();
    this.#lastPicture.want(this.#lacksPicture);
    const { tone, text } = this.said;
    if (text !== this.#saidBefore) {
      this.#saidBefore = text;
      this.dispatchEvent(new CustomEvent("dw-state", { detail: this.said, bubbles: true, composed: true }));
    }
    this.setAttribute("data-tone", tone);
  }

  protected override render() {
    const said = this.said;
    const single = this.still !== undefined && said.text === sayPicture(this.phase, undefined, this.nowMs).text;
    const clear = single || (said.tone === "live" && this.phase.phase !== "sound-only");
    return html`
      ${!clear && this.last ? renderLast(this.last) : nothing}
      <video
        class=${clear ? "" : "veiled"}
        playsinline
        autoplay
        muted
        disablepictureinpicture
        @resize=${this.#fitPicture}
        aria-label=${this.label ? t("Live picture of {label}", { label: this.label }) : t("Live picture")}
      ></video>
      ${single && this.still ? renderStill(this.still, { label: this.label, detail: said.detail, nowMs: this.nowMs }) : nothing}
      ${clear ? nothing : html`<div class="why"><p>${said.text}</p>${said.detail ? html`<p class="detail">${said.detail}</p>` : nothing}${this.last ? renderLastAge(this.last, this.nowMs) : nothing}<slot name="way-out"></slot></div>`}
      ${clear && !single ? renderMissing(this.device) : nothing}
      <div class="foot">
        ${this.label ? html`<span class="name">${this.label}</span>` : html`<span></span>`}
        ${said.tone === "quiet" ? nothing : html`<span class="state" data-tone=${said.tone}>${single ? said.text : shortly(said)}</span>`}
      </div>
      ${this.numbers ? renderNumbers({ figures: this.figures, device: this.device, rendition: this.#renditions.wanted, session: this.#session }) : nothing}
      <span class="unseen" role=${this.announce ? "status" : "none"}>${this.announce ? `${said.text}. ${said.detail ?? ""}` : nothing}</span>
    `;
  }

  get #video(): HTMLVideoElement | null {
    return this.renderRoot.querySelector("video");
  }

  /** Starts, goes on, or stops shortly after nobody can see it. */
  #seen = (): void => {
    const wanted = this.src !== "" && this.device?.state.phase !== "disabled";
    const visible = this.keep || (this.#onScreen && !document.hidden);
    clearTimeout(this.#leaving);
    if (visible && this.src !== "") this.#look ??= this.device && this.looks?.look(this.#lookedAt);
    if (!wanted) this.#stop("off");
    else if (visible && this.#soundOnly && this.muted && !this.#watching) this.phase = { phase: "sound-only" };
    else if (visible) this.#start();
    if (!visible && (this.#watching || this.#look))
      this.#leaving = window.setTimeout(() => this.#leave(), document.hidden ? 10_000 : 1500);
  };

  /** Nothing of the camera stands in the video, and somebody looks who may see it. */
  get #lacksPicture(): boolean {
    const { phase } = this.phase;
    const may = phase !== "forbidden" && phase !== "gone" && this.device?.state.phase !== "disabled";
    return may && this.#onScreen && !this.still && phase !== "live" && (this.#video?.readyState ?? 0) < 2;
  }

  /** There is sound and no picture. */
  get #soundOnly(): boolean {
    const { tracks = [], state } = this.device ?? {};
    return state?.phase === "live" && tracks.length > 0 && tracks.every(({ kind }) => kind === "audio");
  }

  /** While single pictures are shown, whoever listens asks for the sound alone. */
  get #asksPicture(): boolean {
    return this.#refused === undefined || this.muted || !this.device?.tracks.some(({ kind }) => kind === "audio");
  }

  /** An upright picture on a wide tile keeps its head and its feet. */
  #fitPicture = (): void => {
    const { videoWidth: widthPx = 0, videoHeight: heightPx = 0 } = this.#video ?? {};
    const place = { widthPx: this.clientWidth, heightPx: this.clientHeight };
    this.toggleAttribute("whole", isBetterWhole({ widthPx, heightPx }, place));
  };

  /** What the hub is told that is looked at: a device, or its small picture. */
  get #lookedAt(): string {
    const id = this.device?.id ?? "";
    return this.#renditions.wanted === "sub" ? `${id}/sub` : id;
  }

  /** The other picture of the camera is wanted: in the session that there is, or in one that takes over. */
  async #turn(): Promise<void> {
    const { wanted } = this.#renditions;
    const look = this.#look;
    if (look && this.device) {
      this.#look = this.looks?.look(this.#lookedAt);
      look[Symbol.dispose]();
    }
    const session = this.#session;
    if (!session || wanted === undefined) return;
    const turned = await session.turn(wanted);
    if (this.#session !== session || this.#renditions.wanted !== wanted) return;
    if (turned === "lost") this.#renditions.unheard();
    if (turned !== "differs") return;
    this.#takingOver = this.phase.phase === "live";
    this.#watching?.abort();
    this.#watching = undefined;
    this.#start();
  }

  #leave(): void {
    this.#look?.[Symbol.dispose]();
    this.#look = undefined;
    this.#stop("paused");
  }

  #start(): void {
    const video = this.#video;
    if (!video) return;
    if (this.#watching && this.#pictured === this.#asksPicture && (this.muted || this.#heard)) return;
    // Unmuted for the first time: a session with sound takes over, and the picture stands for that moment.
    this.#takingOver ||= this.#watching !== undefined && this.phase.phase === "live";
    this.#watching?.abort();
    const watching = new AbortController();
    this.#watching = watching;
    // A call has its sound from the ringing on: whoever answers waits for no new session.
    this.#heard = !this.muted || this.keep;
    this.#pictured = this.#asksPicture;
    const url = () => renditionUrl(this.src, this.#renditions.wanted);
    void keepWatching({
      // Each try asks for what is wanted then.
      get url() {
        return url();
      },
      token: this.token,
      picture: this.#pictured,
      sound: this.#heard,
      told: this.looks !== undefined && this.device !== undefined,
      mayAsk: (refusal, signal) =>
        mayAsk(refusal, { device: () => (this.looks ? this.device : undefined), changes: this.#changes, signal }),
      video,
      signal: watching.signal,
      onPhase: (phase) => {
        if (watching.signal.aborted) return;
        if (this.#takingOver && (phase.phase === "connecting" || phase.phase === "waiting")) return;
        this.#takingOver = false;
        this.#seePhase(phase);
      },
      onSession: (session) => {
        if (watching.signal.aborted && session) return;
        this.#session = session;
        this.dispatchEvent(
          new CustomEvent("dw-session", { detail: { id: this.sessionId }, bubbles: true, composed: true }),
        );
        if (session && !this.muted) void this.#play();
      },
    });
  }

  /** A refusal of the picture stays until there is one; the sound that is asked for meanwhile changes nothing of it. */
  #seePhase(phase: PlayerPhase): void {
    const final = phase.phase === "forbidden" || phase.phase === "gone";
    if (phase.phase === "pictures") this.#refused = phase;
    else if (final || (this.#pictured && phase.phase === "live")) this.#refused = undefined;
    this.phase = this.#refused ?? phase;
    this.nowMs = Date.now();
    this.#stills.want(this.#refused !== undefined && this.#watching !== undefined);
    if (this.#watching && this.#pictured !== this.#asksPicture) this.#start();
  }

  #stop(phase: "off" | "paused"): void {
    if (!this.#watching) return;
    this.#heard = false;
    this.#takingOver = false;
    this.#watching.abort();
    this.#watching = undefined;
    this.#refused = undefined;
    this.#stills.want(false);
    this.phase = { phase };
  }

  async #play(): Promise<void> {
    try {
      await this.#video?.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      this.muted = true;
      this.dispatchEvent(new CustomEvent("dw-sound-refused", { bubbles: true, composed: true }));
    }
  }

  #tick = (): void => {
    if (this.said.tone !== "live" || this.still) this.nowMs = Date.now();
    if (!this.numbers || !this.#session) return;
    void this.#session.numbers().then((figures) => {
      this.figures = figures;
    });
  };
}

/** What decides whether there is anything to be shown. */
const decisive = ["src", "device", "keep", "token", "muted", "looks"] as const;

/** The corner says it shortly; the middle has said it whole. */
function shortly(said: Said): string {
  return said.tone === "trouble" ? t("Trouble") : said.tone === "waiting" ? t("Waiting") : said.text;
}

customElements.define("dw-player", DwPlayer);

declare global {
  interface HTMLElementTagNameMap {
    "dw-player": DwPlayer;
  }
}

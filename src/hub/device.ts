import { isDeepStrictEqual } from "node:util";
import type { ButtonReach, DeviceEvent, DeviceMemory, Speaker } from "../device/driver.ts";
import type { Track } from "../media/track.ts";
import type { Clock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { Abilities } from "./abilities.ts";
import type { HubDevice, Rendition } from "./api.ts";
import { DeviceHealth } from "./device-health.ts";
import { partOfMemory } from "./device-memory.ts";
import { DeviceMotion } from "./device-motion.ts";
import { DeviceQuirks } from "./device-quirks.ts";
import type { DeviceSettings } from "./device-settings.ts";
import { DeviceStatus } from "./device-status.ts";
import { DeviceTracks } from "./device-tracks.ts";
import { Loan } from "./loan.ts";
import { lockOfKind } from "./lock-of.ts";
import { type DeviceLosses, LossLog } from "./loss-log.ts";
import { loudnessOf } from "./loudness.ts";
import { RaisedLoudness } from "./raised-loudness.ts";
import type { DeviceSource, MakeSource, SourceHost } from "./source.ts";
import type { DeviceInfo, DeviceState, HolderInfo } from "./state.ts";
import { type SubDevice, SubPicture, subSettings } from "./sub-picture.ts";
import type { Loss } from "./supervise.ts";

/** Options of {@link LocalDevice}. */
export interface LocalDeviceOptions {
  readonly settings: DeviceSettings;
  readonly source: MakeSource;
  /** For people; without credentials. */
  readonly address?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** What was learnt about the device before; forgotten with the device unless given. */
  readonly memory?: DeviceMemory;
  /** How long the source goes on after its last reader left. */
  readonly lingerMs?: number;
  /** How it is enrolled, of a device that calls the hub. */
  readonly arrival?: (() => NonNullable<DeviceInfo["arrival"]>) | undefined;
  readonly onEvent?: (event: DeviceEvent) => void;
  /** What is said in the log when it is lost; of a device by itself unless given. */
  readonly losses?: DeviceLosses;
  /** Serves its small picture; belongs to it from here on. */
  readonly sub?: SubDevice | undefined;
  /** A person opens it whom nobody watched before. */
  readonly onOpened?: () => void;
  readonly lastPicture?: ((id: string) => Pick<DeviceInfo, "lastPicture">) | undefined;
  /** Who holds the speaker's floor, for {@link HubDevice.info}. */
  readonly floor?: (id: string) => { readonly holder?: HolderInfo; readonly queued: number };
}

/**
 * A device whose source runs in this process: wants the source while somebody wants the device, keeps its tracks across
 * runs and connections, knows its state, and lends itself to one of them at a time. Owned by the registry, which closes it.
 */
export class LocalDevice implements HubDevice {
  readonly id: string;
  #settings: DeviceSettings;
  #loan: Loan | undefined;
  /** What it offered last: still shown while it is not connected. */
  #lastSpeaker: Speaker | undefined;
  #demands = 0;
  /** How many of them are of people who look. */
  #watching = 0;
  /** What the source was told last. */
  #wanted = false;
  #linger: Disposable | undefined;
  #attempts = 0;
  #button: Omit<Extract<DeviceEvent, { readonly type: "button" }>, "type"> | undefined;
  readonly #health = new DeviceHealth();
  readonly #quirks = new DeviceQuirks();
  readonly #source: DeviceSource;
  readonly #status: DeviceStatus;
  readonly #tracks: DeviceTracks;
  readonly #memory: DeviceMemory;
  readonly #abilities: Abilities;
  readonly #raised: RaisedLoudness;
  readonly #losses: DeviceLosses;
  readonly #sub: SubPicture | undefined;
  readonly #motion: DeviceMotion;
  readonly #changes: Listeners<void>;
  readonly #options: LocalDeviceOptions;
  readonly #closed = new AbortController();

  constructor(options: LocalDeviceOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#memory = options.memory ?? new Map();
    this.id = options.settings.id;
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of a device failed"));
    const onChange = () => this.#changes.emit();
    this.#tracks = new DeviceTracks({ deviceId: this.id, clock: options.clock, onChange });
    this.#status = new DeviceStatus({ clock: options.clock, phase: "idle", onChange });
    const { clock, log, sub } = options;
    this.#sub = sub && new SubPicture(sub, partOfMemory(this.#memory, "sub"));
    sub?.onChange(onChange);
    sub?.follow(() => this.#status.state);
    this.#losses = options.losses ?? new LossLog({ clock, log: log.child({ device: this.id }) });
    this.#motion = new DeviceMotion({
      clock,
      onChange: (active) => {
        if (active !== undefined) options.onEvent?.({ type: "motion", active });
        this.#changes.emit();
      },
    });
    this.#raised = new RaisedLoudness({
      memory: this.#memory,
      speaker: () => this.speaker,
      onChange: () => this.#changes.emit(),
      clock,
      log,
    });
    this.#source = options.source(this.#host());
    this.#abilities = new Abilities({ sure: this.#source.can, memory: this.#memory });
    this.#status.phase = this.#atRest();
    this.#reconsider();
  }

  get name(): string {
    return this.#settings.name;
  }

  get area(): string | undefined {
    return this.#settings.area;
  }

  get settings(): DeviceSettings {
    return this.#settings;
  }

  get state(): DeviceState {
    const { state } = this.#status;
    return this.#sub?.state(state) ?? state;
  }

  get sub(): Rendition | undefined {
    return this.#sub?.offered;
  }

  get attempts(): number {
    return this.#attempts;
  }

  get tracks(): readonly Track[] {
    return this.#tracks.all;
  }

  get health(): Readonly<Record<string, string | number | boolean>> | undefined {
    return this.#health.values;
  }

  buttonReach(target: string): readonly ButtonReach[] {
    const { reaches } = this.#button ?? {};
    return (reaches && Object.hasOwn(reaches, target) && reaches[target]) || [];
  }

  info(): DeviceInfo {
    const speaker = this.#loan?.speaker ?? this.#lastSpeaker;
    const tracks = this.#tracks.info();
    return {
      id: this.id,
      name: this.name,
      area: this.area,
      kind: this.#source.kind,
      address: this.#options.address,
      state: this.state,
      tracks: [...tracks, ...(this.#sub?.tracks() ?? [])],
      ...this.#sub?.renditions(tracks),
      speaker: speaker && {
        formats: speaker.formats.map(({ codec, sampleRateHz }) => ({ codec, sampleRateHz })),
        echoCancelling: speaker.echoCancelling,
        queued: 0,
        ...this.#options.floor?.(this.id),
        doNotDisturb: this.#settings.doNotDisturb,
        ...(this.#settings.muted && { muted: true }),
        ...(this.#isRaised && { raised: true }),
      },
      ...(this.#options.arrival && { arrival: this.#options.arrival() }),
      ...(this.#loan && { ...this.#health.info, ...this.#buttonInfo() }),
      ...this.#motion.info,
      ...this.#options.lastPicture?.(this.id),
      can: this.#abilities.with({
        bell: this.#settings.bell !== undefined,
        ptz: this.#settings.ptz !== "off",
        lock: lockOfKind(this.#settings, this.#source.kind) !== undefined,
      }),
      permanent: !this.#settings.preview,
      ...this.#quirks.info,
    };
  }

  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  demand(by: "viewer" | "hub" = "hub"): Disposable {
    const looks = by === "viewer" ? 1 : 0;
    this.#demands++;
    this.#watching += looks;
    this.#reconsider();
    if (looks > 0) this.#source.watched(true);
    if (looks > 0 && this.#watching === 1) this.#options.onOpened?.();
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#demands--;
        this.#watching -= looks;
        this.#reconsider();
        if (looks > 0 && this.#watching === 0) this.#source.watched(false);
      },
    };
  }

  track(kind: "video" | "audio", label = "main"): Track | undefined {
    return this.#tracks.get(kind, label);
  }

  async waitForTrack(
    kind: "video" | "audio",
    options: { readonly label?: string; readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Track | undefined> {
    return this.#waitFor(() => this.track(kind, options.label), options);
  }

  get speaker(): Speaker | undefined {
    return this.#loan?.speaker;
  }

  async waitForSpeaker(options: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<Speaker | "none" | undefined> {
    const none = () => (this.#abilities.speakerless || this.#loan?.speakerless ? "none" : undefined);
    return this.#waitFor(() => this.speaker ?? none(), options);
  }

  noticeMotion(active: boolean | undefined): void {
    this.#motion.told(active);
  }

  raise(): Disposable {
    return this.#raised.raise();
  }

  /** True while it is louder than it was set, by the hub or at the device itself. */
  get #isRaised(): boolean {
    if (this.#raised.raised) return true;
    return this.#raised.playing && loudnessOf(this.#settings, 2) !== loudnessOf(this.#settings, 0);
  }

  async command(
    name: string,
    payload: Readonly<Record<string, unknown>>,
    options: { readonly expiresMs?: number } = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    if (!this.#loan) throw new RecoverableError(`${name} not sent: ${this.name} is not connected`, { code: "offline" });
    return await this.#loan.command(name, { payload, ...options });
  }

  follow(large: () => DeviceState): void {
    this.#losses.follow?.(large);
  }

  async restart(): Promise<void> {
    await Promise.all([this.#source.restart(), this.#sub?.restart()]);
  }

  /** Replaces the hub's own settings without touching the connection. */
  configure(settings: DeviceSettings): void {
    this.#settings = settings;
    this.#sub?.device.configure(subSettings(settings));
    if (!settings.enabled) this.#loan?.[Symbol.dispose]();
    if (["idle", "away", "disabled"].includes(this.#status.phase)) this.#status.phase = this.#atRest();
    this.#reconsider();
    this.#changes.emit();
  }

  /** Ends everything: the source has let go of the device, tracks close, readers end. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#linger?.[Symbol.dispose]();
    this.#losses[Symbol.dispose]();
    await Promise.all([this.#source[Symbol.asyncDispose](), this.#sub?.device.close()]);
    this.#tracks.close();
    this.#changes.emit();
  }

  /** Demand at once; the end of demand after a while, in case somebody comes back. */
  #reconsider(): void {
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
    if (this.#closed.signal.aborted) return;
    const { enabled, warm } = this.#settings;
    const wanted = enabled && (this.#demands > 0 || warm);
    if (wanted || !enabled) this.#want(wanted);
    else if (this.#wanted) {
      this.#linger = this.#options.clock.timer(this.#options.lingerMs ?? 10_000, () => this.#want(false));
    }
  }

  #want(wanted: boolean): void {
    this.#wanted = wanted;
    this.#source.want(wanted);
  }

  #atRest(): "idle" | "away" | "disabled" {
    return this.#settings.enabled ? this.#source.atRest : "disabled";
  }

  #host(): SourceHost {
    return {
      lend: (signal, hooks) => this.#lend(signal, hooks?.ready ?? (() => {})),
      connecting: () => {
        this.#status.phase = "connecting";
      },
      rested: () => {
        this.#status.phase = this.#atRest();
      },
      lost: (loss) => this.#lost(loss),
    };
  }

  #lend(signal: AbortSignal, ready: () => void): Loan {
    this.#loan?.[Symbol.dispose]();
    this.#attempts++;
    const { clock, log } = this.#options;
    const loan: Loan = new Loan({
      id: this.id,
      signal,
      clock,
      log,
      memory: this.#memory,
      status: this.#status,
      tracks: this.#tracks,
      onChange: () => {
        this.#lastSpeaker = loan.speakerless ? undefined : (loan.speaker ?? this.#lastSpeaker);
        if (this.#loan === loan) this.#look(loan);
        this.#changes.emit();
      },
      onSpeaker: () => this.#raised.follow(),
      onEvent: (event) => {
        if (event.type === "health" && this.#health.learn(event.values)) this.#changes.emit();
        if (event.type === "button") this.#learnButton(event);
        if (event.type === "quirk" && this.#quirks.learn(event)) this.#changes.emit();
        if (event.type === "motion") this.#motion.told(event.active);
        else this.#options.onEvent?.(event);
      },
      onReady: () => {
        ready();
        this.#losses.back();
      },
      onEnd: (ended) => {
        if (this.#loan !== ended) return;
        this.#loan = undefined;
        this.#button = undefined;
        this.#abilities.ended();
      },
    });
    if (loan.open) this.#loan = loan;
    return loan;
  }

  #buttonInfo(): Pick<DeviceInfo, "button"> {
    if (!this.#button) return {};
    const { reaches: _, ...button } = this.#button;
    return { button };
  }

  #learnButton({ type: _, ...button }: Extract<DeviceEvent, { readonly type: "button" }>): void {
    if (isDeepStrictEqual(button, this.#button)) return;
    this.#button = button;
    this.#changes.emit();
  }

  #look(loan: Loan): void {
    const live = (kind: "video" | "audio") => this.#tracks.get(kind, "main") !== undefined;
    this.#abilities.shows({ video: live("video"), audio: live("audio"), speaker: loan.speaker !== undefined });
  }

  #lost(loss: Loss): void {
    this.#losses.lost(loss);
    this.#status.lost(loss);
  }

  async #waitFor<T>(
    look: () => T | undefined,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<T | undefined> {
    const found = look();
    if (found !== undefined) return found;
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    using _listener = this.#changes.add(() => {
      const value = look();
      if (value !== undefined) resolve(value);
    });
    using _timer = this.#options.clock.timer(options.timeoutMs, () => resolve(undefined));
    const give = () => resolve(undefined);
    options.signal?.addEventListener("abort", give, { once: true });
    this.#closed.signal.addEventListener("abort", give, { once: true });
    try {
      return await promise;
    } finally {
      options.signal?.removeEventListener("abort", give);
      this.#closed.signal.removeEventListener("abort", give);
    }
  }
}

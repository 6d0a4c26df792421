import type { Command, Device, DeviceEvent, Driver, DriverPhase, Speaker, TrackWriter } from "../device/driver.ts";
import type { Format } from "../media/format.ts";
import type { Track } from "../media/track.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { AsyncQueue } from "../util/queue.ts";
import type { DeviceSettings } from "./device-settings.ts";
import { DeviceStatus } from "./device-status.ts";
import { DeviceTracks } from "./device-tracks.ts";
import type { DeviceInfo, DeviceState, HolderInfo } from "./state.ts";
import { type Loss, supervise } from "./supervise.ts";

/** Options of {@link HubDevice}. */
export interface HubDeviceOptions {
  readonly settings: DeviceSettings;
  readonly driver: Driver;
  /** Already checked by the driver's schema. */
  readonly config: unknown;
  /** For people; without credentials. */
  readonly address?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
  /** How long the source goes on after its last reader left. */
  readonly lingerMs?: number;
  readonly onEvent?: (event: DeviceEvent) => void;
  /** Who holds the speaker's floor, for {@link HubDevice.info}. */
  readonly floor?: (id: string) => { readonly holder?: HolderInfo; readonly queued: number };
}

/** One running turn of the supervisor. */
interface Run {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** More oddities of one device than a person reads. */
const maxQuirks = 32;

/**
 * One device of the hub: runs its driver while somebody wants it, keeps its tracks across reconnects, knows its state
 * and its speaker. Owned by the registry, which closes it.
 */
export class HubDevice {
  readonly id: string;
  readonly driver: Driver;
  #settings: DeviceSettings;
  #speaker: Speaker | undefined;
  #speakerLive = false;
  #commands: AsyncQueue<Command> | undefined;
  #demands = 0;
  #run: Run | undefined;
  #linger: Disposable | undefined;
  #watch: Disposable | undefined;
  #notBeforeUs = 0;
  #attempts = 0;
  readonly #quirks = new Map<string, string>();
  #health: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly #status: DeviceStatus;
  readonly #tracks: DeviceTracks;
  readonly #changes: Listeners<void>;
  readonly #options: HubDeviceOptions;
  readonly #closed = new AbortController();

  constructor(options: HubDeviceOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.id = options.settings.id;
    this.driver = options.driver;
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of a device failed"));
    this.#tracks = new DeviceTracks({ deviceId: this.id, clock: options.clock });
    this.#status = new DeviceStatus({
      clock: options.clock,
      phase: options.settings.enabled ? "idle" : "disabled",
      onChange: () => this.#changes.emit(),
    });
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
    return this.#status.state;
  }

  /** How often the driver was started since the device was made. */
  get attempts(): number {
    return this.#attempts;
  }

  get tracks(): readonly Track[] {
    return this.#tracks.all;
  }

  /** The last health report of the device, as its driver gave it. */
  get health(): Readonly<Record<string, string | number | boolean>> | undefined {
    return this.#health;
  }

  /** The device as the API shows it. */
  info(): DeviceInfo {
    const speaker = this.#speaker;
    return {
      id: this.id,
      name: this.name,
      area: this.area,
      kind: this.driver.kind,
      address: this.#options.address,
      state: this.state,
      tracks: this.#tracks.info(),
      speaker: speaker && {
        formats: speaker.formats.map(({ codec, sampleRateHz }) => ({ codec, sampleRateHz })),
        echoCancelling: speaker.echoCancelling,
        queued: 0,
        ...this.#options.floor?.(this.id),
        doNotDisturb: this.#settings.doNotDisturb,
      },
      permanent: !this.#settings.preview,
      ...(this.#quirks.size > 0 && { quirks: [...this.#quirks].map(([code, sentence]) => ({ code, sentence })) }),
    };
  }

  #learn(quirk: { readonly code: string; readonly sentence: string }): void {
    if (this.#quirks.has(quirk.code) || this.#quirks.size >= maxQuirks) return;
    this.#quirks.set(quirk.code, quirk.sentence);
    this.#changes.emit();
  }

  /** Calls `listener` whenever state, tracks, speaker or settings change. */
  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  /** Keeps the source running until the handle is disposed. */
  demand(): Disposable {
    this.#demands++;
    this.#reconsider();
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#demands--;
        this.#reconsider();
      },
    };
  }

  /** The track of a kind, if the device has published one. */
  track(kind: "video" | "audio", label = "main"): Track | undefined {
    return this.#tracks.get(kind, label);
  }

  /** The track, as soon as the device publishes it; undefined after `timeoutMs`. The caller holds a demand. */
  async waitForTrack(
    kind: "video" | "audio",
    options: { readonly label?: string; readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Track | undefined> {
    return this.#waitFor(() => this.track(kind, options.label), options);
  }

  /** The speaker, as soon as the device is connected; undefined after `timeoutMs`. The caller holds a demand. */
  async waitForSpeaker(options: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<Speaker | undefined> {
    return this.#waitFor(() => (this.#speakerLive ? this.#speaker : undefined), options);
  }

  /** Gives the device a command; resolves with its answer. Throws RecoverableError when it is not connected. */
  command(name: string, payload: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    return new Promise((resolve, reject) => {
      const commands = this.#commands;
      if (!commands) return reject(new RecoverableError(`command not sent: ${this.name} is not connected`));
      commands.push({ name, payload, done: (result) => resolve(result ?? {}), failed: reject });
    });
  }

  /** Replaces the hub's own settings without touching the connection. */
  configure(settings: DeviceSettings): void {
    this.#settings = settings;
    if (!settings.enabled && !this.#run) this.#status.phase = "disabled";
    else if (settings.enabled && this.#status.phase === "disabled") this.#status.phase = "idle";
    this.#reconsider();
    this.#changes.emit();
  }

  /** Lets go of the device and connects anew, at once. */
  async restart(): Promise<void> {
    this.#notBeforeUs = 0;
    await this.#stop();
    this.#reconsider();
  }

  /** Ends everything: tracks close, readers end. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#linger?.[Symbol.dispose]();
    await this.#stop();
    this.#tracks.close();
    this.#changes.emit();
  }

  #wanted(): boolean {
    return this.#settings.enabled && !this.#closed.signal.aborted && (this.#demands > 0 || this.#settings.warm);
  }

  #reconsider(): void {
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
    if (this.#wanted()) {
      if (!this.#run) this.#start();
    } else if (this.#run) {
      const lingerMs = this.#settings.enabled ? (this.#options.lingerMs ?? 10_000) : 0;
      this.#linger = this.#options.clock.timer(lingerMs, () =>
        background(
          this.#stop().then(() => this.#reconsiderStopped()),
          (err) => this.#options.log.error({ err, device: this.id }, "device did not stop cleanly"),
        ),
      );
    }
  }

  #reconsiderStopped(): void {
    if (this.#wanted()) this.#reconsider();
  }

  #start(): void {
    const stop = new AbortController();
    const { clock, log } = this.#options;
    this.#status.phase = "connecting";
    this.#watch = this.#status.watch();
    const done = supervise({
      clock,
      random: this.#options.random,
      signal: stop.signal,
      notBeforeUs: this.#notBeforeUs,
      onAttempt: () => {
        this.#attempts++;
        this.#status.phase = "connecting";
      },
      onLoss: (loss) => this.#lost(loss),
      run: async ({ ready, signal }) => {
        try {
          await this.driver.run(this.#lend(signal, ready), this.#options.config);
        } finally {
          this.#released();
        }
      },
    }).catch((error) => log.error({ err: error, device: this.id }, "supervisor failed"));
    this.#run = { stop, done };
  }

  async #stop(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    this.#run = undefined;
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
    run.stop.abort();
    await run.done;
    if (this.#run) return;
    this.#status.phase = this.#settings.enabled ? "idle" : "disabled";
  }

  #lend(signal: AbortSignal, ready: () => void): Device {
    const { clock, log, onEvent } = this.#options;
    const commands = new AsyncQueue<Command>({
      max: 32,
      onDrop: (command) => command.failed(new RecoverableError("command dropped: too many are waiting")),
    });
    this.#commands = commands;
    signal.addEventListener("abort", () => commands.end(), { once: true });
    return {
      id: this.id,
      signal,
      clock,
      log: log.child({ device: this.id }),
      commands,
      publish: (format, options) => this.#publish(format, { label: options?.label ?? "main", signal }),
      offerSpeaker: (speaker) => {
        if (signal.aborted) return;
        this.#speaker = speaker;
        this.#speakerLive = true;
        this.#changes.emit();
      },
      emit: (event) => {
        if (event.type === "health") this.#health = event.values;
        if (event.type === "quirk") this.#learn(event);
        onEvent?.(event);
      },
      phase: (phase: DriverPhase) => {
        if (!signal.aborted) this.#status.phase = phase;
      },
      ready: () => {
        ready();
        this.#notBeforeUs = 0;
      },
    };
  }

  #publish(format: Format, options: { readonly label: string; readonly signal: AbortSignal }): TrackWriter {
    const track = this.#tracks.open(format, options.label);
    const decisive = format.kind === "video" || !this.track("video", options.label);
    this.#changes.emit();
    return {
      write: (frame) => {
        if (options.signal.aborted) return;
        track.write(frame);
        if (decisive) this.#status.alive();
      },
      updateFormat: (next) => {
        track.updateFormat(next);
        this.#changes.emit();
      },
    };
  }

  #released(): void {
    this.#commands?.end();
    this.#commands = undefined;
    this.#speakerLive = false;
    this.#tracks.interrupt();
  }

  #lost(loss: Loss): void {
    const { error, retryInMs } = loss;
    const { clock, log } = this.#options;
    if (error.code === "wrong-password") this.#notBeforeUs = clock.nowUs() + retryInMs * 1000;
    log.warn({ device: this.id, code: error.code, retryInMs, err: error }, `device lost: ${error.message}`);
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

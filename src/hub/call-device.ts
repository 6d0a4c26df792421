import type { AudioFormat } from "../media/format.ts";
import type { Track } from "../media/track.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice, HubTurns, Turn, TurnState } from "./api.ts";

/** Options of {@link CallDevice}. */
export interface CallDeviceOptions {
  readonly device: HubDevice;
  readonly turns: HubTurns;
  /** What it hears. */
  readonly ear: Track;
  /** Who speaks there, for people. */
  readonly talker: { readonly id: string; readonly name: string };
  /** Its microphone is another track now, or there is none. */
  readonly onMicrophone: () => void;
  /** Its speaker plays what the others say. */
  readonly onPlaying: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Above talk, below emergencies. */
const callPriority = 1;
/** How soon a speaker that was refused or lost is asked for again. */
const againMs = 2000;

/**
 * A device that takes part in a call: the others are heard at its speaker, in one turn that lasts as long as the call and
 * comes back after an emergency; its microphone is its voice. Only the turn opens what the device has to open.
 */
export class CallDevice implements Disposable {
  readonly #options: CallDeviceOptions;
  readonly #held = new DisposableStack();
  #microphone: Track | undefined;
  #turn: Turn | undefined;
  #again: Disposable | undefined;
  /** It wants to be left alone: asked again when that changes, and not before. */
  #quiet = false;
  #taking = false;
  #over = false;

  constructor(options: CallDeviceOptions) {
    this.#options = options;
    const { device, turns } = options;
    this.#held.use(device.demand());
    this.#held.use(device.onChange(() => this.#look()));
    this.#held.use(turns.onChange((id) => id === device.id && this.#quiet && this.#take()));
    this.#microphone = device.track("audio");
    this.#take();
  }

  /** Its microphone, if it has one. */
  get microphone(): Track | undefined {
    return this.#microphone?.open ? this.#microphone : undefined;
  }

  /** Whether its loudspeaker comes back through its microphone. */
  get echoes(): boolean {
    return this.#options.device.speaker?.echoCancelling === false;
  }

  [Symbol.dispose](): void {
    this.#over = true;
    this.#again?.[Symbol.dispose]();
    this.#turn?.cancel();
    this.#held.dispose();
  }

  #look(): void {
    if (this.#over) return;
    const now = this.#options.device.track("audio");
    if (now !== this.#microphone) {
      this.#microphone = now;
      this.#options.onMicrophone();
    }
    if (!this.#turn && !this.#again && !this.#quiet) this.#take();
  }

  #take(): void {
    const { device, turns, ear, talker, onPlaying } = this.#options;
    this.#again = undefined;
    // One that is there and has no speaker is only listened to.
    if (this.#over || this.#taking || (device.state.phase === "live" && !device.speaker)) return;
    this.#quiet = false;
    // Whoever is told of the turn while it is asked for tells us, too.
    this.#taking = true;
    const turn = turns.take({
      to: [`device:${device.id}`],
      talker,
      priority: callPriority,
      queue: true,
      unlimited: true,
      holds: "until-released",
      source: { live: true, voice: ear },
      onState: (state) => this.#follow(state),
      onHearing: (hearing) => {
        if (hearing.some(({ state }) => state === "playing")) onPlaying();
      },
    });
    this.#taking = false;
    if (this.#over) turn.cancel();
    else if (!this.#again && !this.#quiet) this.#turn = turn;
  }

  #follow(state: TurnState): void {
    const lost = ["pre-empted", "failed", "refused", "released"].includes(state.state);
    if (!lost || this.#over) return;
    const { clock, log, device } = this.#options;
    log.info({ device: device.id, state: state.state }, "a call is not heard there at the moment");
    this.#turn = undefined;
    this.#quiet = device.settings.doNotDisturb || (state.state === "refused" && state.reason === "do-not-disturb");
    if (this.#quiet) return;
    // Whoever took it has the floor; in line behind them it is ours again as soon as they end.
    const delayMs = state.state === "pre-empted" ? 0 : againMs;
    this.#again = clock.timer(delayMs, () => this.#take());
  }
}

/** The format of a track of sound. */
export function soundFormat(track: Track): AudioFormat {
  return track.format as AudioFormat;
}

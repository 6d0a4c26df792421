import type { Turn } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Voice } from "../../hub/voices.ts";
import type { Clock } from "../../util/clock.ts";

/** Options of {@link SessionFloor}. */
export interface SessionFloorOptions {
  readonly hub: Pick<Hub, "turns" | "voices" | "clock">;
  readonly deviceId: string;
}

/** After a refusal it is asked again no sooner. */
const retryUs = 500_000;

/**
 * The floor of a station's loudspeaker for all clients that have sound with it: their sound goes to the station directly,
 * each in its stream, and while one of them is heard the floor is theirs, so that pages and announcements wait, an emergency
 * takes it, and do-not-disturb holds.
 */
export class SessionFloor implements Disposable {
  #turn: Turn | undefined;
  #voice: Voice | undefined;
  #granted = false;
  #refusedUs = Number.NEGATIVE_INFINITY;
  readonly #clock: Clock;
  readonly #options: SessionFloorOptions;

  constructor(options: SessionFloorOptions) {
    this.#options = options;
    this.#clock = options.hub.clock;
  }

  /** Somebody is heard who speaks by this name; true when it may be passed on. */
  loud(talker: { readonly id: string; readonly name: string }): boolean {
    const nowUs = this.#clock.nowUs();
    if (!this.#turn && nowUs - this.#refusedUs >= retryUs) this.#take(talker);
    if (!this.#granted) return false;
    this.#voice?.write({ data: new Uint8Array(1), timestampUs: nowUs, key: true, durationUs: 20_000 });
    return true;
  }

  [Symbol.dispose](): void {
    this.#turn?.cancel();
    this.#over();
  }

  #take(talker: { readonly id: string; readonly name: string }): void {
    const { hub, deviceId } = this.#options;
    const voice = hub.voices.open({ owner: talker.id });
    this.#voice = voice;
    let turn: Turn | undefined;
    let ended = false;
    const over = (refused: boolean) => {
      ended = true;
      if (refused) this.#refusedUs = this.#clock.nowUs();
      if (turn === this.#turn) this.#over();
    };
    turn = hub.turns.take({
      to: [`device:${deviceId}`],
      hears: () => true,
      talker,
      priority: 0,
      queue: false,
      source: { live: true, voice: voice.track },
      onState: ({ state }) => {
        if (state === "granted") this.#granted = true;
        else if (state !== "queued") over(state !== "released");
      },
    });
    if (ended) this.#over();
    else this.#turn = turn;
  }

  #over(): void {
    this.#turn = undefined;
    this.#granted = false;
    this.#voice?.[Symbol.dispose]();
    this.#voice = undefined;
  }
}

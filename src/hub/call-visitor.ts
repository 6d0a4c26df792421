import type { Converter } from "../media/convert.ts";
import { ringbackPauseMs, ringbackWav } from "../media/ringback.ts";
import type { RecordedSpeech } from "../media/speech.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice, HubTurns, Turn } from "./api.ts";
import type { CallEvent } from "./call-api.ts";
import type { CallInfo } from "./call-info.ts";
import { visitorText } from "./call-texts.ts";
import type { CallsConfig } from "./calls-config.ts";
import type { VisitorText } from "./visitor-words.ts";

/** Makes speech of text; what it gives throws FatalError `no-speech-engine` when it is played where no engine is. */
export type SayText = (text: string, options: { readonly voice?: string }) => RecordedSpeech;

/** Options of {@link CallVisitor}. */
export interface CallVisitorOptions {
  readonly device: (id: string) => HubDevice | undefined;
  readonly turns: HubTurns;
  readonly converter: Pick<Converter, "decodeFile">;
  /** Without it only tones are heard. */
  readonly say: SayText | undefined;
  readonly config: () => CallsConfig;
  readonly clock: Clock;
  readonly log: Log;
}

/** Who has not confirmed by then that it rings is not there: a push that nobody's phone took. */
const confirmMs = 5000;

interface Visit {
  /** What is played or waited for now. */
  now: Disposable | undefined;
  turn: Turn | undefined;
  /** The tone has begun, or its sentence was said. */
  ringing: boolean;
  /** They know that nobody can be reached. */
  told: boolean;
}

/**
 * Tells who rings at a door how it goes: a ringing tone once somebody's device has confirmed that it rings, a sentence at
 * once when nobody can be reached, one at the end when nobody answered or somebody declined. Everything stops at the answer.
 */
export class CallVisitor implements Disposable {
  readonly #options: CallVisitorOptions;
  readonly #visits = new Map<string, Visit>();
  readonly #parting = new Set<Turn>();

  constructor(options: CallVisitorOptions) {
    this.#options = options;
  }

  /** Something happened to a call. */
  follow({ call, change }: Pick<CallEvent, "call" | "change">): void {
    if (change === "ringing") this.#begin(call);
    const visit = this.#visits.get(call.id);
    if (!visit) return;
    if (change === "confirmed" && call.state === "ringing") this.#ring(call, visit);
    if (call.state === "ringing") return;
    this.#visits.delete(call.id);
    stop(visit);
    if (call.state === "ended") this.#part(call, visit);
  }

  [Symbol.dispose](): void {
    for (const visit of this.#visits.values()) stop(visit);
    this.#visits.clear();
    for (const turn of this.#parting) turn.cancel();
  }

  #begin(call: CallInfo): void {
    const device = this.#door(call);
    if (!device) return;
    const visit: Visit = { now: undefined, turn: undefined, ringing: false, told: false };
    this.#visits.set(call.id, visit);
    const rung = call.rung.some(({ state }) => state === "told" || state === "ringing");
    const nobody = () => {
      visit.told = true;
      visit.turn = this.#say(call, "unreachable");
    };
    if (rung) visit.now = this.#options.clock.timer(confirmMs, nobody);
    else nobody();
  }

  /** Again and again, with pauses: many bells are deaf while they play, and cameras without a picture. */
  #ring(call: CallInfo, visit: Visit): void {
    if (visit.ringing) return;
    stop(visit);
    visit.ringing = true;
    visit.told = false;
    if (this.#textOf(call, "ringing") !== undefined) {
      visit.turn = this.#say(call, "ringing");
      return;
    }
    const again = () => {
      if (this.#visits.get(call.id) === visit) visit.now = this.#options.clock.timer(ringbackPauseMs, tone);
    };
    const tone = () => {
      const turn = this.#play(call, { source: this.#tone() });
      visit.turn = turn;
      turn.done.then(again, again);
    };
    tone();
  }

  /** The last word, if nobody came to say it. */
  #part(call: CallInfo, { told }: Visit): void {
    const { endReason, reply } = call;
    let turn: Turn | undefined;
    if (endReason === "declined") turn = reply === undefined ? this.#say(call, "declined") : this.#speak(call, reply);
    else if (endReason === "missed" && !told) turn = this.#say(call, "missed");
    else if (endReason === "opened") turn = this.#say(call, "opened");
    if (!turn) return;
    const spoken = turn;
    this.#parting.add(spoken);
    const forget = () => this.#parting.delete(spoken);
    spoken.done.then(forget, forget);
  }

  #door({ from }: CallInfo): HubDevice | undefined {
    const device = from.deviceId === undefined ? undefined : this.#options.device(from.deviceId);
    // Whoever calls from a page hears it there.
    return device?.info().kind === "page" ? undefined : device;
  }

  #textOf(call: CallInfo, text: VisitorText): string | undefined {
    return visitorText(text, { bell: this.#door(call)?.settings.bell, calls: this.#options.config() });
  }

  #say(call: CallInfo, text: VisitorText): Turn | undefined {
    const sentence = this.#textOf(call, text);
    return sentence ? this.#speak(call, sentence) : undefined;
  }

  #speak(call: CallInfo, sentence: string): Turn | undefined {
    const { say, config, log } = this.#options;
    if (!say) return undefined;
    const { voice, language } = config();
    log.info({ call: call.id }, `said at ${call.from.name}: ${sentence}`);
    return this.#play(call, { source: say(sentence, { voice: voice ?? language }) });
  }

  #play(call: CallInfo, { source }: { readonly source: RecordedSpeech }): Turn {
    const { log, turns } = this.#options;
    return turns.take({
      to: [`device:${call.from.deviceId ?? ""}`],
      talker: { id: `visitor:${call.id}`, name: "Doorward" },
      priority: 0,
      queue: true,
      source,
      onState: (state) => {
        if (state.state !== "failed" && state.state !== "refused") return;
        log.info({ call: call.id, reason: state.reason }, "the visitor was not told");
      },
    });
  }

  #tone(): RecordedSpeech {
    const { converter } = this.#options;
    return { live: false, open: (output, how) => converter.decodeFile({ bytes: tonePieces() }, { output, ...how }) };
  }
}

async function* tonePieces(): AsyncGenerator<Uint8Array, void, void> {
  yield ringbackWav();
}

function stop(visit: Visit): void {
  visit.now?.[Symbol.dispose]();
  visit.now = undefined;
  visit.turn?.cancel();
  visit.turn = undefined;
}

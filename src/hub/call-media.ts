import type { Converter } from "../media/convert.ts";
import { Mixer } from "../media/mix.ts";
import type { Track } from "../media/track.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice, HubTurns } from "./api.ts";
import type { CallEvent, HubCalls } from "./call-api.ts";
import type { CallInfo, PartyId } from "./call-info.ts";
import { CallSound, type CallSoundDeps } from "./call-sound.ts";

/** Options of {@link CallMedia}. */
export interface CallMediaOptions {
  readonly calls: Pick<HubCalls, "get">;
  readonly device: (id: string) => HubDevice | undefined;
  readonly turns: HubTurns;
  readonly converter: Converter;
  readonly clock: Clock;
  readonly log: Log;
  /** The first word of an answered call was heard at the door. */
  readonly onFirstWord: (callId: string) => void;
}

/**
 * The sound of all calls. A device that takes part is heard by its own track and hears by a turn at its speaker, which
 * opens a door's talk path when it is answered and closes it at the end; everybody else brings a microphone along and is
 * given what they hear. Two parties hear each other as they are, more are mixed.
 */
export class CallMedia implements Disposable {
  readonly #options: CallMediaOptions;
  readonly #deps: CallSoundDeps;
  readonly #sounds = new Map<string, CallSound>();

  constructor(options: CallMediaOptions) {
    this.#options = options;
    const { log, clock } = options;
    const mixer = new Mixer({
      clock,
      onError: (error) => log.warn({ err: error }, `a call's sound is disturbed: ${messageOf(error)}`),
    });
    this.#deps = { ...options, mixer };
  }

  /** Something happened to a call. */
  follow({ call }: Pick<CallEvent, "call">): void {
    if (call.state === "answered") this.#soundOf(call).follow(call);
    if (call.state !== "ended") return;
    this.#sounds.get(call.id)?.[Symbol.dispose]();
    this.#sounds.delete(call.id);
  }

  /** What a party hears in a call: nothing until they take part; ends with the call. Undefined when it is over. */
  ear(callId: string, party: PartyId): Track | undefined {
    return this.#running(callId)?.ear(party);
  }

  /**
   * A party's microphone, heard while they take part, but not by `direct`, with whom they have sound already. Its owner closes
   * it. Undefined when the call is over.
   */
  speak(
    callId: string,
    from: { readonly party: PartyId; readonly voice: Track; readonly direct?: PartyId },
  ): Disposable | undefined {
    return this.#running(callId)?.speak(from.party, from.voice, from.direct);
  }

  /** Lets a party hear `sound`, that of the camera at the door, until somebody answers. */
  peek(callId: string, what: { readonly party: PartyId; readonly sound: Track }): void {
    this.#running(callId)?.peek(what.party, what.sound);
  }

  [Symbol.dispose](): void {
    for (const sound of this.#sounds.values()) sound[Symbol.dispose]();
    this.#sounds.clear();
  }

  #running(callId: string): CallSound | undefined {
    const call = this.#options.calls.get(callId);
    return call && call.state !== "ended" ? this.#soundOf(call) : undefined;
  }

  #soundOf(call: CallInfo): CallSound {
    const sound = this.#sounds.get(call.id) ?? new CallSound(call, this.#deps);
    this.#sounds.set(call.id, sound);
    return sound;
  }
}

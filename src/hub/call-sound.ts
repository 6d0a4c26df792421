import type { Converter } from "../media/convert.ts";
import { opusFormat } from "../media/format.ts";
import { type Mixer, mixedPcm } from "../media/mix.ts";
import { isPlainSound } from "../media/pcm-input.ts";
import type { Track } from "../media/track.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice, HubTurns } from "./api.ts";
import { CallDevice, soundFormat } from "./call-device.ts";
import { CallEar } from "./call-ear.ts";
import type { CallInfo, PartyId } from "./call-info.ts";

/** What the sound of calls stands on. */
export interface CallSoundDeps {
  readonly device: (id: string) => HubDevice | undefined;
  readonly turns: HubTurns;
  readonly converter: Converter;
  readonly mixer: Mixer;
  readonly clock: Clock;
  readonly log: Log;
  /** The first word of an answered call was heard at the door. */
  readonly onFirstWord: (callId: string) => void;
}

interface Party {
  readonly id: PartyId;
  readonly ear: CallEar;
  /** Microphones that were brought along: a page's, a client's. */
  readonly voices: Set<Track>;
  /** With whom it has sound already, both ways, beside the call. */
  direct?: PartyId;
  device?: CallDevice;
}

/** The sound of one call: what each party says, and what each hears. */
export class CallSound implements Disposable {
  #call: CallInfo;
  readonly #deps: CallSoundDeps;
  readonly #parties = new Map<PartyId, Party>();
  /** What has to be converted before it can be mixed. */
  readonly #converted = new Map<Track, Track | "later">();
  /** The sound of the door's camera, while somebody looks who is there. */
  readonly #peeking = new Map<PartyId, Track>();

  constructor(call: CallInfo, deps: CallSoundDeps) {
    this.#call = call;
    this.#deps = deps;
    this.follow(call);
  }

  /** The call has changed. */
  follow(call: CallInfo): void {
    this.#call = call;
    if (call.state !== "answered") return;
    this.#peeking.clear();
    for (const { party } of call.participants) this.#seat(party);
    for (const party of this.#parties.values()) if (!this.#takesPart(party.id)) this.#leave(party);
    this.#arrange();
  }

  /** What a party hears from now on: whatever it may, once it takes part. */
  ear(party: PartyId): Track {
    return this.#party(party).ear.track;
  }

  /**
   * A microphone of a party, heard while they take part. A station that brings its own sound needs no turn at its speaker.
   * `direct` is another party with whom it has sound already: the two are not given each other's.
   */
  speak(party: PartyId, voice: Track, direct?: PartyId): Disposable {
    const found = this.#party(party);
    if (direct !== undefined) found.direct = direct;
    found.voices.add(voice);
    found.device?.[Symbol.dispose]();
    delete found.device;
    this.#arrange();
    return {
      [Symbol.dispose]: () => {
        if (!found.voices.delete(voice)) return;
        if (found.voices.size === 0) delete found.direct;
        this.#arrange();
      },
    };
  }

  /** Hears this until the call is answered. */
  peek(party: PartyId, sound: Track): void {
    if (this.#call.state !== "ringing") return;
    this.#peeking.set(party, sound);
    this.#party(party);
    this.#arrange();
  }

  [Symbol.dispose](): void {
    for (const party of this.#parties.values()) {
      party.device?.[Symbol.dispose]();
      party.ear[Symbol.dispose]();
    }
    this.#parties.clear();
  }

  #takesPart(party: PartyId): boolean {
    return this.#call.participants.some((one) => one.party === party);
  }

  #party(id: PartyId): Party {
    const known = this.#parties.get(id);
    if (known) return known;
    const { clock } = this.#deps;
    const ear = new CallEar({ id: `call/${this.#call.id}/${id}`, clock });
    const party: Party = { id, ear, voices: new Set() };
    this.#parties.set(id, party);
    return party;
  }

  /** A device that takes part speaks and hears by itself, unless somebody there has brought a microphone. */
  #seat(id: PartyId): void {
    const party = this.#party(id);
    const deviceId = id.startsWith("device:") ? id.slice("device:".length) : undefined;
    const device = deviceId === undefined ? undefined : this.#soundOf(deviceId);
    if (!device || party.device || party.voices.size > 0) return;
    const { turns, clock, log } = this.#deps;
    const others = this.#call.participants.filter((other) => other.party !== id).map(({ name }) => name);
    party.device = new CallDevice({
      device,
      turns,
      ear: party.ear.track,
      talker: { id: `call:${this.#call.id}`, name: others.join(", ") || "call" },
      onMicrophone: () => this.#arrange(),
      onPlaying: () => this.#heardAt(id),
      clock,
      log,
    });
  }

  /** A bell that can neither hear nor speak is heard by the camera that is paired with it. */
  #soundOf(deviceId: string): HubDevice | undefined {
    const { device } = this.#deps;
    const own = device(deviceId);
    const { cameraId, from } = this.#call;
    if (deviceId !== from.deviceId || cameraId === undefined || cameraId === deviceId) return own;
    const able = own?.speaker ?? own?.track("audio") ?? own?.info().speaker;
    return able ? own : (device(cameraId) ?? own);
  }

  #leave(party: Party): void {
    party.device?.[Symbol.dispose]();
    delete party.device;
    party.ear.hear(undefined);
  }

  /** Gives each party the sound of the others. */
  #arrange(): void {
    for (const party of this.#parties.values()) party.ear.hear(this.#soundFor(party));
  }

  #soundFor({ id, direct }: Party): Track | undefined {
    if (this.#call.state === "ringing") return this.#whole(this.#peeking.get(id));
    if (this.#call.state !== "answered" || !this.#takesPart(id)) return undefined;
    const others = [...this.#parties.values()].filter((party) => {
      const apart = party.id !== id && party.id !== direct && party.direct !== id;
      return apart && this.#takesPart(party.id);
    });
    return this.#together(others.flatMap((party) => this.#voicesOf(party)));
  }

  #voicesOf({ voices, device, ear }: Party): readonly Track[] {
    const own = [...voices].filter(({ open }) => open);
    const microphone = device?.microphone;
    if (!microphone) return own;
    const plain = this.#plain(microphone);
    if (!plain) return own;
    const { mixer } = this.#deps;
    return [...own, device.echoes ? mixer.mix([plain], { format: mixedPcm, duckedBy: ear.track }) : plain];
  }

  /** One voice as it is if it is Opus, else all of them mixed. */
  #together(voices: readonly Track[]): Track | undefined {
    const [first, ...more] = voices;
    if (!first) return undefined;
    if (more.length === 0 && soundFormat(first).codec === "opus") return first;
    return this.#deps.mixer.mix(voices, { format: opusFormat });
  }

  #whole(track: Track | undefined): Track | undefined {
    const plain = track && this.#plain(track);
    return plain && this.#together([plain]);
  }

  /** A track that can be mixed; undefined until it has been converted. */
  #plain(track: Track): Track | undefined {
    if (isPlainSound(soundFormat(track))) return track;
    const known = this.#converted.get(track);
    if (known) return known === "later" ? undefined : known;
    this.#converted.set(track, "later");
    const converting = this.#deps.converter.convertTrack(track, mixedPcm).then((converted) => {
      this.#converted.set(track, converted);
      this.#arrange();
    });
    background(converting, (error) =>
      this.#deps.log.warn({ track: track.id }, `not heard in a call: ${messageOf(error)}`),
    );
    return undefined;
  }

  /** The others are heard at a device from now on. */
  #heardAt(id: PartyId): void {
    if (id !== this.#call.from.party) return;
    this.#parties.get(id)?.ear.onceSound(() => this.#deps.onFirstWord(this.#call.id));
  }
}

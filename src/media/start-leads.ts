/** What one live talk told about the way from its microphone to the loudspeaker. */
export interface TalkedEvenly {
  /** Whose microphone; its way is its own. */
  readonly voice: string;
  /** By how much its sound came unevenly at worst, ms. */
  readonly unevenMs: number;
  /** How much was said, ms. */
  readonly sentMs: number;
  /** Time that the device took to answer when the talk began, ms. */
  readonly roundTripMs: number;
}

/** Options of {@link StartLeads}. */
export interface StartLeadsOptions {
  /** Lead of a talk of which nothing is known yet, and the longest, ms. */
  readonly usualMs: number;
  /** The shortest, ms. */
  readonly leastMs: number;
}

/** So many talks count; what was before them is forgotten. */
const talks = 8;
/** Less than this says nothing about what is to come, ms. */
const enoughMs = 3000;
/** So many answers of the device are needed to see whether they come evenly. */
const enoughAnswers = 3;
/** So much more than what was needed is kept ready, ms. */
const marginMs = 30;
/** Microphones that are remembered: more than speak through one device in turn. */
const maxVoices = 16;

/**
 * With how much lead a live talk begins at one device: who speaks is heard later by it. The lead is there for what comes late,
 * from the microphone or on its way to the device; where the last talks of the same microphone came evenly, and the device
 * answered evenly, less of it will do. Unevenness is believed at once, evenness after some seconds of speech.
 */
export class StartLeads {
  readonly #options: StartLeadsOptions;
  /** The one that spoke last is the last. */
  readonly #voices = new Map<string, TalkedEvenly[]>();
  #roundTrips: number[] = [];

  constructor(options: StartLeadsOptions) {
    this.#options = options;
  }

  /** For a talk of this microphone that begins now, ms. */
  leadOf(voice: string | undefined): number {
    const { usualMs, leastMs } = this.#options;
    const known = this.#voices.get(voice ?? "") ?? [];
    const saidMs = known.reduce((sum, { sentMs }) => sum + sentMs, 0);
    if (saidMs < enoughMs || this.#roundTrips.length < enoughAnswers) return usualMs;
    const answersMs = Math.max(...this.#roundTrips) - Math.min(...this.#roundTrips);
    const neededMs = Math.max(...known.map(({ unevenMs }) => unevenMs)) + answersMs + marginMs;
    return Math.min(usualMs, Math.max(leastMs, neededMs));
  }

  /** A talk is over. */
  learn(talk: TalkedEvenly): void {
    this.#roundTrips = [...this.#roundTrips, talk.roundTripMs].slice(-talks);
    const known = this.#voices.get(talk.voice) ?? [];
    this.#voices.delete(talk.voice);
    this.#voices.set(talk.voice, [...known, talk].slice(-talks));
    const [oldest] = this.#voices.keys();
    if (this.#voices.size > maxVoices && oldest !== undefined) this.#voices.delete(oldest);
  }
}

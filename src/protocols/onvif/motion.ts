import type { Clock } from "../../util/clock.ts";
import type { OnvifNotification } from "./events.ts";
import { isOneOf, stateIn, topicPath } from "./topic.ts";

/** Options of {@link OnvifMotion}. */
export interface OnvifMotionOptions {
  readonly clock: Clock;
  /** Further topics, or ends of them, that are motion: `MyRuleDetector/PeopleDetect`. */
  readonly topics: readonly string[];
  /** Called when something moves, or nothing any more, and when the camera says for the first time that nothing does. */
  readonly onChange: (active: boolean) => void;
}

/**
 * Ends of topics that are motion: `RuleEngine/CellMotionDetector/Motion` and `VideoSource/MotionAlarm` are ONVIF's (Imaging and
 * Analytics), `MotionRegionDetector/Motion` is of its profile M; the others are what makers may call it.
 */
const motionWords: ReadonlySet<string> = new Set(["motion", "motionalarm", "motiondetect", "motiondetection"]);
/** What is not told to be over, or again, is over after this time: some cameras tell only that it begins. */
const overMs = 300_000;
/** A pulse says nothing of an end. */
const pulseMs = 10_000;
const maxSources = 64;

/**
 * Whether something moves before a camera, from what it tells: as long as one of its detectors says so. How things stand when a
 * subscription begins counts, for it is a state. Nothing is known until the camera tells something of motion.
 */
export class OnvifMotion implements Disposable {
  readonly #options: OnvifMotionOptions;
  /** The detectors that see motion, each with what ends it if the camera does not. */
  readonly #active = new Map<string, Disposable>();
  #told: boolean | undefined;

  constructor(options: OnvifMotionOptions) {
    this.#options = options;
  }

  /** Something that the camera tells, of motion or not. */
  take(notification: OnvifNotification): void {
    const { topic, operation, source, data } = notification;
    const path = topicPath(topic);
    if (!motionWords.has(path.split("/").at(-1) ?? "") && !isOneOf(topic, this.#options.topics)) return;
    const detector = JSON.stringify([path, source]);
    const state = stateIn(data);
    this.#active.get(detector)?.[Symbol.dispose]();
    this.#active.delete(detector);
    // A pulse that is told when the subscription begins was one before.
    const moves = operation !== "Deleted" && (state ?? operation !== "Initialized");
    if (moves && this.#active.size < maxSources) {
      const end = () => {
        this.#active.delete(detector);
        this.#tell();
      };
      this.#active.set(detector, this.#options.clock.timer(state === undefined ? pulseMs : overMs, end));
    }
    this.#tell();
  }

  [Symbol.dispose](): void {
    for (const timer of this.#active.values()) timer[Symbol.dispose]();
    this.#active.clear();
  }

  #tell(): void {
    const active = this.#active.size > 0;
    if (active === this.#told) return;
    this.#told = active;
    this.#options.onChange(active);
  }
}

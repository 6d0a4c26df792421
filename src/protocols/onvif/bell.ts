import type { Clock } from "../../util/clock.ts";
import type { OnvifNotification } from "./events.ts";
import { isOneOf, stateIn, topicPath } from "./topic.ts";

/** Which of a camera's events are its bell. */
export interface OnvifBellRules {
  /** Digital inputs that are a bell's button, by token; all when absent. */
  readonly inputs?: readonly string[] | undefined;
  /** Further topics, or ends of them, that are a press: `MyRule/Ding`. */
  readonly topics?: readonly string[] | undefined;
}

/**
 * Ends of topics that are a press of a bell: `tns1:RuleEngine/MyRuleDetector/Visitor` is Reolink's; the others are what
 * makers may call it. Motion, persons and sounds are none.
 */
const bellWords: ReadonlySet<string> = new Set(["visitor", "doorbell", "doorbellpressed", "doorbellring", "ring"]);
/** Whatever is wired to it; Hikvision calls it by a word of its own. */
const inputTopics: ReadonlySet<string> = new Set(["device/trigger/digitalinput", "device/trigger/alarmin"]);
/** One that is never told to be over counts again after this time. */
const againUs = 10_000_000;
const maxStates = 256;

/**
 * Finds presses of a bell among what a camera tells: a change to "true", once, until it is over. How things stand when a
 * subscription begins is no press. Pure but for its clock.
 */
export class OnvifBell {
  readonly #clock: Clock;
  readonly #rules: OnvifBellRules;
  readonly #pressedUs = new Map<string, number | undefined>();

  constructor(options: { readonly clock: Clock; readonly rules: OnvifBellRules }) {
    this.#clock = options.clock;
    this.#rules = options.rules;
  }

  /** True for a press. */
  pressed(notification: OnvifNotification): boolean {
    const { operation, topic, source, data } = notification;
    if (operation === "Deleted" || !this.#isBell(notification)) return false;
    const key = JSON.stringify([topicPath(topic), source]);
    const nowUs = this.#clock.nowUs();
    const before = this.#pressedUs.get(key);
    const isOn = stateIn(data) ?? true;
    this.#keep(key, isOn ? nowUs : undefined);
    if (!isOn || operation === "Initialized") return false;
    return before === undefined || nowUs - before >= againUs;
  }

  #isBell({ topic, source }: OnvifNotification): boolean {
    const path = topicPath(topic);
    const { inputs, topics = [] } = this.#rules;
    if (isOneOf(topic, topics)) return true;
    if (inputTopics.has(path)) return inputs === undefined || Object.values(source).some((one) => inputs.includes(one));
    return bellWords.has(path.split("/").at(-1) ?? "");
  }

  #keep(key: string, pressedUs: number | undefined): void {
    this.#pressedUs.delete(key);
    this.#pressedUs.set(key, pressedUs);
    const [oldest] = this.#pressedUs.keys();
    if (this.#pressedUs.size > maxStates && oldest !== undefined) this.#pressedUs.delete(oldest);
  }
}

/** What the hub keeps at the broker, and sends there, of one device with a bell. */
const told = ["availability", "call", "event", "lock", "lock/result"] as const;

/** What can be asked of it. */
const asked = ["answer", "decline", "hangup", "lock/set"] as const;

/** A topic of one device with a bell. */
export type BellTopic = (typeof told)[number] | (typeof asked)[number];

/** One of those that ask for something. */
export type BellCommand = (typeof asked)[number];

/** Topics of bells, calls and locks: below a root of the hub's own, to which guests of its broker may not send. */
export class BellTopics {
  readonly #root: string;

  /** @param hubId `intercom_` and eight hex digits */
  constructor(hubId: string) {
    this.#root = `doorward/${hubId}`;
  }

  /** How calls stand in the whole house. */
  get house(): string {
    return `${this.#root}/call`;
  }

  of(deviceId: string, what: BellTopic): string {
    return `${this.#root}/bells/${deviceId}/${what}`;
  }

  /** Fits one command of every device. */
  filter(what: BellCommand): string {
    return this.of("+", what);
  }

  /** The device of a topic that fits {@link filter}. */
  deviceOf(topic: string): string {
    return topic.slice(this.#root.length).split("/")[2] ?? "";
  }
}

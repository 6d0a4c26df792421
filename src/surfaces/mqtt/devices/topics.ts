/** What is told of each device: whether it is there, how it stands (JSON), and a still picture where stills are switched on. */
const told = ["availability", "state", "still"] as const;

/** What can be asked of it. */
export const deviceCommands = [
  "volume/set",
  "mute/set",
  "dnd/set",
  "enabled/set",
  "warm/set",
  "chime/set",
  "announce",
  "ring",
  "press",
  "retry",
] as const;

/** One of {@link deviceCommands}. */
export type DeviceCommand = (typeof deviceCommands)[number];

/** Topics of the hub's devices, beside those of bells: below a root of the hub's own, to which guests of its broker may not send. */
export class DeviceTopics {
  readonly #root: string;

  /** @param hubId `intercom_` and eight hex digits */
  constructor(hubId: string) {
    this.#root = `doorward/${hubId}/devices`;
  }

  of(deviceId: string, what: (typeof told)[number] | DeviceCommand): string {
    return `${this.#root}/${deviceId}/${what}`;
  }

  /** All of one device that is kept. */
  keptOf(deviceId: string): readonly string[] {
    return [this.of(deviceId, "availability"), this.of(deviceId, "state")];
  }

  /** Fits one command of every device. */
  filter(what: DeviceCommand): string {
    return this.of("+", what);
  }

  /** The device of a topic that fits {@link filter}. */
  deviceOf(topic: string): string {
    return topic.slice(this.#root.length + 1).split("/")[0] ?? "";
  }
}

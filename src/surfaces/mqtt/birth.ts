import type { Clock } from "../../util/clock.ts";
import type { Bus } from "../bus.ts";

/** Where Home Assistant says that it has started. */
const birthTopic = "homeassistant/status";
const firstMs = 1000;
const spreadMs = 4000;

/**
 * Says everything again when Home Assistant has started, after one to five seconds by chance: not every program of a house
 * at once. What the broker kept of its start was answered by the connect already.
 */
export function followBirth(options: {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random?: () => number;
}): Disposable {
  const { bus, clock, random = Math.random } = options;
  let waiting: Disposable | undefined;
  const listening = bus.onCommand(birthTopic, ({ payload }) => {
    if (payload !== "online" || waiting) return;
    waiting = clock.timer(firstMs + spreadMs * random(), () => {
      waiting = undefined;
      bus.announce();
    });
  });
  return {
    [Symbol.dispose]: () => {
      listening[Symbol.dispose]();
      waiting?.[Symbol.dispose]();
    },
  };
}

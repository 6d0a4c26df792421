import type { HubCalls } from "../../hub/call-api.ts";
import type { Log } from "../../util/log.ts";
import type { MessageBus } from "../bus.ts";
import type { MqttConfig } from "./config.ts";

/** What {@link followCompanions} needs. */
export interface CompanionOptions {
  readonly bus: Pick<MessageBus, "onCommand">;
  readonly calls: Pick<HubCalls, "ring" | "list" | "end">;
  readonly companions: MqttConfig["companions"];
  readonly log: Log;
}

/**
 * `start` and `stop` on a topic, as automations tell the Home Assistant intercom's phone service: `start` rings the door's bell
 * for the people of the topic, `stop` ends what rings or is talked there. Ends when disposed.
 */
export function followCompanions({ bus, calls, companions, log }: CompanionOptions): Disposable {
  const held = new DisposableStack();
  for (const [topic, { door, rings }] of Object.entries(companions)) {
    const start = () => {
      const { state, reason } = calls.ring({ from: door, ...(rings && { to: rings }) });
      if (state === "refused") log.warn({ topic, door, reason }, "MQTT: a start that rings nobody");
    };
    const stop = () => {
      for (const { id, from } of calls.list()) if (from.deviceId === door) calls.end(id, undefined, "cancelled");
    };
    held.use(
      bus.onCommand(topic, ({ payload }) => {
        const word = payload.trim();
        if (word === "start") start();
        else if (word === "stop") stop();
        else log.debug({ topic }, "MQTT: neither start nor stop");
      }),
    );
  }
  return held;
}

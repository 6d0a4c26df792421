import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CallInfo, CallParty } from "../../hub/call-info.ts";
import type { Hub } from "../../hub/hub.ts";
import { background } from "../../util/background.ts";
import { Seldom } from "../../util/seldom.ts";
import type { MessageBus } from "../bus.ts";
import type { BellTopics } from "./topics.ts";

/** Options of {@link followBellCommands}. */
export interface BellCommandsOptions {
  readonly hub: Pick<Hub, "calls" | "locks" | "identity" | "clock" | "log">;
  readonly bus: MessageBus;
  readonly topics: BellTopics;
  /** Whoever asked for something is told how it stands, although it did not change. */
  readonly repeat: (deviceId: string) => void;
}

const maxPayload = 1024;
const sayEveryMs = 10_000;

const unlockSchema = z.object({
  command: z.string().max(16),
  nonce: z.string().max(64).optional(),
});

/** Answers, declines and ends calls, and opens doors, for whoever may send to the broker. What it had kept is no command. */
export function followBellCommands(options: BellCommandsOptions): Disposable {
  const { hub, bus, topics, repeat } = options;
  const held = new DisposableStack();
  const seldom = new Seldom({ clock: hub.clock, everyMs: sayEveryMs });
  const follow = (what: "answer" | "decline" | "hangup", act: (call: CallInfo, by: CallParty) => void) =>
    held.use(
      bus.onCommand(topics.filter(what), ({ topic }) => {
        const deviceId = topics.deviceOf(topic);
        const call = callOf(hub, { deviceId, what });
        if (call) act(call, homeAssistant(deviceId));
        else if (seldom.isNews(topic))
          hub.log.info({ device: deviceId }, `MQTT: nothing to ${what}: nobody calls there`);
      }),
    );
  const { calls, identity } = hub;
  const note = (action: "call-answered" | "call-declined" | "call-ended", call: CallInfo) =>
    identity.audit.record({ actor: "MQTT", action, subject: call.from.deviceId ?? call.from.party });
  follow("answer", ({ id }, by) => {
    const { state, call } = calls.answer(id, by);
    if (state === "done" && call) note("call-answered", call);
  });
  follow("decline", (call, by) => {
    if (calls.decline(call.id, by).state === "done") note("call-declined", call);
  });
  follow("hangup", (call, by) => {
    if (calls.end(call.id, by).state === "done") note("call-ended", call);
  });
  held.use(
    bus.onCommand(topics.filter("lock/set"), ({ topic, payload }) => {
      const deviceId = topics.deviceOf(topic);
      const wish = payload.length > maxPayload ? undefined : wishOf(payload);
      if (!hub.locks.overMqtt || !wish || !hub.locks.has(deviceId)) {
        repeat(deviceId);
        return;
      }
      const opening = hub.locks.open(deviceId, { by: homeAssistant(deviceId), nonce: wish.nonce });
      background(
        opening.then((result) => {
          const told = { nonce: wish.nonce, ...result };
          bus.publish(topics.of(deviceId, "lock/result"), JSON.stringify(told), { qos: 1, expiryS: 60 });
        }),
        (err) => hub.log.error({ err, device: deviceId }, "MQTT: a door was not opened"),
      );
    }),
  );
  return held;
}

/** Who answers by MQTT: one at each door, so that two doors can be answered at a time. */
function homeAssistant(deviceId: string): CallParty {
  return { party: `client:mqtt-${deviceId}`, name: "Home Assistant" };
}

function callOf(
  { calls }: Pick<Hub, "calls">,
  { deviceId, what }: { readonly deviceId: string; readonly what: "answer" | "decline" | "hangup" },
): CallInfo | undefined {
  const there = calls.list().filter(({ from }) => from.deviceId === deviceId);
  const ringing = there.find(({ state }) => state === "ringing");
  return what === "hangup" ? (there.find(({ state }) => state === "answered") ?? ringing) : ringing;
}

/** `UNLOCK` and `OPEN`, or JSON with one of them and a nonce; undefined for what asks for anything else, as to lock. */
function wishOf(payload: string): { readonly nonce: string } | undefined {
  const { command, nonce } = unlockSchema.safeParse(jsonOr(payload)).data ?? { command: payload };
  if (!["UNLOCK", "OPEN"].includes(command.trim().toUpperCase())) return undefined;
  return { nonce: nonce ?? randomUUID() };
}

function jsonOr(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

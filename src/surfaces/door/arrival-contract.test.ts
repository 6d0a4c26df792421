import { type ArrivalHouse, arrivalContract } from "../../../test/contracts/arrivals.ts";
import { DoorPeer } from "../../../test/peers/door-peer.ts";
import type { Hub } from "../../hub/hub.ts";
import { LockWords } from "../../hub/lock-words.ts";
import { background } from "../../util/background.ts";
import { systemClock } from "../../util/clock.ts";
import { DoorwardError } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import { silentLog } from "../../util/log.ts";
import type { Lent } from "../surface.ts";
import { type DoorConfig, doorConfig } from "./config.ts";
import { start } from "./start.ts";

/** The hub's code for a reason of the protocol. */
const codes: Readonly<Record<string, string>> = { intercom_already_registered: "taken" };

/** A door station over TCP, whose talk path somebody has opened. */
arrivalContract("door", async ({ reception, registry }: ArrivalHouse) => {
  const locks = { words: new LockWords() };
  const hub = { reception, devices: registry, locks, clock: systemClock, log: silentLog } as unknown as Hub;
  const config = doorConfig.parse({ port: 0 }) as DoorConfig;
  const surface = await start({ hub, config } as unknown as Lent<DoorConfig>);
  let spoken = 0;
  return {
    connections: surface.connections,
    spoken: () => spoken,
    call: async ({ token, signal, nonsense } = {}) => {
      const peer = await DoorPeer.connect({ port: surface.port });
      signal?.addEventListener("abort", () => peer.socket.destroy(), { once: true });
      if (signal?.aborted) peer.socket.destroy();
      const audio = nonsense && { audio: { sample_rate: 1, channels: 1 } };
      peer.say({ type: "register", role: "intercom", client_id: "yard", ...(token && { token }), ...audio });
      const told = await peer.next((message) => ["registered", "error"].includes(message.type));
      if (told.type === "error") {
        await peer.closed;
        const reason = String(told["reason"]);
        throw new DoorwardError(`not let in: ${reason}`, { code: codes[reason] ?? reason });
      }
      let n = 0;
      let stream: string | undefined;
      peer.socket.on("data", () => {
        spoken = peer.all("audio_frame").length;
      });
      peer.answer();
      const sending = every(systemClock, 40, () => {
        const started = peer.all("command").findLast(({ command }) => command === "start_audio");
        stream ??= (started?.["payload"] as { stream_id: string } | undefined)?.stream_id;
        if (stream !== undefined) peer.sound(stream, n++);
      });
      background(
        peer.closed.then(() => sending[Symbol.dispose]()),
        () => {},
      );
      const answered = registry.get("yard")?.command("start_audio", {});
      background(answered ?? Promise.resolve(), () => {}); // the peer may be gone by now
      return { ended: peer.closed, hangUp: () => peer.socket.destroy() };
    },
    [Symbol.asyncDispose]: () => surface[Symbol.asyncDispose](),
  };
});

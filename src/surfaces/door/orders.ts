import { doorLimits } from "../../protocols/door/limits.ts";
import { messageOf, RecoverableError } from "../../util/errors.ts";
import type { DoorStation } from "./station.ts";
import type { StationSound } from "./station-sound.ts";

const unlockMs = doorLimits.unlockMs.value;

/**
 * Carries out what the hub itself asks of a station, until it is gone: `start_audio` opens the talk path so that it is heard
 * (somebody answers it), `stop_audio` closes it; anything else is given to the station as it is.
 */
export async function serveOrders(of: {
  readonly station: DoorStation;
  readonly sound: StationSound;
  readonly opensDoor: (command: string) => boolean;
}): Promise<void> {
  const { station, sound, opensDoor } = of;
  let listening: Disposable | undefined;
  for await (const command of station.device.commands) {
    const { name, payload, expiresMs, done, failed } = command;
    if (name === "start_audio") {
      sound.hold(station.device.signal).then(
        (held) => {
          listening?.[Symbol.dispose]();
          listening = held;
          done();
        },
        (error: unknown) => failed(error instanceof Error ? error : new Error(messageOf(error))),
      );
    } else if (name === "stop_audio") {
      listening?.[Symbol.dispose]();
      listening = undefined;
      done();
    } else {
      station.order({
        command: name,
        payload,
        originId: "hub",
        ...((expiresMs !== undefined || opensDoor(name)) && {
          timeoutMs: expiresMs ?? unlockMs,
          expiresMs: expiresMs ?? unlockMs,
        }),
        onAnswer: ({ status, payload: answer }) => {
          if (status === "ok") return done(answer);
          const reason = String(answer["reason"] ?? "no reason");
          failed(new RecoverableError(`${name} not done: ${reason}`, { code: reason }));
        },
      });
    }
  }
  listening?.[Symbol.dispose]();
}

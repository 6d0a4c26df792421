import type { DeviceInfo } from "../../../src/hub/state.ts";
import { t } from "../language/t.ts";
import type { TargetChoice } from "./target.ts";
import { howLong, sayDevice } from "./words.ts";

/** What of a device a station's screen speaks about. */
export type StationDevice = Pick<DeviceInfo, "id" | "name" | "state" | "speaker" | "station">;

/** What stands under the name of somebody to speak to. */
export interface ChoiceSaid {
  readonly tone: "quiet" | "speaking" | "away";
  readonly text: string;
}

/** Whether one can be heard there: "here", "away for 2 h", "Anna is speaking", "4 of 5 are here". */
export function sayChoice(
  choice: Pick<TargetChoice, "kind">,
  of: { readonly devices: readonly StationDevice[]; readonly nowMs: number },
): ChoiceSaid {
  const { devices, nowMs } = of;
  const [device] = devices;
  if (choice.kind === "device" && device) return sayRoom(device, nowMs);
  const holder = devices.map(({ speaker }) => speaker?.holder).find((one) => one !== undefined);
  if (holder) return { tone: "speaking", text: t("{name} is speaking", { name: holder.name }) };
  const here = devices.filter(isHere).length;
  return {
    tone: here > 0 ? "quiet" : "away",
    text:
      here === devices.length
        ? t("all {count} are here", { count: here })
        : t("{here} of {all} are here", { here, all: devices.length }),
  };
}

/** Who speaks in a room, and whether it can hear: "Anna is speaking", "here", "muted", "away for 2 h". */
export function sayRoom(device: StationDevice, nowMs: number): ChoiceSaid {
  const { state, speaker, station } = device;
  if (speaker?.holder) return { tone: "speaking", text: t("{name} is speaking", { name: speaker.holder.name }) };
  if (state.phase === "away")
    return { tone: "away", text: t("away for {time}", { time: howLong(nowMs - state.sinceMs) }) };
  if (!isHere(device)) return { tone: "away", text: small(sayDevice(device, nowMs).text) };
  if (speaker?.doNotDisturb) return { tone: "away", text: t("do not disturb") };
  if (speaker?.muted) return { tone: "away", text: t("muted") };
  if (station?.plays === false) return { tone: "away", text: t("cannot play: touch its screen once") };
  return { tone: "quiet", text: station?.speaks === false ? t("here, listens only") : t("here") };
}

/** A camera that rests is called when it is spoken to: it counts as here. */
export function isHere({ state }: Pick<StationDevice, "state">): boolean {
  return !["away", "disabled", "trouble", "wrong-password"].includes(state.phase);
}

/** As it stands in the middle of a sentence; German nouns excepted, which no state begins with. */
function small(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1);
}

import type { DeviceInfo } from "../../../src/hub/state.ts";
import type { TargetChoice } from "./target.ts";
import { howLong } from "./words.ts";

/** What of a device a station's screen speaks about. */
export type StationDevice = Pick<DeviceInfo, "id" | "name" | "state" | "speaker">;

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
  const holder = devices.map(({ speaker }) => speaker?.holder).find((one) => one !== undefined);
  if (holder) return { tone: "speaking", text: `${holder.name} is speaking` };
  if (choice.kind === "device" && device) return sayOne(device, nowMs);
  const here = devices.filter(isHere).length;
  return {
    tone: here > 0 ? "quiet" : "away",
    text: here === devices.length ? `all ${here} are here` : `${here} of ${devices.length} are here`,
  };
}

function sayOne(device: StationDevice, nowMs: number): ChoiceSaid {
  if (!isHere(device)) return { tone: "away", text: `away for ${howLong(nowMs - device.state.sinceMs)}` };
  if (device.speaker?.doNotDisturb) return { tone: "away", text: "do not disturb" };
  return { tone: "quiet", text: "here" };
}

/** A camera that rests is called when it is spoken to: it counts as here. */
function isHere({ state }: StationDevice): boolean {
  return !["away", "disabled", "trouble", "wrong-password"].includes(state.phase);
}

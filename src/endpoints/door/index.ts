export { doorLimits } from "../../protocols/door/limits.ts";
export { doorReasons, stationReasons } from "../../protocols/door/reasons.ts";
export { type Clock, systemClock } from "../../util/clock.ts";
export {
  noLoudspeaker,
  noMicrophone,
  openFileLoudspeaker,
  openFileMicrophone,
  samplesMicrophone,
} from "../machine/files.ts";
export type { Loudspeaker, Microphone } from "../machine/ports.ts";
export { parseRelay, pulseRelay, type RelayLine } from "../machine/relay.ts";
export { openLoudspeaker, openMicrophone } from "../machine/sound.ts";
export type { SoundForm } from "../machine/sound-form.ts";
export { chooseSound } from "../machine/sound-tools.ts";
export {
  type CommandTarget,
  type DoorAudio,
  type DoorClientOptions,
  type DoorEvent,
  type DoorStationInfo,
  type RunningDoorClient,
  startDoorClient,
} from "./client.ts";
export { DoorCommandError } from "./command-error.ts";
export type { DoorAddress } from "./connection.ts";
export type { DoorState } from "./link.ts";
export {
  type DoorCall,
  type DoorHandler,
  type DoorStationOptions,
  type DoorStationSound,
  type RunningDoorStation,
  startDoorStation,
} from "./station.ts";
export type { DoorSoundForm, DoorStreamCounters, DoorStreamEvent } from "./stream.ts";

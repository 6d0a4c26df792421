import type { CallView } from "../../web/src/api.ts";
import { camera, house, rooms } from "./page-devices.ts";

/** Who rings in the scripted calls. */
export const doorbell: CallView["from"] = { party: "device:doorbell", name: "Doorbell", deviceId: "doorbell" };
/** Who is signed in at the page. */
export const anna = { party: "person:u1", name: "Anna" } as const;
export const ben = { party: "person:u2", name: "Ben" } as const;

/** A call at the door that rings at Anna's page and in the kitchen. */
export function callOf(more: Partial<CallView> = {}): CallView {
  return {
    id: "c1",
    from: doorbell,
    to: [],
    state: "ringing",
    rung: [
      { ...anna, state: "ringing" },
      { party: "device:kitchen", name: "Kitchen", state: "ringing" },
    ],
    participants: [doorbell],
    lock: true,
    cameraId: "front-door",
    startedMs: Date.now() - 6000,
    you: anna.party,
    mayAnswer: true,
    mayPeek: true,
    mayUnlock: true,
    ...more,
  };
}

/** The same call, answered by Anna. */
export const answeredCall: Partial<CallView> = {
  state: "answered",
  answeredBy: anna,
  answeredMs: Date.now() - 41_000,
  participants: [doorbell, anna],
  rung: [],
};

/** A call of a person: without picture and door. */
export const personCall: Partial<CallView> = {
  from: ben,
  lock: false,
  mayUnlock: false,
  cameraId: undefined,
  mayPeek: false,
};

/** A house with a door station. */
export function withDoor() {
  const arrival = { enrolled: "token" } as const;
  const door = camera("doorbell", { kind: "door", area: "Entrance", tracks: [], address: undefined, arrival });
  return { devices: [...house(), ...rooms(), door] };
}

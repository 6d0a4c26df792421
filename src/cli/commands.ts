import type { Command } from "./command.ts";

/** A command that is loaded when it is called, so that each starts as fast as it can. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

const load = async (module: Promise<{ readonly command: Command }>) => (await module).command;

/** Every command, in the order of the help. */
export const commands: readonly CommandEntry[] = [
  {
    name: "start",
    summary: "run the hub, or the demo when there is no doorward.yaml",
    load: () => load(import("./start.ts")),
  },
  { name: "hub", summary: "run the hub with its configuration file", load: () => load(import("./hub.ts")) },
  { name: "demo", summary: "run the hub with make-believe devices", load: () => load(import("./demo.ts")) },
  {
    name: "probe",
    summary: "look at a camera: tracks, size, rates, time to first frame",
    load: () => load(import("./probe.ts")),
  },
  {
    name: "discover",
    summary: "look for cameras on this network",
    load: () => load(import("./discover.ts")),
  },
  {
    name: "replay",
    summary: "play a camera's report back as a fake camera",
    load: () => load(import("./replay.ts")),
  },
  {
    name: "talk",
    summary: "play a file, a microphone or words through cameras",
    load: () => load(import("./talk.ts")),
  },
  {
    name: "say",
    summary: "say words or play a sound through the devices of a running hub",
    load: () => load(import("./say.ts")),
  },
  {
    name: "room-station",
    summary: "be a station of the room intercom on this machine",
    load: () => load(import("./room-station.ts")),
  },
  {
    name: "door-station",
    summary: "be a door station on this machine: bell, sound and door opener",
    load: () => load(import("./door-station.ts")),
  },
  {
    name: "agent",
    summary: "be a camera agent: show a camera at a hub elsewhere, from behind any router",
    load: () => load(import("./agent.ts")),
  },
  {
    name: "ha-client",
    summary: "be a client of door stations: hear bells, speak, give commands",
    load: () => load(import("./ha-client.ts")),
  },
  {
    name: "chime",
    summary: "list, add, remove and play the chimes of a running hub",
    load: () => load(import("./chime.ts")),
  },
  {
    name: "ring",
    summary: "ring rooms with a chime, or press a bell, through a running hub",
    load: () => load(import("./ring.ts")),
  },
  {
    name: "call",
    summary: "call people and rooms through a running hub",
    load: () => load(import("./call.ts")),
  },
  {
    name: "calls",
    summary: "list, watch, answer, decline and end the calls of a running hub",
    load: () => load(import("./calls.ts")),
  },
  {
    name: "unlock",
    summary: "open a door through a running hub",
    load: () => load(import("./unlock.ts")),
  },
  { name: "doctor", summary: "check ports, disk, clock, codecs and cameras", load: () => load(import("./doctor.ts")) },
  {
    name: "backup",
    summary: "put all of this hub into one sealed file",
    load: () => load(import("./backup.ts")),
  },
  {
    name: "restore",
    summary: "put back what doorward backup made",
    load: () => load(import("./restore.ts")),
  },
  { name: "seal", summary: "seal the passwords in the configuration file", load: () => load(import("./seal.ts")) },
  { name: "key", summary: "make a new key for stored passwords", load: () => load(import("./key.ts")) },
  { name: "user", summary: "list, add, change and remove people", load: () => load(import("./user.ts")) },
  {
    name: "enrol",
    summary: "let in, refuse and revoke devices that call a running hub",
    load: () => load(import("./enrol.ts")),
  },
  { name: "token", summary: "list, make and revoke tokens for programs", load: () => load(import("./token.ts")) },
];

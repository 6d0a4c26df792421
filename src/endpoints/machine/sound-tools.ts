import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { FatalError } from "../../util/errors.ts";
import { plainForm, type SoundForm } from "./sound-form.ts";

/** The sound systems of Linux that a station uses, by their own programs. */
export const soundSystems = ["alsa", "pulse", "pipewire"] as const;
export type SoundSystem = (typeof soundSystems)[number];

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** How one sound system records and plays: s16le, by standard output and input. */
export interface SoundTools {
  readonly system: SoundSystem;
  readonly record: CommandLine;
  readonly play: CommandLine;
}

/** Which devices; the system's own choice unless told. */
export interface SoundDevices {
  readonly microphone?: string | undefined;
  readonly loudspeaker?: string | undefined;
}

const tools: Readonly<Record<SoundSystem, (devices: SoundDevices, form: SoundForm) => SoundTools>> = {
  alsa: ({ microphone, loudspeaker }, { sampleRateHz, channels }) => {
    const written = ["-f", "S16_LE", "-r", `${sampleRateHz}`, "-c", `${channels}`];
    const form = ["-q", "-t", "raw", ...written, "--period-time=20000"];
    return {
      system: "alsa",
      record: ["arecord", ...form, "--buffer-time=80000", ...flag("-D", microphone)],
      play: ["aplay", ...form, "--buffer-time=80000", ...flag("-D", loudspeaker)],
    };
  },
  pulse: ({ microphone, loudspeaker }, { sampleRateHz, channels }) => {
    const written = ["--format=s16le", `--rate=${sampleRateHz}`, `--channels=${channels}`];
    const form = ["--raw", ...written, "--client-name=Doorward"];
    return {
      system: "pulse",
      record: ["parec", ...form, "--latency-msec=20", ...flag("-d", microphone)],
      play: ["pacat", "--playback", ...form, "--latency-msec=40", ...flag("-d", loudspeaker)],
    };
  },
  pipewire: ({ microphone, loudspeaker }, { sampleRateHz, channels }) => {
    const written = ["--format=s16", `--rate=${sampleRateHz}`, `--channels=${channels}`];
    const form = ["--raw", ...written, "--latency=20ms"];
    return {
      system: "pipewire",
      record: ["pw-cat", "--record", ...form, ...flag("--target", microphone), "-"],
      play: ["pw-cat", "--playback", ...form, ...flag("--target", loudspeaker), "-"],
    };
  },
};

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

/** What the machine has; given by tests. */
export interface SoundEnvironment {
  readonly has: (program: string) => boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
}

/** This machine. */
export const thisMachine: SoundEnvironment = {
  has: (program) => (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program))),
  env: process.env,
  exists: existsSync,
};

/** How a program's flags about sound are called, for its errors. */
export interface SoundWords {
  /** What names a sound system. */
  readonly named: (system: SoundSystem) => string;
  /** What to do where there is none. */
  readonly otherwise: string;
}

const stationWords: SoundWords = { named: (system) => `--sound ${system}`, otherwise: "say --sound none" };

const packages: Readonly<Record<SoundSystem, string>> = {
  alsa: "arecord and aplay (package alsa-utils)",
  pulse: "parec and pacat (package pulseaudio-utils)",
  pipewire: "pw-cat (package pipewire-bin)",
};

/**
 * The programs of the sound system that is asked for, or of the one that runs here: a sound server first, since it holds
 * the card. Throws FatalError `no-sound` with what to install.
 */
export function chooseSound(
  wanted: SoundSystem | "auto",
  how: {
    readonly devices: SoundDevices;
    readonly form?: SoundForm;
    readonly machine?: SoundEnvironment;
    readonly words?: SoundWords | undefined;
  },
): SoundTools {
  const { devices, form = plainForm, machine = thisMachine, words = stationWords } = how;
  if (wanted !== "auto") {
    const chosen = tools[wanted](devices, form);
    if (isInstalled(chosen, machine)) return chosen;
    throw noSound(`${words.named(wanted)} needs ${packages[wanted]}`);
  }
  const runs = soundSystems.filter((system) => isRunning(system, machine));
  for (const system of (["pulse", "pipewire", "alsa"] as const).filter((one) => runs.includes(one))) {
    const chosen = tools[system](devices, form);
    if (isInstalled(chosen, machine)) return chosen;
  }
  throw noSound(
    `no sound was found on this machine: install ${packages.alsa} or ${packages.pulse}, or ${words.otherwise}`,
  );
}

function isInstalled({ record, play }: SoundTools, machine: SoundEnvironment): boolean {
  return machine.has(record[0]) && machine.has(play[0]);
}

/** A server has a socket where its clients look for it; ALSA is the kernel's. */
function isRunning(system: SoundSystem, { env, exists }: SoundEnvironment): boolean {
  const folder = env["XDG_RUNTIME_DIR"];
  if (system === "alsa") return exists("/dev/snd");
  if (system === "pulse") {
    return env["PULSE_SERVER"] !== undefined || (folder !== undefined && exists(join(folder, "pulse", "native")));
  }
  return folder !== undefined && exists(join(folder, "pipewire-0"));
}

function noSound(message: string): FatalError {
  return new FatalError(message, { code: "no-sound" });
}

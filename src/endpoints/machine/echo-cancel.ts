import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { FatalError, messageOf } from "../../util/errors.ts";
import type { SoundDevices } from "./sound-tools.ts";

/** Runs a program and gives what it prints; throws when it fails. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;

const runProgram: RunProgram = async (program, args) => (await promisify(execFile)(program, [...args])).stdout;

/** PulseAudio's echo canceller while it stands. */
export interface EchoCanceller extends AsyncDisposable {
  /** What a station records from and plays to now. */
  readonly devices: SoundDevices;
}

const sourceName = "doorward_microphone";
const sinkName = "doorward_loudspeaker";

/**
 * Sets up PulseAudio's `module-echo-cancel` between microphone and loudspeaker, so that who is heard here does not hear
 * themselves; undone when disposed. One that a killed station left behind is taken away first. Throws FatalError `no-sound`.
 */
export async function openEchoCanceller(devices: SoundDevices, run: RunProgram = runProgram): Promise<EchoCanceller> {
  const pactl = async (...args: string[]) => {
    try {
      return await run("pactl", args);
    } catch (cause) {
      const why = messageOf(cause).split("\n").at(-1);
      throw new FatalError(`--echo-cancel needs a running PulseAudio (package pulseaudio-utils): ${why}`, {
        code: "no-sound",
        cause,
      });
    }
  };
  for (const stale of modulesOf(await pactl("list", "short", "modules"))) await pactl("unload-module", stale);
  const masters = [
    ...(devices.microphone === undefined ? [] : [`source_master=${devices.microphone}`]),
    ...(devices.loudspeaker === undefined ? [] : [`sink_master=${devices.loudspeaker}`]),
  ];
  const names = [`source_name=${sourceName}`, `sink_name=${sinkName}`];
  const module = await pactl("load-module", "module-echo-cancel", "aec_method=webrtc", ...names, ...masters);
  return {
    devices: { microphone: sourceName, loudspeaker: sinkName },
    [Symbol.asyncDispose]: async () => {
      // PulseAudio may have gone before us, and its module with it.
      await run("pactl", ["unload-module", module.trim()]).catch(() => "");
    },
  };
}

/** Numbers of the modules that are ours, of `pactl list short modules`: number, name, arguments. */
function modulesOf(list: string): string[] {
  return list.split("\n").flatMap((line) => {
    const [number, name, args = ""] = line.split("\t");
    return name === "module-echo-cancel" && args.includes(`source_name=${sourceName}`) && number ? [number] : [];
  });
}

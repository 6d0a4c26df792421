import { agentForm } from "../../endpoints/agent/index.ts";
import type { Loudspeaker, Microphone } from "../../endpoints/machine/ports.ts";
import type { SoundSystem } from "../../endpoints/machine/sound-tools.ts";
import { soundSystems } from "../../endpoints/machine/sound-tools.ts";
import { toneMicrophone } from "../../endpoints/machine/tone-microphone.ts";
import type { Clock } from "../../util/clock.ts";
import { UsageError } from "../command.ts";
import { openSound } from "../open-sound.ts";

/** Where sound comes from or goes: a device of a sound system, or a file. */
export type SoundPlace =
  | { readonly kind: "device"; readonly system: SoundSystem | "auto"; readonly device: string | undefined }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "test" };

/** What the command line says of sound. */
export interface AgentSoundArguments {
  readonly microphone: SoundPlace | undefined;
  readonly loudspeaker: SoundPlace | undefined;
  readonly echoCancel: boolean;
}

/** What was opened of it, until disposed. */
export interface AgentSound extends AsyncDisposable {
  readonly microphone: Microphone | undefined;
  readonly loudspeaker: Loudspeaker | undefined;
}

/** `default`, `alsa:hw:1,0`, `pulse:name`, `pipewire`, `file:out.wav` or, of a microphone, `test`. Throws UsageError. */
export function parseSoundPlace(flag: "--mic" | "--speaker", text: string): SoundPlace {
  const [, word = "", rest] = /^([a-z]+)(?::(.+))?$/.exec(text) ?? [];
  const system = soundSystems.find((one) => one === word);
  if (word === "default" && rest === undefined) return { kind: "device", system: "auto", device: undefined };
  if (system) return { kind: "device", system, device: rest };
  if (word === "file" && rest !== undefined) return { kind: "file", path: rest };
  if (word === "test" && rest === undefined && flag === "--mic") return { kind: "test" };
  const known = `default, ${soundSystems.map((one) => `${one}[:DEVICE]`).join(", ")}, file:FILE.wav`;
  throw new UsageError(`${flag} ${text} is unknown: it is ${known}${flag === "--mic" ? " or test" : ""}`);
}

const words = {
  named: (system: SoundSystem) => `sound by ${system}`,
  otherwise: "name a file in its place (file:FILE.wav)",
};

/** Opens both. Throws FatalError `no-sound` with what to install, and UsageError. */
export async function openAgentSound(
  { microphone, loudspeaker, echoCancel }: AgentSoundArguments,
  how: { readonly clock: Clock; readonly tell: (text: string) => void },
): Promise<AgentSound> {
  const devices = [microphone, loudspeaker].filter((place) => place?.kind === "device");
  const systems = new Set(devices.map(({ system }) => system));
  const [system = "none", other] = systems;
  if (other !== undefined) throw new UsageError("--mic and --speaker are devices of one sound system");
  const opened = await openSound(
    {
      in: microphone?.kind === "file" ? microphone.path : undefined,
      out: loudspeaker?.kind === "file" ? loudspeaker.path : undefined,
      sound: system,
      devices: { microphone: deviceOf(microphone), loudspeaker: deviceOf(loudspeaker) },
      echoCancel,
      records: microphone?.kind === "device",
      plays: loudspeaker?.kind === "device",
      words,
    },
    { form: agentForm, ...how },
  );
  const tone = microphone?.kind === "test" ? toneMicrophone(how.clock, agentForm) : undefined;
  return {
    microphone: microphone && (tone ?? opened.microphone),
    loudspeaker: loudspeaker && opened.loudspeaker,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

function deviceOf(place: SoundPlace | undefined): string | undefined {
  return place?.kind === "device" ? place.device : undefined;
}

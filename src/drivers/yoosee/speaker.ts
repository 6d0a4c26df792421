import type { Device, DeviceMemory, Speaker } from "../../device/driver.ts";
import { type AudioFormat, pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Speech } from "../../media/speech.ts";
import { DoorwardError, RecoverableError } from "../../util/errors.ts";
import { openTalk, type TalkConnection, type TalkOptions } from "./connection.ts";
import { doubleRate } from "./double-rate.ts";
import { type Profile, type ProfileName, profileOf, profiles } from "./profile.ts";
import { newStartLeads, playTurn } from "./turn.ts";
import type { RequestTarget } from "./wire.ts";

/** How the configuration names the dialect; `auto` finds out. */
export type ProfileChoice = ProfileName | "auto";

/** Under this name the memory of `auto` keeps which dialect the camera turned out to speak. */
const memoryKey = "dialect";

function knownDialect(memory: DeviceMemory): ProfileName | undefined {
  const known = memory.get(memoryKey);
  return known === "classic" || known === "gwell" ? known : undefined;
}

/** Options of {@link openWithProfile}. */
export interface OpenOptions extends TalkOptions {
  readonly target: RequestTarget;
  readonly profile: ProfileChoice;
  readonly memory: DeviceMemory;
  /** How often OPEN is repeated, ms, 0 for never; undefined: as the dialect needs it. */
  readonly reopenMs?: number;
}

/** How long `auto` waits for one dialect before it tries the other, ms. */
const tryMs = 4000;

/**
 * Opens a speaker in the given dialect; with `auto`, in the one that this camera took before, else in each until one is
 * taken. Throws what the last try threw; a camera that cannot be reached is not tried again.
 */
export async function openWithProfile(options: OpenOptions): Promise<TalkConnection> {
  const { target, profile, memory, reopenMs } = options;
  const targetIn = (name: ProfileName) => ({
    ...target,
    profile: profileOf(name, { careful: profile === "auto", reopenMs }),
  });
  if (profile !== "auto") return await openTalk(targetIn(profile), options);
  const order: readonly ProfileName[] = knownDialect(memory) === "gwell" ? ["gwell", "classic"] : ["classic", "gwell"];
  let failure: unknown;
  for (const name of order) {
    try {
      const connection = await openTalk(targetIn(name), { timeoutMs: tryMs, ...options });
      memory.set(memoryKey, name);
      return connection;
    } catch (error) {
      if (!worthAnotherTry(error)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

function worthAnotherTry(error: unknown): boolean {
  return error instanceof DoorwardError && ["refused", "no-answer", "lost", "no-talk"].includes(error.code);
}

/** Options of {@link createSpeaker}. */
export interface SpeakerOptions extends Omit<OpenOptions, "clock" | "log" | "signal" | "memory"> {
  /** The speaker's rate if the configuration tells it; else the profile's. */
  readonly rateHz?: 8000 | 16000;
  readonly echoCancelling: boolean;
}

/** The camera's loudspeaker as the hub sees it: each turn has a connection of its own. */
export function createSpeaker(device: Device, options: SpeakerOptions): Speaker {
  const { target, profile, rateHz } = options;
  const { memory } = device;
  const expected = profile === "auto" ? (knownDialect(memory) ?? "classic") : profile;
  const format = pcmFormat(rateHz ?? profiles[expected].rateHz);
  const leads = newStartLeads();
  return {
    formats: [format],
    echoCancelling: options.echoCancelling,
    play: async (speech) => {
      const signal = AbortSignal.any([device.signal, speech.signal]);
      const { clock, log } = device;
      try {
        using connection = await openWithProfile({ ...options, memory, clock, log, signal });
        const turn = matchRate(speech, rateHz ?? connection.profile.rateHz);
        const { live, voice } = speech;
        await playTurn(connection, turn.frames, {
          ...turn,
          live,
          voice,
          leads,
          target: { ...target, profile: connection.profile },
          clock,
          log,
          signal,
        });
        if (profile === "auto" && connection.profile.name !== expected)
          device.offerSpeaker(createSpeaker(device, options));
      } catch (error) {
        if (speech.signal.aborted) return;
        throw device.signal.aborted ? wentAway(target, error) : error;
      }
    },
  };
}

function wentAway({ host, port }: RequestTarget, cause: unknown): RecoverableError {
  return new RecoverableError(`camera ${host}:${port} went away while somebody spoke`, { code: "lost", cause });
}

/**
 * Sound for a camera that plays at `rateHz`: 8 kHz is doubled where `auto` finds the other firmware only in the middle
 * of a turn. Everything else was made in the right rate and stays as it is.
 */
export function matchRate(
  sound: Pick<Speech, "frames" | "format">,
  rateHz: Profile["rateHz"],
): { readonly frames: AsyncIterable<Frame>; readonly format: AudioFormat } {
  const { frames, format } = sound;
  if (format.sampleRateHz === rateHz || rateHz === 8000) return { frames, format };
  return { frames: doubleRate(frames), format: pcmFormat(rateHz) };
}

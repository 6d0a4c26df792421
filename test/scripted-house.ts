import { z } from "zod";
import type { Device, Driver, Speaker } from "../src/device/driver.ts";
import type { Hearing, TurnRequest, TurnState } from "../src/hub/api.ts";
import type { House } from "../src/hub/channel.ts";
import { LocalDevice } from "../src/hub/device.ts";
import { driverSource } from "../src/hub/driver-source.ts";
import { Turns } from "../src/hub/turns.ts";
import { Voices } from "../src/hub/voices.ts";
import type { AudioConversion, Converter } from "../src/media/convert.ts";
import { type AudioFormat, pcmFormat } from "../src/media/format.ts";
import type { Frame } from "../src/media/frame.ts";
import type { RecordedSpeech, Speech } from "../src/media/speech.ts";
import { type Clock, ManualClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { AsyncQueue } from "../src/util/queue.ts";

/** What most of the house's speakers take. */
export const pcm8k = pcmFormat(8000);
/** What the wide ones take. */
export const pcm16k = pcmFormat(16_000);

/** Converts by relabelling, `delayMs` later: what is tested here is who hears whom, not the sound. */
function relabelling(clock: Clock) {
  const made: AudioFormat[] = [];
  const gains: number[] = [];
  let delayMs = 0;
  let openMs = 0;
  const later = (run: () => void) => {
    if (delayMs > 0) clock.timer(delayMs, run);
    else run();
  };
  const converter = {
    convertAudio: (_input: AudioFormat, { output, gain }: { readonly output: AudioFormat; readonly gain: number }) => {
      made.push(output);
      gains.push(gain);
      const frames = new AsyncQueue<Frame>({ max: 100 });
      const conversion: AudioConversion = {
        output,
        push: (frame) => later(() => frames.push(frame)),
        frames,
        end: () => later(() => frames.end()),
        [Symbol.asyncDispose]: async () => frames.cancel(),
      };
      return openMs > 0 ? clock.sleep(openMs).then(() => conversion) : Promise.resolve(conversion);
    },
  } as unknown as Converter;
  const slowDown = (ms: number) => {
    delayMs = ms;
  };
  const openSlowly = (ms: number) => {
    openMs = ms;
  };
  return { converter, made, gains, slowDown, openSlowly };
}

/** Options of {@link makeHouse}. */
export interface HouseOptions {
  readonly absent?: readonly string[];
  /** Of these devices the speaker takes another format. */
  readonly wide?: readonly string[];
  readonly longestTalkMs?: number;
}

/** A house of scripted devices, all of the area "house" but for those whose name begins with "x". */
export function makeHouse(names: readonly string[], options: HouseOptions = {}) {
  const clock = new ManualClock();
  const { converter, ...conversions } = relabelling(clock);
  const heard = new Map<string, { data: string; turn: number }[]>();
  const turns = new Map<string, number>();
  const faults = new Map<string, Error>();
  /** Speakers that stop reading. */
  const hung = new Set<string>();
  /** Speakers that go on playing what they hold until they are told to stop. */
  const lingering = new Set<string>();
  const begun = new Map<string, number[]>();
  /** Whose microphone each turn was told to be of. */
  const microphones = new Map<string, (string | undefined)[]>();
  /** The most that one speaker was made to play at the same time. */
  const most = new Map<string, number>();
  const playing = new Map<string, number>();
  const offer = new Map<string, () => void>();
  const devices = new Map<string, LocalDevice>();
  for (const name of names) {
    heard.set(name, []);
    const speaker: Speaker = {
      formats: [options.wide?.includes(name) ? pcm16k : pcm8k],
      echoCancelling: false,
      play: async (speech: Speech) => {
        const fault = faults.get(name);
        if (fault) throw fault;
        const atOnce = (playing.get(name) ?? 0) + 1;
        playing.set(name, atOnce);
        most.set(name, Math.max(atOnce, most.get(name) ?? 0));
        try {
          const turn = (turns.get(name) ?? 0) + 1;
          turns.set(name, turn);
          begun.set(name, [...(begun.get(name) ?? []), clock.nowUs() / 1000]);
          microphones.set(name, [...(microphones.get(name) ?? []), speech.voice]);
          for await (const frame of speech.frames) {
            if (speech.signal.aborted) break;
            heard.get(name)?.push({ data: Buffer.from(frame.data).toString(), turn });
            if (hung.has(name)) await aborted(speech.signal);
          }
          if (lingering.has(name)) await aborted(speech.signal);
        } finally {
          playing.set(name, (playing.get(name) ?? 1) - 1);
        }
      },
    };
    const driver: Driver = {
      kind: "scripted",
      summary: "",
      config: z.unknown(),
      claims: () => 0,
      run: (device: Device) =>
        new Promise((resolve) => {
          offer.set(name, () => device.offerSpeaker(speaker));
          if (!options.absent?.includes(name)) device.offerSpeaker(speaker);
          device.ready();
          device.signal.addEventListener("abort", () => resolve());
        }),
    };
    const settings = {
      id: name,
      name,
      enabled: true,
      warm: false,
      warmByHabit: true,
      volume: 1,
      muted: false,
      doNotDisturb: false,
    };
    devices.set(
      name,
      new LocalDevice({
        settings: { ...settings, watch: "auto", ptz: "off", permanent: true, preview: false },
        source: driverSource({ driver, config: {}, clock, log: silentLog }),
        clock,
        log: silentLog,
      }),
    );
  }
  const quiet = new Set<string>();
  const house = (): House => ({
    devices: [...devices.keys()].map((id) => ({
      id,
      area: id.startsWith("x") ? "x" : "house",
      speaks: !quiet.has(id),
    })),
    groups: new Map([["outside", ["front", "yard"]]]),
  });
  const voices = new Voices({ clock });
  const { lost } = voices;
  const base = { device: (id: string) => devices.get(id), house, converter, clock, log: silentLog, lost };
  const route = new Turns({ ...base, longestTalkMs: () => options.longestTalkMs });
  const words = (name: string) => (heard.get(name) ?? []).map(({ data }) => data).join(" ");
  const scripted = {
    faults,
    hung,
    lingering,
    begun,
    microphones,
    turns,
    most,
    offer: (name: string) => offer.get(name)?.(),
  };
  return { clock, route, devices, words, lost, talker: talkerOf(voices), ...scripted, ...conversions };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Makes people who speak, each with a microphone. */
export function talkerOf(voices: Voices) {
  return (name: string, options: Partial<TurnRequest> = {}) => {
    const voice = voices.open({ owner: name });
    const states: TurnState[] = [];
    const hearings: (readonly Hearing[])[] = [];
    const request: TurnRequest = {
      to: ["device:front"],
      talker: { id: name, name },
      priority: 0,
      queue: false,
      source: { live: true, voice: voice.track, lostPackets: () => voice.lostPackets },
      onState: (state) => states.push(state),
      onHearing: (hearing) => hearings.push(hearing),
      ...options,
    };
    const say = (text: string, lostBefore = 0) =>
      voice.write({ data: Buffer.from(text), timestampUs: 0, key: true }, lostBefore);
    const heardBy = () =>
      Object.fromEntries((hearings.at(-1) ?? []).map(({ deviceId, state, reason }) => [deviceId, reason ?? state]));
    return { request, say, states, voice, last: () => states.at(-1), heardBy };
  };
}

/** A recording of `count` frames, each its number; `opened` tells in which formats it was asked for. */
export function recording(count: number, opened: AudioFormat[] = []): RecordedSpeech {
  return {
    live: false,
    open: async (output) => {
      opened.push(output);
      async function* frames() {
        for (let index = 0; index < count; index++) yield { data: Buffer.from(`${index}`), timestampUs: 0, key: true };
      }
      return { frames: frames(), [Symbol.asyncDispose]: async () => {} };
    },
  };
}

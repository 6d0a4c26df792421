import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Driver } from "../device/driver.ts";
import { createRtspDriver } from "../drivers/rtsp/index.ts";
import { RtspRecorder } from "../drivers/rtsp/report.ts";
import type { HubDevice } from "../hub/api.ts";
import type { DeviceInput } from "../hub/device-settings.ts";
import { describeFormat, type TrackInfo } from "../hub/state.ts";
import type { Track } from "../media/track.ts";
import { parseRtspAddress } from "../protocols/rtsp/address.ts";
import { version } from "../util/version.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { openDrivers } from "./drivers.ts";
import { lookAtDevice } from "./look-at-device.ts";

const usage = `usage: doorward probe ADDRESS [options]

Connects to a camera as the hub would, without a hub, and tells what it sends.
ADDRESS is e.g. rtsp://user:password@192.168.1.20/onvif1, tcp://192.168.1.25:12345/ or test:?name=Garden; a number alone, such as
192.168.1.20, is a camera that speaks RTSP. What only a person can mend is told at once.

  --seconds N      how long to measure (default 5)
  --timeout N      how long to wait for the first picture, in seconds (default 15); the same trouble twice ends it sooner
  --username NAME, --password TEXT
                   credentials, if they are not in the address
  --driver KIND    do not find out the driver from the address
  --json           say it in JSON
  --report FILE    write down how the camera speaks, to attach to a bug report (RTSP only): no password, no address,
                   no picture and no sound is in it. "doorward replay FILE" plays it back
  --pictures       leave pictures and sound in the report

exit code: 0 pictures or sound came, 1 nothing came, 2 wrong usage
`;

/** `doorward probe`. */
export const command: Command = { name: "probe", summary: "look at a camera: tracks, size, rates", usage, run };

/** What was measured of one track. */
interface TrackReport extends Omit<TrackInfo, "readers" | "id" | "label"> {
  readonly fps?: number;
  readonly bitrateBps: number;
  readonly keyFrameIntervalMs?: number;
}

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "5" },
      timeout: { type: "string", default: "15" },
      username: { type: "string" },
      password: { type: "string" },
      driver: { type: "string" },
      json: { type: "boolean", default: false },
      report: { type: "string" },
      pictures: { type: "boolean", default: false },
    },
  });
  const [given] = positionals;
  if (given === undefined) throw new UsageError("which address?");
  const address = withScheme(given);
  const { username, password, driver } = values;
  const input: DeviceInput = { id: "probe", name: "probe", address, username, password, driver };
  const recording = values.report === undefined ? undefined : startRecording(input, { ...values, context });
  await using _written = { [Symbol.asyncDispose]: async () => await recording?.write() };
  const report = await probe(input, {
    context,
    recording,
    measureMs: seconds(values.seconds, "--seconds"),
    timeoutMs: seconds(values.timeout, "--timeout"),
  });
  context.stdout.write(values.json ? `${JSON.stringify(report)}\n` : render(report));
  return 0;
}

/** A camera's number alone is taken as on the page: its usual door is RTSP. */
function withScheme(address: string): string {
  const bare = /^\d{1,3}(\.\d{1,3}){3}(:\d+)?(\/|$)/.test(address);
  return bare ? `rtsp://${address}` : address;
}

/** A recording of how the camera speaks. */
interface Recording {
  readonly driver: Driver;
  write(): Promise<void>;
}

function startRecording(
  input: DeviceInput,
  options: { readonly report?: string; readonly pictures?: boolean; readonly context: CommandContext },
): Recording {
  const { report: file = "", pictures = false, context } = options;
  const { address: given = "" } = input;
  if (!/^rtsps?:/i.test(given)) throw new UsageError("--report is for rtsp:// and rtsps:// addresses");
  const address = parseRtspAddress(given, input);
  const recorder = new RtspRecorder({ address, clock: context.clock, media: pictures, version });
  return {
    driver: createRtspDriver({ tap: recorder.tap(), onQuirk: (quirk) => recorder.learn(quirk) }) as Driver,
    write: async () => {
      await writeFile(file, `${JSON.stringify(recorder.report(), null, 1)}\n`);
      context.stderr.write(`the report is in ${file}\n`);
    },
  };
}

function seconds(text: string, flag: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600)) throw new UsageError(`${flag} takes a number of seconds, up to 3600`);
  return value * 1000;
}

interface Report {
  readonly address: string;
  readonly driver: string;
  readonly firstFrameMs: number;
  readonly speaker: readonly string[];
  readonly tracks: readonly TrackReport[];
  /** Of a camera that has a small picture. */
  readonly small?: TrackReport;
  /** Why there is none, of one that may have one. */
  readonly smallMissing?: string;
}

/** The search for a small picture is given up after this time. */
const smallTimeoutMs = 10_000;

async function probe(
  input: DeviceInput,
  how: {
    readonly context: CommandContext;
    readonly measureMs: number;
    readonly timeoutMs: number;
    readonly recording?: Recording | undefined;
  },
): Promise<Report> {
  const { context, timeoutMs } = how;
  await using opened = openDrivers(context);
  const drivers = how.recording ? [how.recording.driver] : opened.list;
  const verbose = process.env["DOORWARD_LOG"] !== undefined;
  const look = lookAtDevice(input, { drivers, unseal: (text) => text, timeoutMs, context, verbose });
  await using looked = await look;
  const { device, resolved, firstFrameMs } = looked;
  const [tracks, small] = await Promise.all([
    Promise.all(device.tracks.map((track) => measure(track, how))),
    smallPicture(device, how),
  ]);
  const formats = device.info().speaker?.formats ?? [];
  return {
    address: resolved.address,
    driver: resolved.driver.kind,
    firstFrameMs,
    speaker: formats.map(({ codec, sampleRateHz }) => `${codec} ${sampleRateHz} Hz`),
    tracks,
    ...small,
  };
}

/** The small picture of a camera that has, or may have, one. */
async function smallPicture(
  device: HubDevice,
  how: { readonly context: CommandContext; readonly measureMs: number },
): Promise<Pick<Report, "small" | "smallMissing">> {
  const { sub } = device;
  if (!sub) return {};
  using _demand = sub.demand("viewer");
  const { signal } = how.context;
  const failed = new AbortController();
  const look = () => sub.state.phase === "trouble" && failed.abort();
  using _listener = sub.onChange(look);
  const either = AbortSignal.any([signal, failed.signal]);
  const track = await sub.waitForTrack("video", { timeoutMs: smallTimeoutMs, signal: either });
  if (track) return { small: await measure(track, how) };
  return { smallMissing: sub.state.error?.message ?? `none was found in ${smallTimeoutMs / 1000} s` };
}

/** Counts all that comes, also before a key frame: the next one may be a long time away. */
async function measure(
  track: Track,
  how: { readonly context: CommandContext; readonly measureMs: number },
): Promise<TrackReport> {
  const { clock, signal } = how.context;
  const before = { ...track.counters, atUs: clock.nowUs() };
  const keys = keyTimes(track, clock.sleep(how.measureMs, signal));
  const keyUs = await keys;
  const seconds = (clock.nowUs() - before.atUs) / 1e6;
  const frames = track.counters.frames - before.frames;
  const bytes = track.counters.bytes - before.bytes;
  const keySpanUs = (keyUs.at(-1) ?? 0) - (keyUs[0] ?? 0);
  const video = track.format.kind === "video";
  return {
    ...describeFormat(track.format),
    frames,
    bytes,
    ...(video && { fps: Math.round((frames / seconds) * 10) / 10 }),
    bitrateBps: Math.round((bytes * 8) / seconds),
    ...(video && keyUs.length > 1 && { keyFrameIntervalMs: Math.round(keySpanUs / (keyUs.length - 1) / 1000) }),
  };
}

/** When key frames came, from the one that was there already on. */
async function keyTimes(track: Track, ended: Promise<void>): Promise<readonly number[]> {
  using reader = track.read({ start: "gop" });
  const over = ended.finally(() => reader.close());
  const keyUs: number[] = [];
  for await (const frame of reader) if (frame.key) keyUs.push(frame.timestampUs);
  await over;
  return keyUs;
}

function render(report: Report): string {
  const lines = [
    `${report.address}`,
    `  driver        ${report.driver}`,
    `  first frame   ${report.firstFrameMs} ms`,
    ...report.tracks.map((track) => `  ${track.kind.padEnd(13)} ${describeTrack(track)}`),
    ...(report.small ? [`  small picture ${describeTrack(report.small)}`] : []),
    ...(report.smallMissing === undefined ? [] : [`  small picture none: ${report.smallMissing}`]),
    `  speaker       ${report.speaker.length === 0 ? "none" : report.speaker.join(", ")}`,
  ];
  return `${lines.join("\n")}\n`;
}

function describeTrack(track: TrackReport): string {
  const bitrate = `${(track.bitrateBps / 1000).toFixed(0)} kbit/s`;
  if (track.kind === "audio")
    return `${track.codec}, ${track.sampleRateHz} Hz, ${track.channels} channel(s), ${bitrate}`;
  const size = track.widthPx ? `${track.widthPx}x${track.heightPx}` : "size unknown";
  const gop = track.keyFrameIntervalMs ? `key frame every ${track.keyFrameIntervalMs} ms` : "one key frame at most";
  return `${track.codec} ${track.profile ?? ""}, ${size}, ${track.fps} fps, ${bitrate}, ${gop}`;
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Device, Driver } from "../src/device/driver.ts";
import type { findDevices } from "../src/finding/find.ts";
import { createHub, type Hub } from "../src/hub/hub.ts";
import type { DeviceBook } from "../src/hub/registry.ts";
import { type Identity, type IdentityOptions, openIdentity } from "../src/identity/identity.ts";
import type { ScryptCost } from "../src/identity/password.ts";
import { type Grant, type Principal, rights } from "../src/identity/policy.ts";
import type { UserInput } from "../src/identity/users.ts";
import type { Converter } from "../src/media/convert.ts";
import { type AudioFormat, type Format, opusFormat } from "../src/media/format.ts";
import type { Frame } from "../src/media/frame.ts";
import { openG711Voice } from "../src/media/g711-voice.ts";
import { openOpusVoice } from "../src/media/opus-voice.ts";
import { openPcmVoice } from "../src/media/pcm-voice.ts";
import { Track } from "../src/media/track.ts";
import type {
  AskRequest,
  IceCandidate,
  PublishRequest,
  Viewer,
  ViewRequest,
  WebRtcWorker,
} from "../src/media/viewer.ts";
import { doorConfig } from "../src/surfaces/door/config.ts";
import { httpConfig } from "../src/surfaces/http/config.ts";
import type { HttpSurface } from "../src/surfaces/http/index.ts";
import { type RunningSurfaces, startSurfaces } from "../src/surfaces/index.ts";
import { mqttConfig } from "../src/surfaces/mqtt/config.ts";
import { pushConfig } from "../src/surfaces/push/config.ts";
import { roomConfig } from "../src/surfaces/room/config.ts";
import { rtspConfig } from "../src/surfaces/rtsp/config.ts";
import { signallingConfig } from "../src/surfaces/signalling/config.ts";
import { whepConfig } from "../src/surfaces/whep/config.ts";
import { whipConfig } from "../src/surfaces/whip/config.ts";
import { type Clock, systemClock } from "../src/util/clock.ts";
import { FatalError, RecoverableError } from "../src/util/errors.ts";
import { type Log, silentLog } from "../src/util/log.ts";

/** What a token may do that may do all that its person may. */
export const everything: readonly Grant[] = [{ scope: "*", rights: [...rights] }];

export const videoFormat: Format = { kind: "video", codec: "h264", parameterSets: [], widthPx: 640, heightPx: 360 };
const pcmuFormat: AudioFormat = { kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 };
export const aacFormat: AudioFormat = { kind: "audio", codec: "aac", sampleRateHz: 16_000, channels: 1 };

/** What `audio=` of a scripted camera names; AAC is what it sends without. */
const soundFormats: Readonly<Record<string, AudioFormat>> = {
  pcma: { ...pcmuFormat, codec: "pcma" },
  opus: opusFormat,
};

/** An offer as Chromium writes it, shortened. */
export const offerSdp = [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0 1",
  "m=video 9 UDP/TLS/RTP/SAVPF 102",
  "a=ice-ufrag:abcd",
  "a=ice-pwd:0123456789abcdef01234567",
  "a=mid:0",
  "a=recvonly",
  "a=rtpmap:102 H264/90000",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:1",
  "a=sendrecv",
  "a=rtpmap:111 opus/48000/2",
  "",
].join("\r\n");

/** What a scripted camera of the rig does: which tracks it publishes, and what it is told. */
export interface ScriptedCamera {
  readonly driver: Driver;
  /** Running turns, by device id. */
  readonly running: Map<string, Device>;
  /** A small picture (`yard/sub`) hangs up. */
  lose(id: string): void;
  /** What each device's driver was last given, by device id. */
  readonly configs: Map<string, unknown>;
  /** Frames that its speaker was given. */
  readonly heard: Frame[];
}

/** A driver that publishes what its address says: `fake://x/?video&audio&speaker`; `audio=pcma`, `audio=opus` and `speaker=pcmu` for other sound than AAC and Opus. */
export function scriptedCamera(): ScriptedCamera {
  const running = new Map<string, Device>();
  const losing = new Map<string, (error: Error) => void>();
  const configs = new Map<string, unknown>();
  const heard: Frame[] = [];
  const driver: Driver<{ address: string; password?: string | undefined }> = {
    kind: "fake",
    summary: "for tests",
    config: z.looseObject({ address: z.string(), username: z.string().optional(), password: z.string().optional() }),
    claims: (address) => (address.protocol === "fake:" ? 2 : 0),
    sub: {
      offered: ({ address }) => new URL(address).searchParams.has("sub"),
      run: (device, { address }) => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        losing.set(device.id, reject);
        runSub(device, { running, wants: new URL(address).searchParams.get("sub") ?? "", resolve, reject });
        return promise;
      },
    },
    run: (device, config) =>
      new Promise((resolve, reject) => {
        const wants = new URL(config.address).searchParams;
        running.set(device.id, device);
        configs.set(device.id, config);
        device.signal.addEventListener("abort", () => {
          running.delete(device.id);
          resolve();
        });
        if (wants.has("lost")) return reject(new RecoverableError("nothing listens at cam.lan:554", { code: "lost" }));
        if (wants.has("refuse")) return reject(new FatalError("wrong password", { code: "wrong-password" }));
        if (wants.has("audio")) device.publish(soundFormats[wants.get("audio") ?? ""] ?? aacFormat);
        if (wants.has("video")) {
          const track = device.publish(formatOf(wants));
          track.write({ data: new Uint8Array(8), timestampUs: device.clock.nowUs(), key: true });
        }
        if (wants.has("speakerless")) device.offerSpeaker(undefined);
        if (wants.has("speaker")) {
          device.offerSpeaker({
            formats: [wants.get("speaker") === "pcmu" ? pcmuFormat : opusFormat],
            echoCancelling: false,
            play: async (speech) => {
              for await (const frame of speech.frames) heard.push(frame);
            },
          });
        }
        device.ready();
      }),
  };
  const lose = (id: string) => losing.get(id)?.(new RecoverableError("it hung up", { code: "lost" }));
  return { driver: driver as Driver, running, configs, heard, lose };
}

/** The small picture: at once, after `device.publish` of the test (`sub=late`), never (`sub=none`) or lost (`sub=lost`). */
function runSub(
  device: Device,
  run: {
    readonly running: Map<string, Device>;
    readonly wants: string;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  },
): void {
  const { running, wants, resolve, reject } = run;
  running.set(device.id, device);
  device.signal.addEventListener("abort", () => {
    running.delete(device.id);
    resolve();
  });
  if (wants === "none") reject(new FatalError("it has no small picture", { code: "no-sub" }));
  else if (wants === "lost") reject(new RecoverableError("nothing listens at cam.lan:554", { code: "lost" }));
  else if (wants !== "late") publishSub(device, wants === "h265" ? "h265" : "h264");
}

function formatOf(wants: URLSearchParams): Format {
  if (wants.has("mjpeg")) return { kind: "video", codec: "mjpeg", parameterSets: [] };
  return wants.has("h265") ? ({ ...videoFormat, codec: "h265" } as Format) : videoFormat;
}

/** The small picture of a scripted camera comes. */
export function publishSub(device: Device, codec: "h264" | "h265" = "h264") {
  const writer = device.publish({ ...videoFormat, codec, widthPx: 640, heightPx: 360 } as Format);
  writer.write({ data: new Uint8Array(8), timestampUs: device.clock.nowUs(), key: true });
  device.ready();
  return writer;
}

/** A viewer of the rig's worker, with what the test may do to it. */
export interface FakeViewer {
  readonly request: ViewRequest;
  readonly candidates: string[];
  /** What it was turned to. */
  readonly shown: Track[];
  /** Resolves when it was turned so often. */
  turned(times: number): Promise<void>;
  readonly disposed: Promise<void>;
  say(frame: Frame): void;
  fail(reason: string): void;
}

/** A publisher as the fake worker took it in. */
export interface FakePublisher {
  readonly request: PublishRequest;
  readonly candidates: readonly string[];
  readonly closed: Promise<string>;
  /** Its connection ends. */
  readonly fail: (reason: string) => void;
}

/** A peer that was asked to publish. */
export interface FakeAsked extends Pick<PublishRequest, "onTrack"> {
  readonly answers: string[];
  readonly candidates: string[];
  readonly closed: Promise<string>;
  readonly fail: (reason: string) => void;
  /** What it is sent. */
  readonly sound: Track | undefined;
}

/** A worker without WebRTC: answers every offer that has a video line, refuses the rest as the real one does. */
export function fakeWebRtc() {
  const viewers: FakeViewer[] = [];
  const publishers: FakePublisher[] = [];
  let gate: Promise<void> = Promise.resolve();
  let asked = Promise.withResolvers<void>();
  let expected = 0;
  let ready = 0;
  const worker: WebRtcWorker = {
    pid: undefined,
    engine: "node",
    expect: () => {
      expected++;
      ready++;
      return {
        [Symbol.dispose]: () => {
          ready--;
        },
      };
    },
    view: async (request) => {
      if (!request.offerSdp.includes("m=video")) throw new FatalError("offer has no video line", { code: "bad-offer" });
      asked.resolve();
      await gate;
      return makeViewer(request, viewers);
    },
    [Symbol.asyncDispose]: async () => {},
  };
  /** Holds answers back until a promise resolves; resolves when the next offer came. */
  const hold = (until: Promise<void>) => {
    gate = until;
    asked = Promise.withResolvers<void>();
    return asked.promise;
  };
  /** Peers that were asked to publish. */
  const asking: FakeAsked[] = [];
  const publishing = {
    ask: async ({ onTrack, sound }: AskRequest) => {
      const closed = Promise.withResolvers<string>();
      const fake: FakeAsked = {
        onTrack,
        sound,
        answers: [],
        candidates: [],
        closed: closed.promise,
        fail: closed.resolve,
      };
      asking.push(fake);
      await gate;
      return {
        id: `asked ${asking.length}`,
        offerSdp: "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n",
        answered: async (sdp: string) => {
          fake.answers.push(sdp);
          return [{ candidate: "candidate:1 1 UDP 1 192.0.2.1 5000 typ host", sdpMid: "0" }];
        },
        addCandidate: ({ candidate }: IceCandidate) => {
          fake.candidates.push(candidate);
        },
        closed: closed.promise,
        audible: Promise.resolve(sound !== undefined),
        [Symbol.asyncDispose]: async () => closed.resolve("closed"),
      };
    },
    publish: async (request: PublishRequest) => {
      if (!request.offerSdp.includes("sendonly")) throw new FatalError("it sends nothing", { code: "bad-offer" });
      const closed = Promise.withResolvers<string>();
      const candidates: string[] = [];
      publishers.push({ request, candidates, closed: closed.promise, fail: closed.resolve });
      await gate;
      return {
        id: String(publishers.length),
        answerSdp: "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\n",
        addCandidate: ({ candidate }: IceCandidate) => candidates.push(candidate),
        closed: closed.promise,
        [Symbol.asyncDispose]: async () => closed.resolve("closed"),
      };
    },
  };
  return { worker, viewers, publishing, publishers, asking, hold, expected: () => expected, ready: () => ready };
}

function makeViewer(request: ViewRequest, viewers: FakeViewer[]): Viewer {
  const disposed = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  const listeners = new Set<(frame: Frame) => void>();
  const candidates: string[] = [];
  const shown: Track[] = [];
  const waiting: { readonly times: number; readonly resolve: () => void }[] = [];
  const readers = [request.video?.read(), request.audio?.read()];
  viewers.push({
    request,
    candidates,
    shown,
    turned: (times) =>
      new Promise((resolve) => {
        waiting.push({ times, resolve });
        if (shown.length >= times) resolve();
      }),
    disposed: disposed.promise,
    say: (frame) => {
      for (const listener of listeners) listener(frame);
    },
    fail: closed.resolve,
  });
  return {
    id: String(viewers.length),
    answerSdp: "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\n",
    addCandidate: ({ candidate }) => candidates.push(candidate),
    show: async (track) => {
      if (track.format.codec !== request.video?.format.codec) throw new FatalError("other", { code: "codec-differs" });
      shown.push(track);
      for (const { times, resolve } of waiting) if (shown.length >= times) resolve();
      return true;
    },
    onMicrophone: (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    stats: async () => ({ packetsSent: 0, bytesSent: 0, framesDropped: 0, nacks: 0, keyFrameRequests: 0 }),
    closed: closed.promise,
    [Symbol.asyncDispose]: async () => {
      for (const reader of readers) reader?.[Symbol.dispose]();
      disposed.resolve();
      closed.resolve("closed");
    },
  };
}

/** A converter that passes frames through and counts what it was asked for. */
export function fakeConverter(clock: Clock) {
  const calls = { tracks: 0, pictures: 0, snapshots: 0, widths: [] as (number | undefined)[], files: [] as string[] };
  const shared = new WeakMap<Track, Track>();
  const converter: Converter = {
    convertTrack: async (source, target) => {
      const known = shared.get(source);
      if (known) return known;
      calls.tracks++;
      const track = new Track(target, { id: `${source.id}/converted`, clock });
      shared.set(source, track);
      return track;
    },
    convertAudio: async (input, options) => {
      const voice =
        (await openOpusVoice(input, options)) ??
        (await openPcmVoice(input, options)) ??
        (await openG711Voice(input, options));
      if (voice) return voice;
      throw new FatalError("not in this test");
    },
    decodeFile: async (source, { output }) => {
      calls.files.push("path" in source ? source.path : "bytes");
      const frame = { data: new Uint8Array(4), timestampUs: 0, key: true, durationUs: 20_000 };
      async function* frames() {
        if ("bytes" in source) for await (const _ of source.bytes);
        yield { ...frame, data: new Uint8Array(output.channels) };
      }
      return { durationUs: 20_000, frames: frames(), [Symbol.asyncDispose]: async () => {} };
    },
    expect: () => {},
    convertPicture: () => {
      calls.pictures++;
      return { encoder: "fake", skipped: 0, keyFrame: () => {}, [Symbol.dispose]: () => {} };
    },
    snapshot: async (_track, options) => {
      calls.snapshots++;
      calls.widths.push(options?.widthPx);
      return Uint8Array.of(0xff, 0xd8, 0xff, 0xd9);
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { converter, calls };
}

/** Options of {@link startRig}. */
export interface RigOptions {
  /** What looks for devices; finds nothing unless told. */
  readonly find?: typeof findDevices;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Where devices are written down; nowhere by default. */
  readonly book?: DeviceBook;
  readonly http?: z.input<typeof httpConfig>;
  readonly whep?: z.input<typeof whepConfig>;
  readonly whip?: z.input<typeof whipConfig>;
  readonly mqtt?: z.input<typeof mqttConfig>;
  readonly push?: z.input<typeof pushConfig>;
  readonly room?: z.input<typeof roomConfig>;
  readonly door?: z.input<typeof doorConfig>;
  readonly rtsp?: z.input<typeof rtspConfig>;
  readonly signalling?: z.input<typeof signallingConfig>;
  readonly enrolment?: "pending" | "open";
  /** HTTPS with the hub's own certificate; off by default, for speed. */
  readonly https?: boolean;
  /** Cost of a password's hash; next to nothing by default. */
  readonly passwordCost?: ScryptCost;
  /** Key of what is sealed, 64 hex digits; one of its own by default. */
  readonly sealKey?: string;
  /** A database in a file, written by this. */
  readonly writer?: IdentityOptions["writer"];
}

/** Rooms on loopback, at a port of their own. */
export const roomsForTests = { interfaces: ["lo"], port: 15_870, webPort: 0 };

/** A whole hub with scripted cameras behind the real surfaces, on ports of its own. */
export interface Rig extends AsyncDisposable {
  readonly hub: Hub;
  readonly identity: Identity;
  readonly web: HttpSurface & Pick<RunningSurfaces, "viewings" | "bus" | "addresses" | "isBusy">;
  readonly camera: ScriptedCamera;
  readonly webrtc: ReturnType<typeof fakeWebRtc>;
  readonly conversions: ReturnType<typeof fakeConverter>["calls"];
  readonly dataDir: string;
  readonly url: string;
  /** Adds a person with a session; answers the headers that their page sends. */
  person(input: Partial<UserInput> & { readonly name: string }): Promise<Person>;
  /** A call as the page makes it. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
}

/** Somebody signed in. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly cookie: string;
  readonly principal: Principal;
}

/** Options of a call. */
export interface CallOptions {
  readonly as?: Person | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown> & { readonly code?: string };
}

/** Starts the rig with one device per entry of `devices` (id to address). */
export async function startRig(devices: Readonly<Record<string, string>> = {}, options: RigOptions = {}): Promise<Rig> {
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLog;
  await using opened = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), "doorward-web-"));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const pageDir = join(dataDir, "page");
  await mkdir(join(pageDir, "assets"), { recursive: true });
  await mkdir(join(dataDir, "sounds"), { recursive: true });
  await writeFile(join(pageDir, "index.html"), "<!doctype html><title>Doorward</title>");
  await writeFile(join(pageDir, "assets", "app-1234.js"), "export {};");
  const identity = opened.use(
    openIdentity({
      dataDir,
      clock,
      log,
      ...(options.writer ? { writer: options.writer } : { databasePath: ":memory:" }),
      passwordCost: options.passwordCost ?? { N: 16, r: 1, p: 1 },
      sealKey: options.sealKey,
    }),
  );
  const camera = scriptedCamera();
  const webrtc = fakeWebRtc();
  const { converter, calls } = fakeConverter(clock);
  const hub = opened.use(
    createHub({
      drivers: [camera.driver],
      converter,
      identity,
      dataDir,
      book: options.book ?? { save: async () => {} },
      ...(options.enrolment && { enrolment: options.enrolment }),
      clock,
      log,
    }),
  );
  const stop = new AbortController();
  opened.defer(() => stop.abort());
  const surfaces = opened.use(
    await startSurfaces({
      hub,
      webrtc: webrtc.worker,
      publishers: webrtc.publishing,
      drivers: [camera.driver],
      config: {
        http: httpConfig.parse({
          port: 0,
          httpsPort: 0,
          host: ["127.0.0.1"],
          httpsHost: "127.0.0.1",
          https: options.https ?? false,
          ...options.http,
        }),
        whep: whepConfig.parse(options.whep ?? {}),
        whip: whipConfig.parse(options.whip ?? {}),
        push: pushConfig.parse(options.push ?? {}),
        mqtt: mqttConfig.parse(options.mqtt),
        room: roomConfig.parse(options.room),
        door: doorConfig.parse(options.door),
        rtsp: rtspConfig.parse(options.rtsp),
        signalling: signallingConfig.parse(options.signalling),
        mdns: "off",
      },
      version: "0.0.0-test",
      demo: false,
      find: options.find ?? (async () => []),
      dataDir,
      pageDir,
      say: () => ({
        live: false,
        open: async () => ({ frames: (async function* () {})(), [Symbol.asyncDispose]: async () => {} }),
      }),
      signal: stop.signal,
    }),
  );
  for (const [id, address] of Object.entries(devices)) {
    const area = new URL(address).searchParams.get("area") ?? undefined;
    await hub.devices.addTransient({ id, name: id, address, ...(area !== undefined && { area }) });
  }
  const { viewings, bus, addresses, isBusy } = surfaces;
  const web = { ...surfaces.http, viewings, bus, addresses, isBusy };
  const url = web.httpUrl.replace("localhost", "127.0.0.1");
  const owned = opened.move();
  return {
    hub,
    identity,
    web,
    camera,
    webrtc,
    conversions: calls,
    dataDir,
    url,
    person: (input) => addPerson(identity, input),
    call: (method, path, call) => callUrl(new URL(path, url), { method, ...call }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function addPerson(identity: Identity, input: Partial<UserInput> & { readonly name: string }): Promise<Person> {
  const user = await identity.users.create({ administrator: false, grants: [], ...input });
  const { secret } = await identity.credentials.openSession(user.id);
  const principal = identity.credentials.find(secret);
  if (!principal) throw new Error("the session just opened is not there");
  identity.proofs.prove(principal.credentialId);
  return { id: user.id, name: user.name, cookie: `doorward=${secret}`, principal };
}

async function callUrl(url: URL, options: CallOptions & { readonly method: string }): Promise<Answer> {
  const { method, body, as, headers } = options;
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: {
      ...(method !== "GET" && { "x-doorward": "1" }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(as && { cookie: as.cookie }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  let json: Answer["json"] = {};
  if (/json/.test(response.headers.get("content-type") ?? "")) json = JSON.parse(text) as Answer["json"];
  return { status: response.status, headers: response.headers, text, json };
}

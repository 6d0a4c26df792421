import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { beforeEach, mock, test } from "node:test";
import type { PictureMessage } from "../../../src/surfaces/pictures/messages.ts";
import { ApiError } from "../api.ts";
import { speakOfHub } from "../language/hub-words.ts";
import { takeWay } from "../net/way.ts";
import { DecodeTries } from "../pure/decode-tries.ts";
import { openDecoded } from "./decoded-session.ts";

/** The socket of a browser; the test is the hub. */
class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: unknown[] = [];

  constructor() {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  /** The hub says something. */
  hear(message: PictureMessage): void {
    this.readyState = FakeSocket.OPEN;
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** It ends, though nobody closed it here. */
  end(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  close(): void {
    this.readyState = 3;
  }
}

class FakeTrack {
  readonly writable = new WritableStream();
  stop(): void {}
}

/** A peer connection that makes an offer. */
class FakePeer {
  readonly localDescription = { sdp: "" };
  addTransceiver() {
    return { receiver: {} };
  }
  async setLocalDescription(): Promise<void> {}
  close(): void {}
}

Object.assign(globalThis, {
  WebSocket: FakeSocket,
  MediaStreamTrackGenerator: FakeTrack,
  RTCPeerConnection: FakePeer,
  location: new URL("http://hub.example/"),
  window: globalThis,
});

const picture: PictureMessage = { type: "picture", codec: "mjpeg", picture: "image/jpeg" };

function open(options: { readonly sound?: boolean } = {}) {
  const controller = new AbortController();
  const tracks: MediaStreamTrack[] = [];
  const tries = new DecodeTries();
  const session = openDecoded({
    device: "yard",
    url: "/whep/yard?rendition=sub",
    codec: "MJPEG",
    why: "codec",
    called: undefined,
    tries,
    picture: true,
    sound: options.sound ?? false,
    onTrack: (track) => tracks.push(track),
    onLost: () => {},
    signal: controller.signal,
  });
  session.catch(() => {});
  const socket = FakeSocket.all.at(-1);
  assert.ok(socket);
  return { session, socket, tracks, tries, signal: controller.signal, abort: () => controller.abort() };
}

/** The hub answers whoever asks for the sound. */
function soundAnswers(answer: () => Promise<Response>): void {
  takeWay({ fetch: answer, socket: () => assert.fail("no socket this way") });
}

const refusal = (status: number, code: string) => async () => Response.json({ detail: "no", code }, { status });
const turns = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => mock.timers.reset());

test("an abort while the decoder is set up, or the sound is asked for, ends what was opened", async () => {
  const early = open();
  early.socket.hear(picture);
  early.abort();
  await assert.rejects(early.session, { name: "AbortError" });
  assert.deepEqual([early.tracks.length, early.socket.readyState], [0, 3]);

  const answer = Promise.withResolvers<Response>();
  soundAnswers(() => answer.promise);
  const late = open({ sound: true });
  late.socket.hear(picture);
  await turns();
  late.abort();
  answer.resolve(await refusal(409, "no-media")());
  await assert.rejects(late.session, { name: "AbortError" });
  assert.equal(late.socket.readyState, 3);
});

test("no sound, or no right to it, leaves the picture; what else is refused is tried again with it", async () => {
  for (const [status, code] of [
    [400, "bad-offer"],
    [409, "no-media"],
    [404, "forbidden"],
    [403, "not-allowed"],
  ] as const) {
    soundAnswers(refusal(status, code));
    const { session, socket } = open({ sound: true });
    socket.hear(picture);
    assert.equal((await session)?.hasAudio, false, code);
    (await session)?.close();
  }
  soundAnswers(refusal(429, "too-many-viewers"));
  const { session, socket } = open({ sound: true });
  socket.hear(picture);
  await assert.rejects(session, { status: 429 });
  assert.equal(socket.readyState, 3);
});

test("a hub that opens the line and says nothing is given up, and that is no fault of the decoder", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { session, socket, tries } = open();
  socket.readyState = FakeSocket.OPEN;
  mock.timers.tick(20_000);
  await assert.rejects(session, (error) => error instanceof ApiError && error.message === "No picture came.");
  assert.equal(socket.readyState, 3);
  assert.equal(tries.outcome("yard"), undefined);
});

test("a line that ends before the hub said a word is no fault of the decoder", async () => {
  const { session, socket, tries } = open();
  socket.end();
  await assert.rejects(session, { message: "The hub does not answer." });
  tries.failed("yard");
  assert.equal(tries.isOver("yard", performance.now()), false);
  tries.noLine("yard", performance.now());
  assert.equal(tries.isOver("yard", performance.now()), true, "it was counted as a line");
});

test("a refusal by the line is said as one by HTTP, in the page's language", async () => {
  speakOfHub({ refusal: ({ code }) => (code === "no-media" ? "Kein Bild." : undefined), trouble: () => undefined });
  const { session, socket } = open();
  const problem = { type: "about:blank", title: "x", status: 409, detail: "no picture yet", code: "no-media" };
  socket.hear({ type: "refused", problem });
  await assert.rejects(session, { message: "Kein Bild.", status: 409, code: "no-media" });
  speakOfHub(undefined);
  const second = open();
  second.socket.hear({ type: "refused", problem });
  await assert.rejects(second.session, { message: "No picture yet." });
});

test("a line that does not answer is dead though its socket is open; any answer is a sign of life", async () => {
  const { session, socket } = open();
  socket.hear(picture);
  const opened = await session;
  assert.ok(opened);
  mock.timers.enable({ apis: ["setTimeout"] });
  const asked = opened.alive();
  assert.deepEqual(socket.sent, Array(2).fill({ type: "rendition", rendition: "sub" }));
  assert.equal(socket.sent.length, 2);
  socket.hear({ type: "rendition", wanted: "sub", shown: "main" });
  assert.equal(await asked, true);
  const unanswered = opened.alive();
  mock.timers.tick(5000);
  assert.equal(await unanswered, false);
  opened.close();
});

test("nothing of a session stays at the signal of its player", async () => {
  const { session, socket, signal } = open();
  assert.equal(getEventListeners(signal, "abort").length, 1);
  socket.hear(picture);
  (await session)?.close();
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { DevicePhase, DeviceState } from "../../../src/hub/state.ts";
import { howLong, type PlayerPhase, sayDevice, sayMissing, sayPicture, sayTrack, timer } from "./words.ts";

const now = 1_800_000_000_000;
const device = (phase: DevicePhase, more: Partial<DeviceState> = {}) => ({
  state: { phase, sinceMs: now - 12_000, ...more },
});

test("times are short and round", () => {
  assert.deepEqual([0, 8400, 59_400, 61_000, 7_200_000, 300_000_000].map(howLong), [
    "0 s",
    "8 s",
    "59 s",
    "1 min",
    "2 h",
    "3 days",
  ]);
  assert.deepEqual([7_900, 760_000, 3_723_000].map(timer), ["0:07", "12:40", "1:02:03"]);
});

test("every phase of a device has words", () => {
  const words: Record<DevicePhase, string> = {
    idle: "Ready",
    away: "Away",
    connecting: "Connecting",
    "waiting-for-key-frame": "Waiting for a key frame",
    "paused-by-talk": "No picture while somebody speaks",
    live: "Live",
    stale: "No picture for 12 s",
    "wrong-password": "Wrong password",
    trouble: "Not connected",
    disabled: "Switched off",
  };
  for (const [phase, text] of Object.entries(words))
    assert.equal(sayDevice(device(phase as DevicePhase), now).text, text);
});

test("trouble is told with the reason and the next try", () => {
  const said = sayDevice(
    device("trouble", {
      error: { code: "refused", message: "connect: refused by 10.0.0.9", atMs: now },
      retryAtMs: now + 9000,
    }),
    now,
  );
  assert.equal(said.detail, "Connect: refused by 10.0.0.9. Next try in 9 s.");
});

test("a picture that stands still never reads as live", () => {
  const stale: PlayerPhase = { phase: "stale", sinceMs: now - 8000 };
  assert.equal(sayPicture(stale, device("live"), now).text, "No picture for 8 s");
  assert.equal(sayPicture(stale, undefined, now).tone, "trouble");
});

test("the reason the hub knows wins over what the browser sees", () => {
  assert.equal(sayPicture({ phase: "connecting" }, device("wrong-password"), now).text, "Wrong password");
  assert.equal(
    sayPicture({ phase: "waiting", sinceMs: now }, device("stale", { lastFrameMs: now - 30_000 }), now).text,
    "No picture for 30 s",
  );
  const single: PlayerPhase = { phase: "pictures", codec: "h265", why: "codec", reason: "busy" };
  assert.equal(sayPicture(single, device("live"), now).text, "Single pictures");
  assert.equal(sayPicture(single, device("stale", { lastFrameMs: now - 30_000 }), now).text, "No picture for 30 s");
});

test("a camera that the hub has lost is not called live, whatever picture still stands here", () => {
  const error = { code: "unreachable", message: "no route", atMs: now };
  for (const phase of ["live", "stale", "sound-only"] as const) {
    const player = { phase, sinceMs: now } as PlayerPhase;
    for (const told of [device("connecting"), device("connecting", { error }), device("trouble", { error })]) {
      assert.notEqual(sayPicture(player, told, now).tone, "live", `${phase} ${told.state.phase}`);
    }
    assert.equal(sayPicture(player, device("waiting-for-key-frame"), now).tone, "waiting");
  }
});

test("the last reason stays while a camera is only being tried again", () => {
  const error = { code: "unreachable", message: "no route to 10.0.0.9", atMs: now };
  const said = sayPicture({ phase: "lost", message: "No picture from Yard." }, device("connecting", { error }), now);
  assert.deepEqual(said, {
    tone: "trouble",
    text: "Not connected",
    detail: "No route to 10.0.0.9. Trying again.",
  });
  const refused = device("connecting", { error: { ...error, code: "wrong-password" } });
  assert.equal(sayDevice(refused, now).text, "Wrong password");
});

test("a picture that the hub does not give because there are too many is not said to be on its way", () => {
  const said = sayPicture({ phase: "busy", message: "Too many pictures are open." }, device("live"), now);
  assert.deepEqual([said.tone, said.detail], ["quiet", "Too many pictures are open."]);
});

test("a track reads like a label", () => {
  const track = {
    id: "t",
    label: "main",
    kind: "video",
    codec: "h264",
    widthPx: 1280,
    heightPx: 720,
    frameRate: 25,
    frames: 0,
    bytes: 0,
    readers: 0,
  } as const;
  assert.equal(sayTrack(track), "1280 × 720, H.264, 25 pictures a second");
});

test("a stream that browsers cannot show as it comes is live: it is converted", () => {
  const track = { id: "x", label: "main", kind: "video" as const, codec: "h264", frames: 1, bytes: 1, readers: 1 };
  for (const facts of [{ reordered: true }, { withoutKeys: true }]) {
    const camera = { ...device("live"), tracks: [{ ...track, ...facts }] };
    assert.equal(sayPicture({ phase: "live" }, camera, now).text, "Live");
    assert.equal(sayDevice(camera, now).tone, "live");
  }
});

test("a sound that cannot be played is named by its codec", () => {
  const quirks = (detail?: string) => [
    { code: "unplayable-sound", sentence: "sends its sound so", ...(detail && { detail }) },
  ];
  const camera = { ...device("live") };
  assert.equal(sayMissing(camera), undefined);
  assert.equal(sayMissing({ ...camera, quirks: quirks("G729") }), "No sound: G729 can't be played");
  assert.equal(sayMissing({ ...camera, quirks: quirks("mp4a-latm") }), "No sound: MP4A-LATM can't be played");
  assert.equal(sayMissing({ ...camera, quirks: quirks() }), "No sound: this kind can't be played");
  assert.equal(sayMissing({ ...camera, quirks: [{ code: "noise", sentence: "sends noise" }] }), undefined);
});

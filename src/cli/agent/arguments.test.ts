import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UsageError } from "../command.ts";
import { parseCapture } from "./capture-arguments.ts";
import { parseSoundPlace } from "./sound.ts";

const usual = { size: "1280x720", fps: "30", bitrate: "300-2500" };

describe("the arguments of an agent", () => {
  it("name a webcam, which is asked for H.264 first, then for MJPEG, then for anything", () => {
    const webcam = parseCapture("/dev/video0", usual);
    assert.deepEqual([webcam?.device.format, webcam?.device.url], ["v4l2", "/dev/video0"]);
    assert.deepEqual(
      webcam?.device.tries.map((one) => [one["input_format"], one["video_size"]]),
      [
        ["h264", "1280x720"],
        ["mjpeg", "1280x720"],
        [undefined, "1280x720"],
        [undefined, undefined],
      ],
    );
    assert.deepEqual(webcam?.limits, { minBps: 300_000, maxBps: 2_500_000 });
  });

  it("name any other device of FFmpeg, and leave addresses alone", () => {
    const made = parseCapture("capture:lavfi:testsrc2=rate=30,realtime", usual);
    assert.deepEqual([made?.device.format, made?.device.url], ["lavfi", "testsrc2=rate=30,realtime"]);
    for (const other of ["test", "rtsp://camera/x", "/var/video.mp4", "file:///dev/video0"]) {
      assert.equal(parseCapture(other, usual), undefined);
    }
  });

  it("are refused with a sentence where they are none", () => {
    const wrong = [{ size: "720p" }, { fps: "0" }, { bitrate: "2500-300" }, { bitrate: "2M" }];
    for (const one of wrong) assert.throws(() => parseCapture("/dev/video0", { ...usual, ...one }), UsageError);
    for (const text of ["", "loud", "file:", "test:1", "alsa:"]) {
      assert.throws(() => parseSoundPlace("--mic", text), UsageError, text);
    }
    assert.throws(() => parseSoundPlace("--speaker", "test"), UsageError);
  });

  it("name a place for sound: the machine's, one of a sound system, a file, or a tone", () => {
    assert.deepEqual(parseSoundPlace("--speaker", "default"), { kind: "device", system: "auto", device: undefined });
    assert.deepEqual(parseSoundPlace("--mic", "alsa:hw:1,0"), { kind: "device", system: "alsa", device: "hw:1,0" });
    assert.deepEqual(parseSoundPlace("--mic", "pipewire"), { kind: "device", system: "pipewire", device: undefined });
    assert.deepEqual(parseSoundPlace("--speaker", "file:a b.wav"), { kind: "file", path: "a b.wav" });
    assert.deepEqual(parseSoundPlace("--mic", "test"), { kind: "test" });
  });
});

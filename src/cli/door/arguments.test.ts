import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gpiosetArguments, parseRelay, pulseRelay } from "../../endpoints/machine/relay.ts";
import { systemClock } from "../../util/clock.ts";
import { UsageError } from "../command.ts";
import { parseClientArguments } from "./client-arguments.ts";
import { parseStationArguments } from "./station-arguments.ts";

describe("the arguments of door-station", () => {
  it("are the seed's own, with its defaults where it has them", () => {
    const args = parseStationArguments(["--host", "10.0.0.2", "--port", "9000", "--client-id", "gate", "--mic"]);
    assert.deepEqual(args.address, { host: "10.0.0.2", port: 9000 });
    assert.deepEqual(args.form, { sampleRateHz: 16_000, channels: 1, frameMs: 40 });
    assert.deepEqual([args.clientId, args.hasSound, args.ringAtMs], ["gate", true, undefined]);
    assert.equal(parseStationArguments(["--mic"]).clientId, "intercom-1");
    assert.equal(parseStationArguments(["--mic", "--frame-ms", "400"]).form.frameMs, 400);
  });

  it("say what is wrong, and what is possible", () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [[], /say --mic for the microphone, --in FILE/],
      [["--mic", "--frame-ms", "5"], /--frame-ms 5 is not possible: .* from 10 to 400/],
      [["--mic", "--sample-rate", "96000"], /from 8000 to 48000/],
      [["--mic", "--sample-rate", "11025"], /no whole number of samples/],
      [["--mic", "--channels", "3"], /from 1 to 2/],
      [["--mic", "--client-id", "--"], /--client-id/],
      [["--mic", "--relay", "usb"], /gpio:LINE, gpio:CHIP\/LINE or print/],
      [["--mic", "--on", "unlock"], /write COMMAND=PROGRAM/],
      [["--mic", "--on", "start_audio=x"], /the station's own/],
      [["--mic", "--tls", "--ca", "/nowhere.pem"], /--ca \/nowhere.pem cannot be read/],
    ];
    for (const [args, sentence] of wrong) assert.throws(() => parseStationArguments(args), sentence);
    assert.throws(() => parseStationArguments([]), UsageError);
  });

  it("name programs and a relay for commands", () => {
    const args = parseStationArguments(["--sound", "none", "--relay", "gpio:gpiochip4/27", "--on", "light=/bin/a=b"]);
    assert.deepEqual(args.relay, { chip: "gpiochip4", line: 27 });
    assert.deepEqual([...args.programs], [["light", "/bin/a=b"]]);
    assert.equal(args.hasSound, false);
  });
});

describe("the arguments of ha-client", () => {
  it("are the seed's own, under its words and ours", () => {
    const args = parseClientArguments([
      "--no-auto-start",
      "--stream-id",
      "s1",
      "--mic",
      "--source-file",
      "a.wav",
      "--sink-file",
      "b.wav",
    ]);
    assert.deepEqual([args.autoStart, args.streamId, args.records], [false, "s1", true]);
    assert.deepEqual([args.sound.in, args.sound.out], ["a.wav", "b.wav"]);
    assert.deepEqual(parseClientArguments(["--in", "c.wav", "--mic-device", "usb"]).sound.devices.microphone, "usb");
    assert.deepEqual(parseClientArguments(["--tone", "--tone-frequency", "880"]).tone, {
      frequencyHz: 880,
      amplitude: 0.2,
    });
    assert.equal(parseClientArguments(["--mute"]).plays, false);
  });

  it("say what is wrong", () => {
    for (const [args, sentence] of [
      [["--payload", "[]"], /--payload \[\] is no JSON object/],
      [["--payload", "{"], /is no JSON object/],
      [["--stream-id", ""], /--stream-id is empty/],
      [["--tone", "--tone-amplitude", "2"], /from 0 to 1/],
    ] as const) {
      assert.throws(() => parseClientArguments(args), sentence);
    }
  });
});

describe("a relay", () => {
  it("is a line of a chip, switched on for a while by libgpiod 2 or 1", () => {
    const line = parseRelay("gpio:27");
    assert.deepEqual(line, { chip: "gpiochip0", line: 27 });
    for (const wrong of ["27", "gpio:", "gpio:../2", "gpio:a b/2"]) assert.equal(parseRelay(wrong), undefined);
    assert.ok(line);
    assert.deepEqual(gpiosetArguments(line, { version: 2, forMs: 2500 }), [
      "--chip",
      "gpiochip0",
      "--toggle",
      "2500ms,0",
      "27=1",
    ]);
    assert.deepEqual(gpiosetArguments(line, { version: 1, forMs: 2500 }), [
      "--mode=time",
      "--sec=2",
      "--usec=500000",
      "gpiochip0",
      "27=1",
    ]);
  });

  it("is on when the program holds it, and refused with what that says", async () => {
    const folder = mkdtempSync(join(tmpdir(), "doorward-relay-"));
    after(() => rmSync(folder, { recursive: true }));
    const script = (name: string, text: string) => {
      const path = join(folder, name);
      writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && echo "gpioset (libgpiod) v2.1" && exit\n${text}\n`);
      chmodSync(path, 0o755);
      return path;
    };
    const line = { chip: "gpiochip0", line: 27 };
    const how = { forMs: 200, clock: systemClock };
    await pulseRelay(line, { ...how, program: script("holds", "exec sleep 0.3") });
    const busy = script("busy", "echo 'unable to request lines: Device or resource busy' >&2; exit 1");
    await assert.rejects(pulseRelay(line, { ...how, program: busy }), /gpiochip0\/27 was not switched: .*busy/);
    await assert.rejects(pulseRelay(line, { ...how, program: join(folder, "none") }), /is missing \(package gpiod\)/);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, describe, it } from "node:test";
import { z } from "zod";
import { type Clock, ManualClock } from "../../util/clock.ts";
import { gpiomonArguments, listenToKeys, parseButton } from "./button.ts";
import { openEchoCanceller } from "./echo-cancel.ts";
import { openFileLoudspeaker, openFileMicrophone } from "./files.ts";
import { chooseSound } from "./sound-tools.ts";
import { StateFile } from "./state-file.ts";
import { every20Ms } from "./ticker.ts";
import { samplesOfWav, wavHeader } from "./wav.ts";

const folder = mkdtempSync(join(tmpdir(), "doorward-station-"));
after(() => rmSync(folder, { recursive: true }));

const noError = (error: unknown) => {
  throw error;
};

const schema = z.object({ volume: z.int().max(100).default(80), token: z.string().optional() });

describe("what a station keeps", () => {
  it("is there after a restart, in a file that only its owner reads", async () => {
    const path = join(folder, "deep", "kitchen.json");
    const file = new StateFile({ path, schema, onError: noError });
    assert.equal(file.state.volume, 80);
    file.set({ volume: 35, token: "secret" });
    await file.flushed();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const again = new StateFile({ path, schema, onError: noError });
    assert.deepEqual(again.state, { volume: 35, token: "secret" });
  });

  it("is refused with a sentence when it is damaged", () => {
    const path = join(folder, "broken.json");
    writeFileSync(path, '{"volume":500}');
    assert.throws(() => new StateFile({ path, schema, onError: noError }), /broken\.json cannot be read: .*remove it/s);
  });
});

describe("WAV files", () => {
  it("are spoken from where the words begin, 20 ms at a time, and silent behind their end", async () => {
    const path = join(folder, "in.wav");
    const samples = Int16Array.from({ length: 400 }, (_, i) => i + 1);
    writeFileSync(path, Buffer.concat([wavHeader(800), Buffer.from(samples.buffer)]));
    const clock = new ManualClock();
    const microphone = openFileMicrophone(path, { clock });
    const given: number[] = [];
    const capture = microphone.capture((frame) => given.push(frame[0] ?? -1));
    await clock.advance(300);
    assert.deepEqual(given, []);
    microphone.begin();
    await clock.advance(45);
    assert.deepEqual(given, [1, 321, 0]);
    capture[Symbol.dispose]();
    await clock.advance(100);
    assert.equal(given.length, 3);
  });

  it("are written with their length", async () => {
    const path = join(folder, "out.wav");
    const loudspeaker = openFileLoudspeaker(path);
    for (let n = 0; n < 3; n++) loudspeaker.write(new Int16Array(320).fill(n), { heard: n > 0 });
    await loudspeaker[Symbol.asyncDispose]();
    const samples = samplesOfWav(readFileSync(path), { name: path });
    assert.equal(samples.length, 3 * 640);
    assert.equal(samples.at(-2), 2);
  });

  it("of another form are refused with what to do", () => {
    const stereo = wavHeader(4);
    stereo.writeUInt16LE(2, 22);
    assert.throws(
      () => samplesOfWav(stereo, { name: "a.wav" }),
      /a\.wav is a WAV file of 16000 Hz, 2 channels.*ffmpeg/,
    );
    assert.throws(() => samplesOfWav(Buffer.from("ID3"), { name: "a.mp3" }), /a\.mp3 is no WAV file/);
    assert.throws(
      () => openFileMicrophone(join(folder, "none.wav"), { clock: new ManualClock() }),
      /none\.wav cannot be read/,
    );
  });
});

describe("the sound system", () => {
  const machine = (programs: readonly string[], paths: readonly string[] = []) => ({
    has: (program: string) => programs.includes(program),
    env: { XDG_RUNTIME_DIR: "/run/user/1" },
    exists: (path: string) => paths.includes(path),
  });
  const choose = (wanted: Parameters<typeof chooseSound>[0], on: ReturnType<typeof machine>) =>
    chooseSound(wanted, { devices: {}, machine: on });

  it("is a server that runs, before the card that it holds", () => {
    const all = ["arecord", "aplay", "parec", "pacat", "pw-cat"];
    const [pulse, pipewire] = ["/run/user/1/pulse/native", "/run/user/1/pipewire-0"];
    assert.equal(choose("auto", machine(all, ["/dev/snd"])).system, "alsa");
    assert.equal(choose("auto", machine(all, ["/dev/snd", pulse, pipewire])).system, "pulse");
    assert.equal(choose("auto", machine(["pw-cat"], ["/dev/snd", pulse, pipewire])).system, "pipewire");
    assert.equal(choose("pipewire", machine(all)).system, "pipewire");
  });

  it("is missed with what to install", () => {
    assert.throws(() => choose("auto", machine([])), /no sound was found.*alsa-utils.*--sound none/);
    assert.throws(() => choose("pulse", machine(["parec"])), /--sound pulse needs parec and pacat/);
  });

  it("takes the devices that are named", () => {
    const { record, play } = chooseSound("alsa", {
      devices: { microphone: "hw:1", loudspeaker: "hw:2" },
      machine: machine(["arecord", "aplay"]),
    });
    assert.deepEqual([record.at(-1), play.at(-1)], ["hw:1", "hw:2"]);
  });
});

describe("echo cancelling", () => {
  it("is set up between the two, and undone; what a killed station left goes first", async () => {
    const asked: string[] = [];
    const run = async (program: string, args: readonly string[]) => {
      asked.push([program, ...args].join(" "));
      if (args[0] === "load-module") return "42\n";
      return args[0] === "list"
        ? "7\tmodule-echo-cancel\tsource_name=doorward_microphone\t\n8\tmodule-x\t\n9\tmodule-echo-cancel\tsource_name=other\n"
        : "";
    };
    const canceller = await openEchoCanceller({ microphone: "usb" }, run);
    assert.deepEqual(canceller.devices, { microphone: "doorward_microphone", loudspeaker: "doorward_loudspeaker" });
    await canceller[Symbol.asyncDispose]();
    assert.deepEqual(asked, [
      "pactl list short modules",
      "pactl unload-module 7",
      "pactl load-module module-echo-cancel aec_method=webrtc source_name=doorward_microphone sink_name=doorward_loudspeaker source_master=usb",
      "pactl unload-module 42",
    ]);
  });

  it("says what is missing", async () => {
    const run = () => Promise.reject(new Error("spawn pactl ENOENT"));
    await assert.rejects(openEchoCanceller({}, run), /--echo-cancel needs a running PulseAudio/);
  });
});

describe("the talk button", () => {
  it("is a key, or a line of a chip", () => {
    assert.deepEqual(parseButton("key"), { kind: "key" });
    assert.deepEqual(parseButton("gpio:17"), { kind: "gpio", chip: "gpiochip0", line: 17 });
    assert.deepEqual(parseButton("gpio:gpiochip4/5"), { kind: "gpio", chip: "gpiochip4", line: 5 });
    for (const wrong of ["gpio", "gpio:x", "gpio:../1", "mouse"]) assert.equal(parseButton(wrong), undefined);
    assert.deepEqual(gpiomonArguments({ chip: "gpiochip0", line: 17 }, 1).slice(-2), ["gpiochip0", "17"]);
    assert.deepEqual(gpiomonArguments({ chip: "gpiochip0", line: 17 }, 2).slice(-3), ["--chip", "gpiochip0", "17"]);
  });

  it("begins with one stroke of space or Enter, and ends with the next", async () => {
    const told: string[] = [];
    const stdin = new PassThrough();
    const button = listenToKeys(
      { press: () => told.push("press"), release: () => told.push("release"), onTrouble: (why) => told.push(why) },
      stdin as unknown as NodeJS.ReadStream,
    );
    stdin.write("x \r");
    stdin.write(" ");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told, ["press", "release", "press"]);
    button[Symbol.dispose]();
  });
});

describe("the 20 ms clock", () => {
  it("makes up for what was late, and not for a night's sleep", async () => {
    const clock = new ManualClock();
    const ticks: number[] = [];
    using _ticking = every20Ms(clock, (nowMs) => ticks.push(nowMs));
    await clock.advance(60);
    assert.deepEqual(ticks, [0, 20, 40, 60]);
  });

  it("takes what came while it was late before it makes up for more than one tick", async () => {
    const clock = new ManualClock();
    const happened: string[] = [];
    const waiting: (() => void)[] = [];
    // A machine that let us wait: timers come when somebody lets them, one turn after the other.
    const late: Clock = {
      nowUs: () => clock.nowUs(),
      wallMs: () => clock.wallMs(),
      sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
      timer: (_delayMs, run) => {
        waiting.push(run);
        return { [Symbol.dispose]: () => {} };
      },
    };
    using _ticking = every20Ms(late, (nowMs) => happened.push(`${nowMs} ms`));
    await clock.advance(60);
    while (happened.length < 7) {
      for (const run of waiting.splice(0)) run();
      happened.push("sockets");
    }
    assert.deepEqual(happened, ["0 ms", "sockets", "20 ms", "sockets", "40 ms", "sockets", "60 ms", "sockets"]);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { WireError } from "../../util/errors.ts";
import { binaryMark, readBinaryFrame, writeBinaryFrame } from "./binary.ts";
import { fromHub, startedSchema, startSchema, toHub } from "./messages.ts";
import { SoundOrder } from "./order.ts";
import { checked, parseDoorLine, parseFromHub, parseRegister, parseToHub, writeDoorLine } from "./parse.ts";
import { doorReasons } from "./reasons.ts";
import { checkSound, soundOf, toStationSound, writeSoundLine } from "./sound.ts";

const line = (text: string) => parseDoorLine(new TextEncoder().encode(text));
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof WireError, String(error));
    return error.code;
  }
  return "none";
};

describe("a line of a door station", () => {
  it("is an object, or has a reason why not", () => {
    const cases: readonly (readonly [string, string])[] = [
      ['{"type":"ping"}', "none"],
      ['  {"type":"ping"}\r', "none"],
      ["", "empty_message"],
      [" \r", "empty_message"],
      ["[1]", "message_not_object"],
      ["null", "message_not_object"],
      ['"register"', "message_not_object"],
      ["{", "invalid_json"],
      ["GET / HTTP/1.1", "invalid_json"],
      ["[".repeat(100_000), "invalid_json"],
      [`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`, "invalid_json"],
      [`{"type":"event","event":"x","payload":{"text":"${"[{".repeat(500)}"}}`, "none"],
    ];
    for (const [text, code] of cases)
      assert.equal(
        codeOf(() => line(text)),
        code,
        text.slice(0, 40),
      );
    assert.equal(
      codeOf(() => parseDoorLine(Uint8Array.of(0x7b, 0xff, 0x7d))),
      "invalid_json",
    );
  });

  it("brings no prototype with it, however its name is written", () => {
    for (const name of ["__proto__", "\\u005f_proto__"]) {
      const read = line(`{"type":"event","event":"x","payload":{"${name}":{"polluted":true},"a":1}}`);
      const event = parseToHub(read, "intercom");
      assert.deepEqual(event, { type: "event", event: "x", payload: { a: 1 } });
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    }
  });

  it("throws nothing but WireError, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        assert.match(
          codeOf(() => parseToHub(parseDoorLine(bytes), "intercom")),
          /^[a-z_]+(:.*)?$/,
        );
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("intercom", "home_assistant"), (value, role) => {
        codeOf(() => parseToHub(line(JSON.stringify({ type: "command", ...(value as object) })), role as "intercom"));
      }),
    );
  });
});

describe("messages to the hub", () => {
  const frame = {
    type: "audio_frame",
    stream_id: "s",
    sequence: 0,
    encoding: "pcm_s16le",
    sample_rate: 16000,
    channels: 1,
    data: "AAAA",
  };
  const command = { type: "command", command: "unlock", payload: {}, command_id: "c" };
  const response = { type: "response", command_id: "c", status: "ok", payload: {} };
  const event = { type: "event", event: "ring", payload: {} };

  it("are taken from whom they may come", () => {
    for (const [role, message] of [
      ["home_assistant", command],
      ["home_assistant", frame],
      ["intercom", frame],
      ["intercom", response],
      ["intercom", event],
      ["intercom", { type: "error", reason: "audio_stream_failed", details: { stream_id: "s" } }],
      ["home_assistant", { type: "close" }],
      ["home_assistant", { type: "ping" }],
    ] as const) {
      assert.deepEqual(parseToHub(message, role), message);
    }
    assert.deepEqual(parseToHub({ type: "command", command: "x" }, "home_assistant"), {
      type: "command",
      command: "x",
      payload: {},
    });
  });

  it("are refused with the protocol's own reason", () => {
    const cases: readonly (readonly [string, "intercom" | "home_assistant", object])[] = [
      ["unsupported_message:command", "intercom", command],
      ["unsupported_message:response", "home_assistant", response],
      ["unsupported_message:event", "home_assistant", event],
      ["unsupported_message:register", "intercom", { type: "register", role: "intercom", client_id: "x" }],
      ["unsupported_message:toString", "intercom", { type: "toString" }],
      ["unsupported_message:undefined", "intercom", {}],
      ["unsupported_message:a?b", "intercom", { type: "a\nb" }],
      ["invalid_command", "home_assistant", { ...command, command: "" }],
      ["invalid_command", "home_assistant", { ...command, command: 7 }],
      ["invalid_payload", "home_assistant", { ...command, payload: [] }],
      ["invalid_command_id", "home_assistant", { ...command, command_id: 7 }],
      ["missing_command_id", "intercom", { ...response, command_id: undefined }],
      ["invalid_response_status", "intercom", { ...response, status: "maybe" }],
      ["invalid_payload", "intercom", { ...response, payload: "x" }],
      ["invalid_event", "intercom", { ...event, event: "" }],
      ["invalid_payload", "intercom", { ...event, payload: null }],
      ["invalid_stream_id", "intercom", { ...frame, stream_id: 1 }],
      ["invalid_sequence", "intercom", { ...frame, sequence: "1" }],
      ["invalid_audio_encoding", "intercom", { ...frame, encoding: "" }],
      ["invalid_sample_rate", "intercom", { ...frame, sample_rate: 0 }],
      ["invalid_sample_rate", "intercom", { ...frame, sample_rate: 16000.5 }],
      ["invalid_channels", "intercom", { ...frame, channels: 0 }],
      ["invalid_audio_data", "intercom", { ...frame, data: "" }],
      ["invalid_audio_data", "intercom", { ...frame, data: 'AA"A' }],
      ["invalid_audio_data", "intercom", { ...frame, data: "AAAAA" }],
    ];
    for (const [reason, role, message] of cases) {
      assert.equal(
        codeOf(() => parseToHub(line(JSON.stringify(message)), role)),
        reason,
        JSON.stringify(message),
      );
      assert.ok(Object.hasOwn(doorReasons, reason.split(":")[0] ?? ""), reason);
    }
  });

  it("register first, with a role and a name", () => {
    const register = { type: "register", role: "intercom", client_id: "door", token: "t", features: ["ping", "later"] };
    assert.deepEqual(parseRegister(register), register);
    const cases = [
      ["expected_register", { type: "command" }],
      ["invalid_role", { ...register, role: "camera" }],
      ["invalid_client_id", { ...register, client_id: "" }],
      ["invalid_client_id", { ...register, client_id: 7 }],
      ["unauthorized", { ...register, token: 7 }],
      ["invalid_register", { ...register, audio: { sample_rate: 1, channels: 1 } }],
    ] as const;
    for (const [reason, message] of cases)
      assert.equal(
        codeOf(() => parseRegister(message)),
        reason,
      );
  });

  it("have a direction in no payload", () => {
    assert.equal(
      codeOf(() => checked(startSchema, { direction: "both" })),
      "audio_direction_unsupported",
    );
    assert.equal(
      codeOf(() => checked(startSchema, { stream_id: "" })),
      "invalid_stream_id",
    );
    assert.equal(
      codeOf(() => checked(startedSchema, { stream_id: "s", encoding: "pcm_s16le", channels: 1 })),
      "invalid_sample_rate",
    );
    assert.equal(
      codeOf(() => checked(startedSchema, { stream_id: 7 })),
      "missing_stream_id",
    );
  });

  it("are read again as they were written, in both directions", () => {
    const told = { type: "error", reason: "line_too_long" } as const;
    assert.deepEqual(parseFromHub(line(writeDoorLine(told))), told);
    assert.equal(
      codeOf(() => parseFromHub({ type: "nothing" })),
      "unsupported_message:nothing",
    );
  });

  it("name a reason that exists beside each field that has one", () => {
    for (const { schema } of [...Object.values(toHub), ...Object.values(fromHub)]) {
      for (const [name, field] of Object.entries(schema.shape)) {
        if (name === "type") continue;
        const { reason, description } = field.meta() ?? {};
        assert.ok(description, name);
        if (reason !== undefined) assert.ok(Object.hasOwn(doorReasons, String(reason)), String(reason));
      }
    }
  });
});

describe("sound of a door station", () => {
  const pcm = Uint8Array.from({ length: 1280 }, (_, n) => n);
  const sound = { streamId: "s", sequence: 3, sampleRateHz: 16_000, channels: 1, toClient: true, pcm };

  it("is the same in JSON and in binary frames", () => {
    const data = Buffer.from(pcm).toString("base64");
    const text = writeSoundLine({ ...sound, data }, { direction: "intercom_to_client", originId: 'a "door"' });
    const read = parseFromHub(line(text.trim()));
    assert.ok(read.type === "audio_frame");
    assert.deepEqual([read.direction, read.origin_id, read.sequence], ["intercom_to_client", 'a "door"', 3]);
    assert.deepEqual(new Uint8Array(soundOf(read as never).pcm), pcm);
    assert.deepEqual(readBinaryFrame(writeBinaryFrame(sound)), sound);
    assert.equal(writeBinaryFrame(sound)[0], binaryMark);
    assert.ok(writeBinaryFrame(sound).length < text.length * 0.72);
  });

  it("lasts from 10 to 400 ms, at 8 to 48 kHz, in one or two channels", () => {
    const of = (sampleRateHz: number, channels: number, ms: number) =>
      codeOf(() =>
        checkSound({
          ...sound,
          sampleRateHz,
          channels,
          pcm: new Uint8Array(2 * channels * Math.round((sampleRateHz * ms) / 1000)),
        }),
      );
    for (const rate of [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]) {
      for (const channels of [1, 2])
        for (const ms of [10, 20, 40, 100, 400]) assert.equal(of(rate, channels, ms), "none");
    }
    assert.deepEqual(
      [of(16_000, 1, 8), of(16_000, 1, 500), of(4000, 1, 40), of(96_000, 1, 40), of(16_000, 3, 40)],
      ["invalid_audio_data", "invalid_audio_data", "invalid_sample_rate", "invalid_sample_rate", "invalid_channels"],
    );
    assert.equal(
      codeOf(() => checkSound({ ...sound, pcm: new Uint8Array(1281) })),
      "invalid_audio_data",
    );
    assert.equal(
      codeOf(() =>
        soundOf({
          type: "audio_frame",
          stream_id: "s",
          encoding: "opus",
          sample_rate: 16000,
          channels: 1,
          data: "AAAA",
        }),
      ),
      "invalid_audio_encoding",
    );
  });

  it("is put in order by its sequence, each frame once, with what is missing counted", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 80 }), (steps) => {
        const order = new SoundOrder();
        const out = steps.flatMap((sequence) => order.push({ ...sound, sequence })).map((one) => one.sound.sequence);
        for (let n = 1; n < out.length; n++) assert.ok((out[n] ?? 0) > (out[n - 1] ?? 0), out.join(" "));
      }),
    );
    const order = new SoundOrder();
    const told = [0, 2, 1, 1, 4, 5, 6, 3, 7].flatMap((sequence) => order.push({ ...sound, sequence }));
    assert.deepEqual(
      told.map((one) => [one.sound.sequence, one.lostBefore]),
      [
        [0, 0],
        [1, 0],
        [2, 0],
        [4, 1],
        [5, 0],
        [6, 0],
        [7, 0],
      ],
    );
    assert.deepEqual(order.counters, { duplicate: 2, lost: 1 });
    const restarted = new SoundOrder();
    const again = [5000, 5001, 0, 1].flatMap((sequence) => restarted.push({ ...sound, sequence }));
    assert.deepEqual(
      again.map((one) => one.sound.sequence),
      [5000, 5001, 0, 1],
    );
  });

  it("is put into another rate and into two channels", () => {
    const ramp = new Uint8Array(Int16Array.from({ length: 160 }, (_, n) => n * 10).buffer);
    const to = { sampleRateHz: 48_000, channels: 2 };
    const out = new Int16Array(toStationSound(ramp, { fromRateHz: 16_000, to }).slice().buffer);
    assert.equal(out.length, 960);
    assert.deepEqual([...out.subarray(0, 8)], [0, 0, 3, 3, 7, 7, 10, 10]);
    assert.equal(toStationSound(ramp, { fromRateHz: 16_000, to: { sampleRateHz: 16_000, channels: 1 } }), ramp);
  });
});

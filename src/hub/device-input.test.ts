import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { defineDriver } from "../device/driver.ts";
import { FatalError } from "../util/errors.ts";
import { deviceInputs, devicesConfig, resolveDevice } from "./device-input.ts";

const drivers = [
  defineDriver({
    kind: "plain",
    summary: "",
    config: z.strictObject({ address: z.string() }),
    claims: ({ protocol }) => (protocol === "plain:" ? 2 : 0),
    run: async () => {},
  }),
  defineDriver({
    kind: "reads",
    summary: "",
    config: z.strictObject({ address: z.string(), speed: z.string().optional() }),
    claims: ({ protocol }) => (protocol === "reads:" ? 2 : 0),
    fromFragment: (parameters) => (parameters.has("speed") ? { speed: parameters.get("speed") } : {}),
    run: async () => {},
  }),
];
const how = { drivers, unseal: (text: string) => text, permanent: true, preview: false };
const configOf = (address: string, options?: Record<string, unknown>) =>
  resolveDevice({ id: "cam", name: "Cam", address, ...(options && { options }) }, how).config;

describe("what stands behind # in an address", () => {
  it("is each driver's own to read, and refuses nothing", () => {
    assert.deepEqual(configOf("plain://a/#backchannel=0#transport=tcp"), { address: "plain://a/" });
    assert.deepEqual(configOf("reads://a/x#backchannel=0#speed=9"), { address: "reads://a/x", speed: "9" });
  });

  it("gives way to the driver's options", () => {
    assert.deepEqual(configOf("reads://a/#speed=9", { speed: "1" }), { address: "reads://a/", speed: "1" });
  });
});

describe("a password that this hub cannot open", () => {
  it("is told with the device, and what to do", () => {
    const unseal = () => {
      throw new FatalError("secret cannot be opened: device-password", { code: "seal" });
    };
    const input = { id: "cam", name: "Cam", address: "plain://a/", password: "sealed:1:AAAA" };
    assert.throws(() => resolveDevice(input, { ...how, unseal }), {
      code: "bad-config",
      message: "device cam: its password cannot be opened with this hub's key: enter it again",
    });
  });
});

describe("a list of two addresses", () => {
  it("is the large picture and the small one, with the login of the first", () => {
    const list = ["rtsp://me:secret@cam.lan/high", "rtsp://me:secret@cam.lan/low?x=1"];
    const devices = devicesConfig.parse({ yard: list });
    const input = deviceInputs({ devices, streams: {} }).get("yard");
    assert.equal(input?.address, list[0]);
    assert.deepEqual(input?.options, { sub: "rtsp://cam.lan/low?x=1" });
  });

  it("is no list of one or three", () => {
    for (const count of [1, 3])
      assert.equal(devicesConfig.safeParse({ yard: Array(count).fill("rtsp://cam.lan/1") }).success, false);
  });
});

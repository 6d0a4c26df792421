import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { resolveDevice } from "../hub/device-input.ts";
import { isSecretName } from "../util/redact.ts";
import type { FfmpegWorker } from "../workers/ffmpeg/index.ts";
import { createDrivers } from "./index.ts";

const drivers = createDrivers({ converter: undefined as unknown as FfmpegWorker });

describe("an address as go2rtc has it", () => {
  for (const [address, kind, own] of [
    ["rtsp://u:p@10.0.0.1/onvif1#backchannel=0", "yoosee", {}],
    ["rtsp://u:p@10.0.0.1/onvif1#transport=udp", "yoosee", { transport: "udp" }],
    ["rtsp://u:p@10.0.0.1/live#backchannel=0#transport=tcp", "rtsp", { backchannel: "off", transport: "tcp" }],
    ["rtsp://10.0.0.1/live#backchannel=1#media=video#timeout=30", "rtsp", { backchannel: "auto" }],
    ["tcp://10.0.0.1:12345/#transport=tcp", "elementary", {}],
    ["ingenic://10.0.0.1/#backchannel=0", "ingenic", {}],
  ] as const) {
    it(`works: ${address}`, () => {
      const how = { drivers, unseal: (text: string) => text, permanent: true, preview: false };
      const resolved = resolveDevice({ id: "cam", name: "Cam", address }, how);
      assert.equal(resolved.driver.kind, kind);
      assert.partialDeepStrictEqual(resolved.config, { address: address.replace(/u:p@|#.*/g, ""), ...own });
    });
  }
});

describe("every driver", () => {
  for (const { kind, schemes = [], claims, config } of drivers) {
    it(`${kind} says how its addresses begin, and claims none that begins otherwise`, () => {
      assert.ok(schemes.length > 0);
      for (const other of ["ftp://a/", "gopher://a/", "exec:ls", "data:,x"]) assert.equal(claims(new URL(other)), 0);
      const own = ["a/onvif1", "a/", "/a"].map((rest) => claims(new URL(`${schemes[0]}${rest}`)));
      assert.ok(own.some((sure) => sure > 0));
    });

    it(`${kind} marks its secrets, so that they are kept sealed`, () => {
      const { properties = {} } = z.toJSONSchema(config, { io: "input", unrepresentable: "any" });
      const open = Object.entries(properties).filter(
        ([name, part]) => isSecretName(name) && name !== "password" && (part as { secret?: boolean }).secret !== true,
      );
      assert.deepEqual(open, []);
    });
  }
});

import { driverContract } from "../../../test/contracts/driver.ts";
import { clip, noise } from "../../../test/rtsp.ts";
import { startFakeRtsp } from "../rtsp/fake.ts";
import { startFakeYoosee } from "./fake.ts";
import { createYooseeDriver } from "./index.ts";

driverContract(createYooseeDriver(), async () => {
  const picture = await startFakeRtsp({
    video: clip(),
    audio: noise(),
    path: "/onvif1",
    guard: { username: "admin", password: "secret", scheme: "digest-md5", wrongStatus: 400 },
  });
  const fake = await startFakeYoosee({ rtspPort: picture.port });
  const config = { address: `rtsp://127.0.0.1:${fake.port}/onvif1`, username: "admin", password: "secret" };
  return {
    config,
    wrongPassword: { ...config, password: "guessed" },
    connections: () => picture.playing,
    accepted: () => picture.counters.sessions,
    reboot: async () => {
      await fake.fail();
      await picture.reboot();
      await fake.listen();
    },
    letGo: (ms) => {
      picture.letGo(ms);
      fake.script.replyDelayMs = ms;
    },
    spoken: () => fake.counters.records,
    [Symbol.asyncDispose]: async () => {
      await fake[Symbol.asyncDispose]();
      await picture[Symbol.asyncDispose]();
    },
  };
});

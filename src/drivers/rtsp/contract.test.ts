import { driverContract } from "../../../test/contracts/driver.ts";
import { clip, noise } from "../../../test/rtsp.ts";
import { startFakeRtsp } from "./fake.ts";
import { createRtspDriver } from "./index.ts";

driverContract(createRtspDriver(), async () => {
  const fake = await startFakeRtsp({
    video: clip(),
    audio: noise(),
    guard: { username: "admin", password: "secret", scheme: "digest-md5", wrongStatus: 401 },
    backchannel: [{ kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 }],
  });
  const config = { address: fake.address, username: "admin", password: "secret" };
  return {
    config,
    wrongPassword: { ...config, password: "guessed" },
    connections: () => fake.playing,
    accepted: () => fake.counters.sessions,
    reboot: () => fake.reboot(),
    letGo: (ms) => fake.letGo(ms),
    spoken: () => fake.ear.packets.length,
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
});

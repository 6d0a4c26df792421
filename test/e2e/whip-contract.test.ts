import { createShares } from "../../src/surfaces/shares.ts";
import { whepConfig } from "../../src/surfaces/whep/config.ts";
import { whipConfig } from "../../src/surfaces/whip/config.ts";
import { Publishings } from "../../src/surfaces/whip/publishing.ts";
import { background } from "../../src/util/background.ts";
import { systemClock } from "../../src/util/clock.ts";
import { every } from "../../src/util/every.ts";
import { silentLog } from "../../src/util/log.ts";
import { createPublishWorker } from "../../src/workers/webrtc/publish.ts";
import { arrivalContract } from "../contracts/arrivals.ts";
import { eventually } from "../contracts/rig.ts";
import { clip } from "../rtsp.ts";
import { weriftPublisher } from "./whip-werift.ts";

/** WHIP with its real worker, and publishers by a second implementation of WebRTC. */
arrivalContract("whip", async ({ reception }) => {
  await using opened = new AsyncDisposableStack();
  const publishers = opened.use(createPublishWorker({ clock: systemClock, log: silentLog }));
  const shares = createShares({ ...whepConfig.parse({}), ...whipConfig.parse({}) });
  const publishings = opened.use(
    new Publishings({ reception, publishers, log: silentLog, admission: shares.publishings }),
  );
  const owned = opened.move();
  return {
    connections: () => publishings.size,
    call: async ({ token, signal, nonsense } = {}) => {
      const peer = await weriftPublisher();
      try {
        const publishing = await publishings.open({
          deviceId: "yard",
          token,
          address: "192.168.1.7",
          block: "192.168.1.7",
          offerSdp: nonsense ? "v=0\r\n" : peer.offerSdp,
          signal: signal ?? new AbortController().signal,
        });
        await peer.connection.setRemoteDescription({ type: "answer", sdp: publishing.answerSdp });
        const { accessUnits } = clip();
        let n = 0;
        const sending = every(systemClock, 20, () => peer.send(accessUnits[n++ % accessUnits.length]!));
        const end = () => {
          sending[Symbol.dispose]();
          background(peer[Symbol.asyncDispose](), () => {});
        };
        return {
          ended: eventually(() => publishings.get(publishing.id) === undefined, 30_000).finally(end),
          // As publishers do: DELETE, then the end. One whose network is gone is tried with GStreamer.
          hangUp: () => background(publishing[Symbol.asyncDispose](), () => {}),
        };
      } catch (error) {
        await peer[Symbol.asyncDispose]();
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
});

import { Audio, PeerConnection, Video } from "node-datachannel";
import { serializeRtp } from "../../src/protocols/rtp/packet.ts";
import { createPacketizer } from "../../src/protocols/rtp/packetize.ts";
import { systemClock } from "../../src/util/clock.ts";
import { every } from "../../src/util/every.ts";
import { clip } from "../rtsp.ts";

/** A publisher by the library that OBS publishes with. Disposing hangs up. */
export interface DatachannelPublisher extends Disposable {
  /** As OBS makes it: sound first, payload types 111 and 96, without candidates. */
  readonly offerSdp: string;
  /** Takes the answer; a clip and silence are sent as soon as it is connected. */
  accept(answerSdp: string): Promise<void>;
}

/** Makes the offer. */
export function startDatachannelPublisher(): DatachannelPublisher {
  const connection = new PeerConnection("publisher", { iceServers: [], disableAutoNegotiation: true });
  const sound = new Audio("0", "SendOnly");
  sound.addOpusCodec(111);
  sound.addSSRC(1001, "cname", "stream", "stream-audio");
  const picture = new Video("1", "SendOnly");
  picture.addH264Codec(96);
  picture.addSSRC(1002, "cname", "stream", "stream-video");
  const [audio, video] = [connection.addTrack(sound), connection.addTrack(picture)];
  const held = new DisposableStack();
  const gathered = Promise.withResolvers<void>();
  held.defer(() => {
    audio.close();
    video.close();
    connection.close();
    gathered.resolve();
  });
  connection.onStateChange((state) => {
    if (["disconnected", "failed", "closed"].includes(state)) setImmediate(() => held.dispose());
  });
  // As offerer the library loses an answer that comes before it has gathered.
  connection.onGatheringStateChange((state) => state === "complete" && gathered.resolve());
  connection.setLocalDescription("offer");
  return {
    offerSdp: withoutCandidates(String(connection.localDescription()?.sdp)),
    accept: async (sdp) => {
      await gathered.promise;
      if (held.disposed) return;
      connection.setRemoteDescription(sdp, "answer");
      held.use(sendClip({ audio, video }));
    },
    [Symbol.dispose]: () => held.dispose(),
  };
}

/**
 * The library may have gathered some already. A hub that knows them checks at once, and is then connected and shaking hands
 * before the library has noted the answer's fingerprint: it refuses the hub and hangs up.
 */
function withoutCandidates(sdp: string): string {
  return sdp.replaceAll(/^a=(candidate:|end-of-candidates).*\r?\n/gm, "");
}

type Sender = Pick<ReturnType<PeerConnection["addTrack"]>, "isOpen" | "sendMessageBinary">;

function sendClip({ audio, video }: { readonly audio: Sender; readonly video: Sender }): Disposable {
  const packetize = createPacketizer("h264");
  const { accessUnits } = clip();
  let [count, sequence] = [0, 0];
  const tick = () => {
    if (!audio.isOpen() || !video.isOpen()) return;
    const n = count++;
    for (const { payload, marker } of packetize(accessUnits[n % accessUnits.length]!)) {
      const head = { payloadType: 96, sequence: sequence++ & 0xffff, timestamp: n * 1800, ssrc: 1002, marker };
      video.sendMessageBinary(serializeRtp({ ...head, payload }) as Buffer);
    }
    const head = { payloadType: 111, sequence: n & 0xffff, timestamp: n * 960, ssrc: 1001, marker: false };
    audio.sendMessageBinary(serializeRtp({ ...head, payload: Uint8Array.of(0xf8, 0xff, 0xfe) }) as Buffer);
  };
  return every(systemClock, 20, () => {
    try {
      tick();
    } catch (error) {
      // The hub hung up between the look and the sending, on another thread.
      if (audio.isOpen() && video.isOpen()) throw error;
    }
  });
}

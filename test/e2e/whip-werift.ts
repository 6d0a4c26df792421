import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket } from "werift";
import { createPacketizer } from "../../src/protocols/rtp/packetize.ts";
import { codecs, offerLocally } from "./webrtc-werift.ts";

/** A publisher by a second WebRTC implementation: a clip in H.264 and a packet of Opus for each picture. */
export async function weriftPublisher() {
  const connection = new RTCPeerConnection({
    codecs,
    iceServers: [],
    iceUseIpv6: false,
    bundlePolicy: "max-bundle",
    iceAdditionalHostAddresses: ["127.0.0.1"],
  });
  const picture = new MediaStreamTrack({ kind: "video" });
  const sound = new MediaStreamTrack({ kind: "audio" });
  const { sender } = connection.addTransceiver(picture, { direction: "sendonly" });
  connection.addTransceiver(sound, { direction: "sendonly" });
  let keyFrameRequests = 0;
  sender.onPictureLossIndication.subscribe(() => keyFrameRequests++);
  const connected = Promise.withResolvers<void>();
  connection.connectionStateChange.subscribe((state) => state === "connected" && connected.resolve());
  await offerLocally(connection);
  const packetize = createPacketizer("h264");
  let videoSequence = 65_500;
  let count = 0;
  const write = (track: MediaStreamTrack, header: Partial<RtpHeader>, payload: Uint8Array) =>
    track.writeRtp(new RtpPacket(new RtpHeader({ ssrc: 7, ...header }), Buffer.from(payload)));
  return {
    connection,
    connected: connected.promise,
    offerSdp: connection.localDescription!.sdp,
    keyFrameRequests: () => keyFrameRequests,
    send: (frame: Uint8Array) => {
      const timestamp = count * 3600;
      for (const { payload, marker } of packetize(frame)) {
        write(picture, { payloadType: 97, sequenceNumber: videoSequence++ & 0xffff, timestamp, marker }, payload);
      }
      const opus = Uint8Array.of(0x78, 1, 2, 3, count & 0xff);
      write(sound, { payloadType: 111, sequenceNumber: count & 0xffff, timestamp: count * 960 }, opus);
      count++;
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

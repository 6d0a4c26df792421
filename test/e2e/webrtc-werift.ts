import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from "werift";
import { type RtpPacket as Packet, parseRtp } from "../../src/protocols/rtp/packet.ts";

/** Codecs that the test's viewer offers. */
export const codecs = {
  video: [
    new RTCRtpCodecParameters({
      mimeType: "video/H264",
      clockRate: 90_000,
      payloadType: 97,
      parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
      rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }],
    }),
    new RTCRtpCodecParameters({
      mimeType: "video/H265",
      clockRate: 90_000,
      payloadType: 98,
      rtcpFeedback: [{ type: "nack" }, { type: "nack", parameter: "pli" }],
    }),
  ],
  audio: [
    new RTCRtpCodecParameters({ mimeType: "audio/opus", clockRate: 48_000, channels: 2, payloadType: 111 }),
    new RTCRtpCodecParameters({ mimeType: "audio/PCMU", clockRate: 8000, channels: 1, payloadType: 0 }),
  ],
};

/** Options of {@link weriftViewer}. */
export interface WeriftOptions {
  /** What the offer says about DTLS: "actpass" by default. */
  readonly setup?: "actpass" | "active" | "passive";
  readonly onPacket?: (kind: string, packet: Packet) => void;
  /** Each sender report, as RTCP. */
  readonly onReport?: (kind: "video" | "audio", packet: Uint8Array) => void;
}

/** A viewer by a second WebRTC implementation, in pure TypeScript. */
export interface WeriftViewer extends AsyncDisposable {
  readonly connection: RTCPeerConnection;
  readonly connected: Promise<void>;
  readonly offerSdp: string;
  accept(answerSdp: string): Promise<void>;
  /** Sends one Opus packet as its microphone would. */
  speak(packet: { readonly sequence: number; readonly timestamp: number; readonly payload: Uint8Array }): void;
}

/**
 * Makes a connection's offer, and asks nobody on the internet. Told of no STUN server, werift asks Google's: on a machine without a
 * network the offer then waits for the name's address, 5 s when ten are made at once.
 */
export async function offerLocally(connection: RTCPeerConnection): Promise<void> {
  const offer = await connection.createOffer();
  for (const { connection: ice } of connection.iceTransports) delete ice.stunServer;
  await connection.setLocalDescription(offer);
}

/** Makes an offer for a picture to receive and sound both ways. */
export async function weriftViewer(options: WeriftOptions = {}): Promise<WeriftViewer> {
  const connection = new RTCPeerConnection({
    codecs,
    iceServers: [],
    iceUseIpv6: false,
    // Otherwise its second transport is never closed.
    bundlePolicy: "max-bundle",
    iceAdditionalHostAddresses: ["127.0.0.1"],
  });
  const microphone = new MediaStreamTrack({ kind: "audio" });
  connection.addTransceiver("video", { direction: "recvonly" });
  connection.addTransceiver(microphone, { direction: "sendrecv" });
  connection.onTrack.subscribe((track) => {
    track.onReceiveRtp.subscribe((packet) => options.onPacket?.(track.kind, parseRtp(packet.serialize())));
    const kind = track.kind === "video" ? "video" : "audio";
    track.onReceiveRtcp.subscribe((packet) => options.onReport?.(kind, packet.serialize()));
  });
  const connected = Promise.withResolvers<void>();
  connection.connectionStateChange.subscribe((state) => {
    if (state === "connected") connected.resolve();
  });
  await offerLocally(connection);
  const offerSdp = connection.localDescription!.sdp.replaceAll(
    "a=setup:actpass",
    `a=setup:${options.setup ?? "actpass"}`,
  );
  return {
    connection,
    connected: connected.promise,
    offerSdp,
    accept: (sdp) => connection.setRemoteDescription({ type: "answer", sdp }),
    speak: ({ sequence, timestamp, payload }) => {
      const header = new RtpHeader({ sequenceNumber: sequence, timestamp, payloadType: 111, ssrc: 1 });
      microphone.writeRtp(new RtpPacket(header, Buffer.from(payload)));
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

import { randomInt } from "node:crypto";
import { splitAnnexB } from "../../codecs/annexb.ts";
import { nalFacts } from "../../codecs/nal.ts";
import type { AudioFormat, NalCodec, VideoCodec } from "../../media/format.ts";
import { serializeRtp } from "../../protocols/rtp/packet.ts";
import { createPacketizer } from "../../protocols/rtp/packetize.ts";
import type { RtpPayload } from "../../protocols/rtp/payload.ts";
import { serializeRtcp } from "../../protocols/rtp/rtcp-write.ts";
import type { Clock } from "../../util/clock.ts";
import type { FakeFaults } from "./fake-faults.ts";

/** A moving picture to serve in a loop. */
export interface FakeVideo {
  readonly codec: VideoCodec;
  /** Access units in Annex B, from a key frame on; JPEG files. */
  readonly accessUnits: readonly Uint8Array[];
  readonly frameRate: number;
  /** How long its encoder takes: pictures leave this much later than their timestamps and reports say. */
  readonly lagMs?: number;
}

/** One whose pictures are made of NAL units. */
export type FakeNalVideo = FakeVideo & { readonly codec: NalCodec };

/** Sound to serve in a loop. */
export interface FakeAudio {
  readonly format: AudioFormat;
  /** One RTP packet's worth each. */
  readonly packets: readonly Uint8Array[];
  readonly packetMs: number;
}

/** What a fake camera says of one stream in its description. */
export interface FakeTrack {
  readonly control: string;
  readonly payloadType: number;
  readonly clockRateHz: number;
  /** `a=rtpmap` and `a=fmtp` lines with the `m=` line. */
  readonly sdp: readonly string[];
  readonly units: readonly Uint8Array[];
  readonly unitMs: number;
  readonly lagMs: number;
  /** Payloads of the n-th unit. */
  readonly packetize: (unit: Uint8Array, n: number) => readonly RtpPayload[];
  /** RTP timestamp of the n-th unit, where the clock does not say it. */
  readonly time?: (n: number) => number;
}

/** The track of a picture. `sprop` puts the parameter sets into the description too. */
export function videoTrack(
  video: FakeVideo,
  options: { readonly sprop: boolean; readonly faults?: FakeFaults },
): FakeTrack {
  if (video.codec === "mjpeg") return jpegTrack(video);
  const name = video.codec === "h264" ? "H264" : "H265";
  const fmtp = options.sprop ? `;${spropOf(video, video.codec)}` : "";
  const picture = options.faults?.picture;
  const mode = video.codec === "h264" ? "packetization-mode=1" : "tx-mode=SRST";
  return {
    control: "video",
    payloadType: options.faults?.payloadTypes?.["video"] ?? 96,
    clockRateHz: 90_000,
    sdp: ["m=video 0 RTP/AVP 96", `a=rtpmap:96 ${name}/90000`, `a=fmtp:96 ${mode}${fmtp}`],
    units: video.accessUnits,
    unitMs: 1000 / video.frameRate,
    lagMs: video.lagMs ?? 0,
    packetize: picture ? (unit, n) => picture(splitAnnexB(unit), n) : createPacketizer(video.codec),
    ...(options.faults?.time && { time: options.faults.time }),
  };
}

function jpegTrack({ accessUnits, frameRate, lagMs = 0 }: FakeVideo): FakeTrack {
  return {
    control: "video",
    payloadType: 26,
    clockRateHz: 90_000,
    sdp: ["m=video 0 RTP/AVP 26"],
    units: accessUnits,
    unitMs: 1000 / frameRate,
    lagMs,
    packetize: createPacketizer("mjpeg"),
  };
}

function spropOf(video: FakeVideo, codec: NalCodec): string {
  const facts = nalFacts[codec];
  const sets = splitAnnexB(video.accessUnits[0] ?? new Uint8Array(0)).filter((nal) => facts.setRank(nal) >= 0);
  const base64 = sets.map((nal) => Buffer.from(nal).toString("base64"));
  if (codec === "h264") return `sprop-parameter-sets=${base64.join(",")}`;
  const names = ["vps", "sps", "pps"];
  return sets.map((nal, index) => `sprop-${names[facts.setRank(nal)]}=${base64[index]}`).join(";");
}

/** Lines of a description for sound; also for a back channel. */
export function audioLines(
  format: AudioFormat,
  payloadType: number,
): { readonly map: string[]; readonly rateHz: number } {
  const { codec, sampleRateHz, channels } = format;
  const names = {
    opus: "opus",
    pcmu: "PCMU",
    pcma: "PCMA",
    g722: "G722",
    g726: "G726-32",
    aac: "MPEG4-GENERIC",
    pcm_s16le: "L16",
  };
  const rateHz = codec === "g722" ? 8000 : codec === "opus" ? 48_000 : sampleRateHz;
  const suffix = codec === "opus" ? "/2" : channels > 1 ? `/${channels}` : "";
  const map = [`a=rtpmap:${payloadType} ${names[codec]}/${rateHz}${suffix}`];
  if (codec === "aac") {
    const config = Buffer.from(format.config ?? []).toString("hex");
    map.push(
      `a=fmtp:${payloadType} streamtype=5;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${config}`,
    );
  }
  return { map, rateHz };
}

/** The track of a sound. */
export function audioTrack(audio: FakeAudio, faults: FakeFaults = {}): FakeTrack {
  const payloadType = { pcmu: 0, pcma: 8, g722: 9, g726: 2, opus: 97, aac: 97, pcm_s16le: 97 }[audio.format.codec];
  const { map, rateHz } = audioLines(audio.format, payloadType);
  return {
    control: "audio",
    payloadType: faults.payloadTypes?.["audio"] ?? payloadType,
    clockRateHz: rateHz,
    sdp: [`m=audio 0 RTP/AVP ${payloadType}`, ...map],
    units: audio.packets,
    unitMs: audio.packetMs,
    lagMs: 0,
    packetize: faults.sound ?? createPacketizer(audio.format.codec),
  };
}

/** Where the packets of one viewer go. */
export interface FakeOutlet {
  sendRtp(control: string, packet: Uint8Array): void;
  sendRtcp(control: string, packet: Uint8Array): void;
}

/** How {@link playTracks} plays. */
export interface PlayOptions {
  readonly clock: Clock;
  readonly outlet: FakeOutlet;
  /** Hub time of the first unit. */
  readonly sinceUs: number;
  /** What the camera's clock has counted before that, µs; may change at any moment, as when its time is set. */
  readonly ageUs?: () => number;
}

/**
 * Plays tracks in a loop to one viewer on the clock, with sender reports, until it is disposed. The loop goes on where
 * the camera is, not where the viewer came: a viewer may have to wait for the next key frame.
 */
export function playTracks(tracks: readonly FakeTrack[], options: PlayOptions): Disposable {
  const stack = new DisposableStack();
  for (const track of tracks) stack.use(playTrack(track, options));
  return stack;
}

function playTrack(track: FakeTrack, options: PlayOptions): Disposable {
  const { clock, outlet, sinceUs } = options;
  const ssrc = randomInt(1, 2 ** 32);
  const unitUs = track.unitMs * 1000;
  let sequence = randomInt(0x1_0000);
  let packets = 0;
  const dueUs = (n: number) => sinceUs + n * unitUs + track.lagMs * 1000;
  let index = Math.max(0, Math.floor((clock.nowUs() - dueUs(0)) / unitUs) + 1);
  let reportIndex = index;
  const { ageUs = () => 0 } = options;
  const timestampOf = (n: number) =>
    track.time?.(n) ?? (Math.round(((n * unitUs + ageUs()) * track.clockRateHz) / 1e6) % 2 ** 32) >>> 0;
  const sendUnit = (n: number) => {
    const unit = track.units[n % track.units.length];
    for (const { payload, marker, timestampOffset } of unit ? track.packetize(unit, n) : []) {
      const header = {
        payloadType: track.payloadType,
        marker,
        sequence,
        timestamp: timestampOf(n) + timestampOffset,
        ssrc,
      };
      outlet.sendRtp(track.control, serializeRtp({ ...header, payload }));
      sequence = (sequence + 1) & 0xffff;
      packets++;
    }
  };
  const report = (n: number) => {
    const wallMs = clock.wallMs() - (clock.nowUs() - sinceUs - n * unitUs) / 1000;
    const ntp = BigInt(Math.round(((wallMs / 1000 + 2_208_988_800) * 2 ** 32) / 1024)) * 1024n;
    const counts = { packets, bytes: packets * 100, reports: [] };
    outlet.sendRtcp(
      track.control,
      serializeRtcp([{ type: "sender-report", ssrc, ntp, rtpTimestamp: timestampOf(n), ...counts }]),
    );
  };
  let timer = clock.timer(0, run);
  function run(): void {
    for (; dueUs(index) <= clock.nowUs(); index++) {
      if (index >= reportIndex) {
        report(index);
        reportIndex = index + Math.ceil(5_000_000 / unitUs);
      }
      sendUnit(index);
    }
    timer = clock.timer(Math.max(0, (dueUs(index) - clock.nowUs()) / 1000), run);
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}

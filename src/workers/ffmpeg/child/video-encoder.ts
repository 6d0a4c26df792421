import {
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_NV12,
  AV_PIX_FMT_YUV420P,
  type AVPixelFormat,
  SWS_FAST_BILINEAR,
} from "node-av/constants";
import {
  type Frame as AvFrame,
  Codec,
  CodecContext,
  Dictionary,
  Packet,
  Rational,
  SoftwareScaleContext,
} from "node-av/lib";
import { FatalError } from "../../../util/errors.ts";
import { check, emptyFrame } from "./av.ts";

/** What comes out of an encoder. */
export interface EncodedForm {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fps: number;
  /** Longest time without a key frame; 10 s by default, for whoever needs one asks. */
  readonly longestGopS?: number;
}

/** One encoded picture, Annex B. */
export interface EncodedPicture {
  readonly data: Uint8Array;
  readonly timestampUs: number;
}

/** One of FFmpeg's encoders and how it is set up. */
export interface EncoderKind {
  readonly name: string;
  readonly pixels: AVPixelFormat;
  readonly options: Readonly<Record<string, string>>;
  /** It takes another bit rate while it runs; others begin anew. */
  readonly follows: boolean;
  readonly hardware: boolean;
}

/** The hardware first: of the Raspberry Pi and its like, of Nvidia, of Intel, of Apple; then the processor. */
export const encoderKinds: readonly EncoderKind[] = [
  { name: "h264_v4l2m2m", pixels: AV_PIX_FMT_YUV420P, options: {}, follows: false, hardware: true },
  {
    name: "h264_nvenc",
    pixels: AV_PIX_FMT_YUV420P,
    options: { preset: "p3", tune: "ull", zerolatency: "1", "forced-idr": "1", profile: "baseline" },
    follows: true,
    hardware: true,
  },
  {
    name: "h264_qsv",
    pixels: AV_PIX_FMT_NV12,
    options: { preset: "veryfast", async_depth: "1", forced_idr: "1", low_delay_brc: "1" },
    follows: false,
    hardware: true,
  },
  {
    name: "h264_videotoolbox",
    pixels: AV_PIX_FMT_NV12,
    options: { realtime: "1", prio_speed: "1", profile: "constrained_baseline" },
    follows: false,
    hardware: true,
  },
  {
    name: "libx264",
    pixels: AV_PIX_FMT_YUV420P,
    options: { preset: "superfast", tune: "zerolatency", profile: "baseline", "forced-idr": "1" },
    follows: true,
    hardware: false,
  },
];

const usualGopS = 10;
const microseconds = new Rational(1, 1_000_000);
/** An encoder that begins anew for another bit rate does not for less than this. */
const worthwhile = 0.15;

/**
 * Pictures of any size and kind in, H.264 out: by the first encoder of this machine that does encode a picture. It makes a key
 * frame when it is asked, and follows a bit rate. Its owner disposes it.
 */
export class VideoEncoder implements Disposable {
  /** FFmpeg's name of it. */
  readonly name: string;
  /** Encoders of hardware that FFmpeg has and that were tried before it in vain. */
  readonly refused: readonly string[];
  readonly #kind: EncoderKind;
  readonly #form: EncodedForm;
  readonly #packet = new Packet();
  #context: CodecContext;
  #scaler: SoftwareScaleContext | undefined;
  #scales = "";
  #bitrateBps: number;
  #key = false;

  private constructor(
    kind: EncoderKind,
    made: {
      readonly context: CodecContext;
      readonly form: EncodedForm;
      readonly bps: number;
      readonly refused: readonly string[];
    },
  ) {
    this.#kind = kind;
    this.refused = made.refused;
    this.name = kind.name;
    this.#context = made.context;
    this.#form = made.form;
    this.#bitrateBps = made.bps;
    this.#packet.alloc();
  }

  /** Tries one after the other. Throws FatalError `no-codec` when none encodes. */
  static async open(form: EncodedForm, bitrateBps: number, choice = encoderKinds): Promise<VideoEncoder> {
    const refused: string[] = [];
    for (const kind of choice) {
      const context = (await works(kind)) ? await openContext(kind, form, bitrateBps) : undefined;
      if (context) return new VideoEncoder(kind, { context, form, bps: bitrateBps, refused });
      if (kind.hardware && Codec.findEncoderByName(kind.name as never)) refused.push(kind.name);
    }
    throw new FatalError("FFmpeg has no encoder for H.264 here", { code: "no-codec" });
  }

  /** The next picture is a key frame. */
  keyFrame(): void {
    this.#key = true;
  }

  /** From now on about so many bits per second. */
  async follow(bitrateBps: number): Promise<void> {
    if (this.#kind.follows) setRate(this.#context, bitrateBps);
    else if (Math.abs(bitrateBps / this.#bitrateBps - 1) > worthwhile) {
      const next = await openContext(this.#kind, this.#form, bitrateBps);
      if (!next) return;
      this.#context.freeContext();
      this.#context = next;
    } else return;
    this.#bitrateBps = bitrateBps;
  }

  /** Encodes a picture, whose owner frees it. */
  async encode(picture: AvFrame, timestampUs: number): Promise<EncodedPicture[]> {
    using scaled = this.#fits(picture) ? undefined : this.#scale(picture);
    const fitting = scaled ?? picture;
    fitting.pts = BigInt(timestampUs);
    // A decoded picture says what it was, which an encoder would take for a wish.
    fitting.pictType = this.#key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    this.#key = false;
    check(await this.#context.sendFrame(fitting), "encoding a picture");
    const encoded: EncodedPicture[] = [];
    while ((await this.#context.receivePacket(this.#packet)) >= 0) {
      const { data, pts } = this.#packet;
      if (data) encoded.push({ data: Uint8Array.from(data), timestampUs: Number(pts) });
      this.#packet.unref();
    }
    return encoded;
  }

  [Symbol.dispose](): void {
    this.#packet.free();
    this.#context.freeContext();
    this.#scaler?.freeContext();
  }

  #fits({ width, height, format }: AvFrame): boolean {
    return width === this.#form.widthPx && height === this.#form.heightPx && format === this.#kind.pixels;
  }

  #scale(picture: AvFrame): AvFrame {
    const { widthPx, heightPx } = this.#form;
    const { pixels } = this.#kind;
    const from = `${picture.width}x${picture.height}:${picture.format}`;
    if (!this.#scaler || this.#scales !== from) {
      this.#scaler?.freeContext();
      this.#scaler = new SoftwareScaleContext();
      this.#scales = from;
      const { width, height } = picture;
      const format = picture.format as AVPixelFormat;
      this.#scaler.getContext(width, height, format, widthPx, heightPx, pixels, SWS_FAST_BILINEAR);
    }
    const scaled = blank(this.#form, pixels);
    check(this.#scaler.scaleFrameSync(scaled, picture), "scaling a picture");
    return scaled;
  }
}

const tried = new Map<string, Promise<boolean>>();

/** Whether an encoder is there and gives something: its driver may be missing, or its device another's. Asked once for each. */
function works(kind: EncoderKind): Promise<boolean> {
  const known = tried.get(kind.name) ?? tryOne(kind);
  tried.set(kind.name, known);
  return known;
}

async function tryOne(kind: EncoderKind): Promise<boolean> {
  const form = { widthPx: 640, heightPx: 480, fps: 30 };
  const context = await openContext(kind, form, 1_000_000);
  if (!context) return false;
  using packet = new Packet();
  packet.alloc();
  try {
    for (let n = 0; n < 8; n++) {
      using frame = blank(form, kind.pixels);
      frame.pts = BigInt(n * 33_333);
      if ((await context.sendFrame(frame)) < 0) return false;
      if ((await context.receivePacket(packet)) >= 0) return true;
    }
    return false;
  } finally {
    context.freeContext();
  }
}

async function openContext(
  kind: EncoderKind,
  form: EncodedForm,
  bitrateBps: number,
): Promise<CodecContext | undefined> {
  const codec = Codec.findEncoderByName(kind.name as never);
  if (!codec) return undefined;
  const context = new CodecContext();
  context.allocContext3(codec);
  context.width = form.widthPx;
  context.height = form.heightPx;
  context.pixelFormat = kind.pixels;
  context.timeBase = microseconds;
  context.framerate = new Rational(form.fps, 1);
  context.gopSize = Math.round(form.fps * (form.longestGopS ?? usualGopS));
  context.maxBFrames = 0;
  context.threadCount = 0;
  setRate(context, bitrateBps);
  if ((await context.open2(codec, Dictionary.fromObject({ ...kind.options }))) >= 0) return context;
  context.freeContext();
  return undefined;
}

/** Half a second's worth may come at once: a key frame is some ten times as large as the pictures between. */
function setRate(context: CodecContext, bitrateBps: number): void {
  context.bitRate = BigInt(Math.round(bitrateBps));
  context.rcMaxRate = BigInt(Math.round(bitrateBps));
  context.rcBufferSize = Math.round(bitrateBps / 2);
}

function blank({ widthPx, heightPx }: EncodedForm, pixels: AVPixelFormat): AvFrame {
  const frame = emptyFrame();
  frame.format = pixels;
  frame.width = widthPx;
  frame.height = heightPx;
  check(frame.getBuffer(), "allocating a picture");
  return frame;
}

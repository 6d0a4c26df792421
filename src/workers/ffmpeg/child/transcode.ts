import { type Frame as AvFrame, Codec, CodecContext, Dictionary, Packet } from "node-av/lib";
import { splitAnnexB } from "../../../codecs/annexb.ts";
import { ParameterSetKeeper } from "../../../codecs/video-format.ts";
import { EvenTimes } from "../../../media/even-times.ts";
import type { VideoFormat } from "../../../media/format.ts";
import type { Frame } from "../../../media/frame.ts";
import type { PictureForm } from "../../../media/picture-conversion.ts";
import { bufferOf, check, emptyFrame, present } from "./av.ts";
import { decoderNames, maxPixels } from "./picture.ts";
import { encoderKinds, VideoEncoder } from "./video-encoder.ts";

/** So many bits for each pixel of each picture, within bounds, are enough for a camera's picture. */
const bitsPerPixel = 0.08;
const bitrates = { leastBps: 300_000, mostBps: 6_000_000 };
/** Where a stream does not say. */
const usualFps = 25;
/** Whoever comes later is sent what was kept since the last key frame. */
const longestGopS = 4;

/** What a push is told besides the frame. */
export interface PushContext {
  /** True while it is better to leave a picture out than to encode it. */
  readonly behind: () => boolean;
  readonly onSkip: () => void;
}

/** Frames of any codec of pictures in, H.264 without B pictures out. Its owner disposes it. */
export class Transcoder implements Disposable {
  #encoder: VideoEncoder | undefined;
  #encodes = "";
  /** Before the encoder is there, it begins with one anyway. */
  readonly #keeper = new ParameterSetKeeper("h264");
  readonly #times: EvenTimes | undefined;
  readonly #decoder: CodecContext;
  readonly #packet = new Packet();
  readonly #picture: AvFrame = emptyFrame();
  readonly #source: VideoFormat;
  readonly #form: PictureForm;

  private constructor(decoder: CodecContext, what: { readonly source: VideoFormat; readonly form: PictureForm }) {
    this.#decoder = decoder;
    this.#source = what.source;
    this.#form = what.form;
    this.#times = what.source.reordered ? new EvenTimes() : undefined;
    this.#packet.alloc();
  }

  /** Throws FatalError `no-codec` when FFmpeg does not decode the source. */
  static async open(source: VideoFormat, form: PictureForm): Promise<Transcoder> {
    const codec = present(Codec.findDecoderByName(decoderNames[source.codec] as never), `decoder for ${source.codec}`);
    using held = new DisposableStack();
    const decoder = held.adopt(new CodecContext(), (context) => context.freeContext());
    decoder.allocContext3(codec);
    decoder.threadCount = 1;
    check(await decoder.open2(codec, Dictionary.fromObject({ max_pixels: maxPixels })), `opening ${source.codec}`);
    held.move();
    return new Transcoder(decoder, { source, form });
  }

  /** What comes out, once something did; another object when it has changed. */
  get format(): VideoFormat | undefined {
    return this.#encoder && this.#keeper.complete ? this.#keeper.format : undefined;
  }

  /** FFmpeg's name of what encodes. */
  get encoder(): string | undefined {
    return this.#encoder?.name;
  }

  /** Encoders of hardware that were tried in vain. */
  get refused(): readonly string[] {
    return this.#encoder?.refused ?? [];
  }

  /** The next picture is a key frame. */
  keyFrame(): void {
    this.#encoder?.keyFrame();
  }

  /** What comes out when a frame goes in. A frame that is damaged is passed over. Throws FatalError `no-codec`. */
  async push({ data, timestampUs }: Frame, context: PushContext): Promise<Frame[]> {
    this.#packet.data = bufferOf(data);
    this.#packet.pts = BigInt(timestampUs);
    const sent = await this.#decoder.sendPacket(this.#packet);
    this.#packet.unref();
    const ready: Frame[] = [];
    if (sent < 0) return ready;
    this.#times?.arrived(timestampUs);
    while ((await this.#decoder.receiveFrame(this.#picture)) >= 0) {
      const atUs = this.#times?.next() ?? Number(this.#picture.pts);
      if (context.behind()) context.onSkip();
      else ready.push(...(await this.#encode(atUs)));
    }
    return ready;
  }

  [Symbol.dispose](): void {
    this.#picture.free();
    this.#packet.free();
    this.#encoder?.[Symbol.dispose]();
    this.#decoder.freeContext();
  }

  async #encode(atUs: number): Promise<Frame[]> {
    const encoder = await this.#encoderFor(this.#picture);
    const encoded = await encoder.encode(this.#picture, atUs);
    return encoded.flatMap(({ data, timestampUs }) => {
      const unit = this.#keeper.prepare(splitAnnexB(data));
      return unit ? [{ ...unit, timestampUs }] : [];
    });
  }

  /** The same for all pictures of a size. */
  async #encoderFor({ width, height }: AvFrame): Promise<VideoEncoder> {
    const size = `${width}x${height}`;
    if (this.#encoder && this.#encodes === size) return this.#encoder;
    const form = encodedForm({ width, height }, { heightPx: this.#form.heightPx, fps: this.#source.frameRate });
    const bitrateBps = this.#form.bitrateBps ?? usualBitrateBps(form);
    const choice = this.#form.hardware ? encoderKinds : encoderKinds.filter(({ hardware }) => !hardware);
    const encoder = await VideoEncoder.open(form, bitrateBps, choice);
    this.#encoder?.[Symbol.dispose]();
    this.#encoder = encoder;
    this.#encodes = size;
    return encoder;
  }
}

/** As large as the picture, but not higher than asked for; sizes are even. */
function encodedForm(
  { width, height }: { readonly width: number; readonly height: number },
  { heightPx, fps = usualFps }: { readonly heightPx: number; readonly fps: number | undefined },
) {
  const shrink = Math.min(1, heightPx / height);
  const even = (px: number) => Math.max(16, Math.round((px * shrink) / 2) * 2);
  return { widthPx: even(width), heightPx: even(height), fps: Math.max(1, Math.round(fps)), longestGopS };
}

function usualBitrateBps(form: { readonly widthPx: number; readonly heightPx: number; readonly fps: number }): number {
  const wanted = bitsPerPixel * form.widthPx * form.heightPx * form.fps;
  return Math.round(Math.max(bitrates.leastBps, Math.min(bitrates.mostBps, wanted)));
}

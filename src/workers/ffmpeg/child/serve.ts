import type { Format } from "../../../media/format.ts";
import type { Frame } from "../../../media/frame.ts";
import { DoorwardError, FatalError, messageOf } from "../../../util/errors.ts";
import type { FromChild, StreamFrame, ToChild } from "../messages.ts";
import { quietFfmpeg } from "./av.ts";
import { openCapture } from "./capture.ts";
import { openScene } from "./clip.ts";
import { AudioConversionCore } from "./conversion.ts";
import { openPassThrough } from "./demux.ts";
import { openFile } from "./file.ts";
import { Job } from "./job.ts";
import { keyFrameToJpeg } from "./picture.ts";
import { Transcoder } from "./transcode.ts";

/** While more frames than this wait, pictures are decoded and not encoded. */
const maxBehind = 3;

type Of<Op extends ToChild["op"]> = Extract<ToChild, { op: Op }>;

/**
 * Serves the hub's requests: returns what is to be called for each message. One job's failure ends that job and nothing
 * else.
 */
export function serve(say: (message: FromChild) => void): (message: ToChild) => void {
  quietFfmpeg();
  const jobs = new Map<number, Job>();
  return (message) => {
    const run = starters[message.op as keyof typeof starters] as
      | ((job: Job, message: ToChild) => Promise<void>)
      | undefined;
    if (!run) {
      jobs.get(message.id)?.take(message);
      return;
    }
    const job = new Job(message.id, say);
    jobs.set(message.id, job);
    run(job, message)
      .catch((error: unknown) => say(failure(message.id, error)))
      .finally(() => jobs.delete(message.id));
  };
}

const starters = {
  convert: async (job: Job, { input, output, gain }: Of<"convert">): Promise<void> => {
    using conversion = await AudioConversionCore.open(input, output, gain);
    job.opened({ formats: [conversion.output] });
    for await (const frame of job.pushed()) job.frames(conversion.push(frame));
    if (job.closed) return;
    job.frames(conversion.flush());
    job.end();
  },
  decode: async (job: Job, { path, output, gain, skipBlocks }: Of<"decode">): Promise<void> => {
    const file = await openFile(path ?? (() => job.pull()), { output, gain });
    job.opened({ formats: [file.output], durationUs: file.durationUs });
    let skip = skipBlocks;
    job.end(
      await job.send(file.batches, (frames: Frame[]) => {
        const wanted = frames.slice(skip);
        skip = Math.max(0, skip - frames.length);
        return wanted.map((frame) => ({ ...frame, stream: 0 }));
      }),
    );
  },
  scene: async (job: Job, { scene }: Of<"scene">): Promise<void> => {
    const { formats, batches } = await openScene(scene);
    job.opened({ formats });
    job.end(await job.send(batches, (frames: StreamFrame[]) => frames));
  },
  capture: async (job: Job, { capture }: Of<"capture">): Promise<void> => {
    await using device = await openCapture(capture);
    job.follow((message) => {
      if (message.op === "tune") device.tune(message);
      else if (message.op === "close") device.interrupt();
    });
    job.opened({ formats: [device.format], encoder: device.encoder });
    if (!job.closed) for await (const frame of device.frames) job.frames([frame]);
  },
  transcode: async (job: Job, { format, form }: Of<"transcode">): Promise<void> => {
    using transcoder = await Transcoder.open(format, form);
    job.follow((message) => {
      if (message.op === "tune" && message.keyFrame) transcoder.keyFrame();
    });
    let told: Format | undefined;
    for await (const frame of job.pushed()) {
      const frames = await transcoder.push(frame, {
        behind: () => job.waiting > maxBehind,
        onSkip: () => job.skipped(),
      });
      if (transcoder.format && told !== transcoder.format) {
        told = transcoder.format;
        job.opened({ formats: [told], encoder: transcoder.encoder, refused: transcoder.refused });
      }
      job.frames(frames);
    }
    job.end();
  },
  demux: async (job: Job, { path }: Of<"demux">): Promise<void> => {
    const { formats, durationUs, batches } = await openPassThrough(path);
    job.opened({ formats, durationUs });
    job.end(await job.send(batches, (frames: StreamFrame[]) => frames));
  },
  snapshot: async (job: Job, { format, frame, widthPx }: Of<"snapshot">): Promise<void> => {
    job.opened({ formats: [], picture: await keyFrameToJpeg(format, frame, widthPx) });
    job.end();
  },
};

function failure(id: number, error: unknown): FromChild {
  const code = error instanceof DoorwardError ? error.code : "ffmpeg";
  return { type: "failed", id, fatal: error instanceof FatalError, code, message: messageOf(error) };
}

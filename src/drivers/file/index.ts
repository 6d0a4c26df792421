import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Device, type Driver, defineDriver } from "../../device/driver.ts";
import { FatalError } from "../../util/errors.ts";
import type { FfmpegWorker } from "../../workers/ffmpeg/index.ts";
import { playStreams } from "./play.ts";
import { parseScene } from "./scene.ts";

const config = z.object({
  address: z.string().describe("file:///path/to/movie.mp4, or test: for a made-up camera"),
  loop: z.boolean().default(true).describe("Begin again at the file's end"),
});

/** Configuration of a file as camera. */
export type FileConfig = z.infer<typeof config>;

/**
 * A media file in a loop, its pictures and sound unchanged, or a made-up camera with a running clock. Needs the ffmpeg
 * worker for both: without it every run throws FatalError `no-ffmpeg`.
 */
export default function createFileDriver(deps: { readonly converter: FfmpegWorker }): Driver<FileConfig> {
  return defineDriver<FileConfig>({
    kind: "file",
    summary: "a media file played in a loop, or a made-up camera",
    config,
    can: { talk: "no" },
    schemes: ["file:", "test:"],
    claims: (address) => (address.protocol === "file:" || address.protocol === "test:" ? 2 : 0),
    run: async (device, { address, loop }) => {
      device.phase("connecting");
      const url = URL.canParse(address) ? new URL(address) : undefined;
      if (url?.protocol === "test:") await runScene(device, url, deps.converter);
      else if (url?.protocol === "file:") await runFile(device, { path: pathOf(url), loop }, deps.converter);
      else throw new FatalError("the address of a file begins with file:/// or test:", { code: "bad-address" });
    },
  });
}

async function runScene(device: Device, url: URL, converter: FfmpegWorker): Promise<void> {
  const scene = parseScene(url, { name: device.id, startWallMs: device.clock.wallMs() });
  using streams = await converter.openScene(scene);
  await playStreams(device, streams, { startUs: device.clock.nowUs() });
}

async function runFile(
  device: Device,
  file: { readonly path: string; readonly loop: boolean },
  converter: FfmpegWorker,
): Promise<void> {
  let startUs = device.clock.nowUs();
  do {
    using streams = await converter.openFile(file.path);
    startUs = await playStreams(device, streams, { startUs });
  } while (file.loop && !device.signal.aborted);
  if (!device.signal.aborted) throw new FatalError("the file is at its end", { code: "file-ended" });
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new FatalError("the address of a file is file:///path, with no host", { code: "bad-address", cause: error });
  }
}

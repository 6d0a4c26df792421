import type { Driver } from "../device/driver.ts";
import type { FfmpegWorker } from "../workers/ffmpeg/index.ts";
import elementary from "./elementary/index.ts";
import createFileDriver from "./file/index.ts";
import ingenic from "./ingenic/index.ts";
import mjpeg from "./mjpeg/index.ts";
import rtsp from "./rtsp/index.ts";
import yoosee from "./yoosee/index.ts";

/** Every driver there is; one line each. `converter` is lent to those that need FFmpeg. */
export function createDrivers(deps: { readonly converter: FfmpegWorker }): readonly Driver[] {
  return [yoosee, rtsp, elementary, ingenic, mjpeg, createFileDriver(deps)].map((driver) => driver as Driver);
}

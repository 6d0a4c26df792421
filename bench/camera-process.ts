import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ffmpeg } from "../test/ffmpeg.ts";
import type { CameraKind, FromCamera } from "./camera.ts";
import { temporaryFolder } from "./hub.ts";

/** A scripted camera that runs in a process of its own. Its owner disposes it. */
export interface BenchCamera extends AsyncDisposable {
  readonly address: string;
  /** Which voices its loudspeaker was given since the last call, packet by packet. */
  heard(): Promise<readonly number[]>;
}

/** A moving test picture, 720p25 H.264 of about 1.8 Mbit/s, one group of pictures of `keySeconds` long, as Annex B. */
export function makeClip(keySeconds: number): Buffer {
  const frames = String(keySeconds * 25);
  return ffmpeg([
    ...["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25", "-frames:v", frames, "-pix_fmt", "yuv420p"],
    ...[
      "-c:v",
      "libx264",
      "-preset",
      "ultrafast",
      "-profile:v",
      "baseline",
      "-bf",
      "0",
      "-g",
      frames,
      "-sc_threshold",
      "0",
    ],
    ...["-b:v", "1800k", "-maxrate", "1800k", "-bufsize", "900k", "-f", "h264", "-"],
  ]);
}

/** Starts one. */
export async function startCamera(kind: CameraKind, clip: Buffer): Promise<BenchCamera> {
  await using opened = new AsyncDisposableStack();
  const path = join(opened.use(await temporaryFolder()).path, "clip.h264");
  await writeFile(path, clip);
  const child = fork(new URL("./camera.ts", import.meta.url), [kind, path], { execArgv: [] });
  opened.defer(() => void child.kill("SIGKILL"));
  const [first] = (await once(child, "message")) as [FromCamera];
  if (first.type !== "address") throw new Error("the camera did not start");
  const owned = opened.move();
  return {
    address: first.address,
    heard: async () => {
      child.send({ type: "hear" });
      const [message] = (await once(child, "message")) as [FromCamera];
      return message.type === "heard" ? message.voices : [];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

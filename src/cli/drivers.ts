import type { Driver } from "../device/driver.ts";
import { createDrivers } from "../drivers/index.ts";
import type { FfmpegWorker } from "../workers/ffmpeg/index.ts";
import { createConverter } from "../workers/ffmpeg/index.ts";
import type { CommandContext } from "./command.ts";

/** Every driver, with the converter that some of them need, for a command that runs without a hub. */
export interface OpenDrivers extends AsyncDisposable {
  readonly list: readonly Driver[];
  readonly converter: FfmpegWorker;
}

/** Opens them; nothing is started before it is used. */
export function openDrivers(context: Pick<CommandContext, "clock" | "log">): OpenDrivers {
  const converter = createConverter({ clock: context.clock, log: context.log });
  return {
    list: createDrivers({ converter }),
    converter,
    [Symbol.asyncDispose]: () => converter[Symbol.asyncDispose](),
  };
}

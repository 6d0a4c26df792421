import { messageOf } from "../../../util/errors.ts";
import { serveParent } from "../../process.ts";
import type { FromChild, ToChild } from "../messages.ts";

// The entry of the child process. FFmpeg's libraries are optional: when they do not load, the hub is told once.
const early: ToChild[] = [];
let handle = (message: ToChild): void => {
  early.push(message);
};
const say = serveParent<ToChild, FromChild>({ onMessage: (message) => handle(message) });
try {
  const { serve } = await import("./serve.ts");
  handle = serve(say);
  say({ type: "loaded" });
  for (const message of early) handle(message);
} catch (error) {
  say({ type: "no-ffmpeg", reason: messageOf(error).split("\n")[0] ?? "" });
}

import type { FromChild } from "../messages.ts";

// The entry of the child process. FFmpeg's libraries are optional: when they cannot be loaded, the hub is told once.
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => {});
try {
  const { serve } = await import("./serve.ts");
  serve();
} catch (error) {
  const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  process.send?.({ type: "no-ffmpeg", reason } satisfies FromChild);
}

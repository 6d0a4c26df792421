import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "..");

describe("known faults of what we build on", () => {
  it("an encoder of FFmpeg's worker does not take its process down at the end", async () => {
    const program = `
      const { openScene } = await import(${JSON.stringify(join(root, "src/workers/ffmpeg/child/clip.ts"))});
      const { defaultScene } = await import(${JSON.stringify(join(root, "src/workers/ffmpeg/streams.ts"))});
      const scene = await openScene({ ...defaultScene, widthPx: 64, heightPx: 64, seconds: 0.2 });
      let frames = 0;
      for await (const batch of scene.batches) frames += batch.length;
      process.stdout.write(String(frames));
      process.exit(0);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code, signal] = await once(child, "close");
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.equal(said, "5");
  });

  it("a socket is reset in the one way that does not lose its handle", () => {
    const found = globSync("{src,test,scripts,bin,web/src}/**/*.{ts,mjs,js}", { cwd: root }).filter(
      (file) => !file.includes("pitfalls") && readFileSync(join(root, file), "utf8").includes("resetAndDestroy"),
    );
    assert.deepEqual(found, [join("src", "util", "reset-socket.ts")]);
  });

  it("WebSockets come from a release that tiny fragments cannot exhaust (8.21)", () => {
    const text = readFileSync(join(root, "node_modules", "ws", "package.json"), "utf8");
    const [major = 0, minor = 0] = (JSON.parse(text) as { version: string }).version.split(".").map(Number);
    assert.ok(major > 8 || (major === 8 && minor >= 21), `ws ${major}.${minor}`);
  });
});

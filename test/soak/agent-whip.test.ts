import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { startAgentProcess } from "../e2e/agent-process.ts";
import { until } from "../e2e/hub-rig.ts";
import { temporaryFolder } from "../e2e/page-browser.ts";

const script = join(import.meta.dirname, "../peers/gst-whip-server.py");
const webcam = "capture:lavfi:testsrc2=size=1280x720:rate=30,format=yuyv422,realtime";

test("GStreamer's webrtcbin, as a WHIP server, decodes an agent's picture and sound", { timeout: 60_000 }, async () => {
  await using folder = await temporaryFolder();
  const server = spawn("/usr/bin/python3", [script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const lines = createInterface({ input: server.stdout });
    const [first] = (await once(lines, "line", { signal: AbortSignal.timeout(10_000) })) as [string];
    const address = `http://127.0.0.1:${(JSON.parse(first) as { readonly port: number }).port}`;
    const counts = async () => (await (await fetch(`${address}/`)).json()) as Readonly<Record<string, number>>;
    const state = ["--state", join(folder.path, "agent.json")];
    const media = ["--source", webcam, "--mic", "test"];
    const agent = startAgentProcess(["--whip", `${address}/whip`, ...state, ...media], { DOORWARD_TOKEN: "secret" });
    const ended = once(lines, "line");
    try {
      await until("pictures and sound are decoded", async () => {
        const { H264 = 0, OPUS = 0 } = await counts();
        return H264 > 90 && OPUS > 150;
      });
    } finally {
      await agent[Symbol.asyncDispose]();
    }
    const [last] = (await ended) as [string];
    assert.equal((JSON.parse(last) as { readonly token: string }).token, "Bearer secret");
  } finally {
    server.kill("SIGKILL");
  }
});

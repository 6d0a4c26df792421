import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findGo } from "../../scripts/engine.mjs";
import { systemClock } from "../../src/util/clock.ts";
import { freePort } from "../free-port.ts";

/** `github.com/AlexxIT/go2rtc`, as it was tried. */
const version = "v1.9.14";

/** The folder of go2rtc's sources, as Go's module proxy gives them and Go keeps them. Throws where it gives none. */
export function go2rtcSources(): string {
  const args = ["mod", "download", "-json", `github.com/AlexxIT/go2rtc@${version}`];
  const told = execFileSync(findGo() ?? "go", args, { encoding: "utf8", cwd: "/" });
  return (JSON.parse(told) as { readonly Dir: string }).Dir;
}

/**
 * The program: `GO2RTC`, or built here once (a quarter of a minute), into `node_modules/.cache`. Undefined where there is no Go. Throws where it
 * cannot be built.
 */
export function go2rtcProgram(): string | undefined {
  const given = process.env["GO2RTC"];
  if (given) return given;
  const go = findGo();
  if (!go) return undefined;
  const folder = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "go2rtc");
  const program = join(folder, version);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const built = `${program}.${process.pid}`;
  // In its own folder, not by its name: a proxy may have this version and no list of them.
  execFileSync(go, ["build", "-C", go2rtcSources(), "-trimpath", "-ldflags", "-s -w", "-o", built, "."], {
    env: { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local" },
  });
  renameSync(built, program);
  return program;
}

/** A go2rtc that runs, with one stream, `yard`; ended when disposed. */
export interface Go2rtc extends Disposable {
  /** Its stream as RTSP. */
  readonly address: string;
  /** Has it speak a file of sound through the stream, in this codec of its own names; what it answered where that failed. */
  speak(file: string, codec: "pcmu" | "opus"): Promise<string | undefined>;
}

/** Starts it with this source of its stream; resolves when it answers, throws after 10 s without. */
export async function startGo2rtc(program: string, source: string): Promise<Go2rtc> {
  const folder = mkdtempSync(join(tmpdir(), "doorward-go2rtc-"));
  const [apiPort, rtspPort] = [await freePort(), await freePort()];
  const config = join(folder, "go2rtc.yaml");
  const lines = [
    `api: { listen: "127.0.0.1:${apiPort}" }`,
    `rtsp: { listen: "127.0.0.1:${rtspPort}" }`,
    // Its own servers are those of others.
    'webrtc: { listen: "", ice_servers: [] }',
    `streams: { yard: "${source}" }`,
  ];
  writeFileSync(config, lines.join("\n"));
  const child = spawn(program, ["-c", config], { stdio: "ignore" });
  const api = `http://127.0.0.1:${apiPort}/api`;
  const deadline = AbortSignal.timeout(10_000);
  const answers = () =>
    fetch(api).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await answers())) await systemClock.sleep(50, deadline);
  return {
    address: `rtsp://127.0.0.1:${rtspPort}/yard`,
    speak: async (file, codec) => {
      const sound = encodeURIComponent(`ffmpeg:${file}#audio=${codec}#input=file`);
      const answer = await fetch(`${api}/streams?dst=yard&src=${sound}`, { method: "POST" });
      return answer.ok ? undefined : `${answer.status} ${await answer.text()}`;
    },
    [Symbol.dispose]: () => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

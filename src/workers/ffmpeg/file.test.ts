import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ffmpeg } from "../../../test/ffmpeg.ts";
import { pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { createEspeakEngine } from "../../media/say.ts";
import { silentLog } from "../../util/log.ts";
import type { FfmpegWorker } from "./index.ts";
import { collect, correlation, loudness, openConverter, samplesOf } from "./testing.ts";

let folder = "";
let converter: FfmpegWorker;
const at = (name: string): string => join(folder, name);
const kinds = ["wav", "mp3", "m4a", "ogg", "flac", "mkv", "ts"];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "doorward-file-"));
  const chirp = "aevalsrc=0.4*sin(2*PI*(300+200*t)*t):d=3.01:s=44100";
  const codecs: Readonly<Record<string, string>> = { ogg: "libopus", mkv: "aac" };
  for (const kind of kinds) {
    const codec = codecs[kind];
    ffmpeg(["-f", "lavfi", "-i", chirp, "-ac", "2", ...(codec ? ["-c:a", codec] : []), "-y", at(`a.${kind}`)]);
  }
  converter = openConverter();
});

after(async () => {
  await converter[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function decode(source: Parameters<FfmpegWorker["decodeFile"]>[0], gain = 1): Promise<Frame[]> {
  await using file = await converter.decodeFile(source, { output: pcmFormat(16_000), gain });
  return await collect(file.frames);
}

test("every kind of file gives the sound that Debian's ffmpeg gives, whole, in blocks of 20 ms", async () => {
  for (const kind of kinds) {
    const frames = await decode({ path: at(`a.${kind}`) });
    const theirs = ffmpeg(["-i", at(`a.${kind}`), "-ac", "1", "-ar", "16000", "-f", "s16le", "-"]);
    const wanted = samplesOf([{ data: theirs, timestampUs: 0, key: true }]);
    const ours = samplesOf(frames);
    const { value } = correlation(wanted.subarray(0, 44_000), ours.subarray(0, 46_000), 40);
    assert.ok(value > 0.999, `${kind}: correlation ${value}`);
    const missing = wanted.length - ours.length;
    assert.ok(missing <= 0 && missing > -1200, `${kind}: ${missing} samples fewer than ffmpeg gives`);
    assert.ok(
      frames.every(({ data, timestampUs }, index) => data.length === 640 && timestampUs === index * 20_000),
      kind,
    );
  }
});

test("samples that have the output's shape already come out bit by bit", async () => {
  for (const [rate, source] of [
    [16_000, "anoisesrc=d=2:a=1:r=16000"],
    [16_000, "sine=f=7000:d=1.013:r=16000"],
  ] as const) {
    ffmpeg(["-f", "lavfi", "-i", source, "-ac", "1", "-ar", String(rate), "-c:a", "pcm_s16le", "-y", at("own.wav")]);
    const wanted = ffmpeg(["-i", at("own.wav"), "-f", "s16le", "-"]);
    const ours = Buffer.concat((await decode({ path: at("own.wav") })).map(({ data }) => data));
    assert.deepEqual(ours.subarray(0, wanted.length), wanted);
    assert.ok(ours.length - wanted.length < 640);
  }
});

test("the last block is filled up with silence", async () => {
  const last = (await decode({ path: at("a.wav") })).at(-1);
  assert.equal(last?.data.length, 640);
  assert.ok(loudness(samplesOf([last as Frame]).subarray(0, 150)) > 100);
  assert.equal(loudness(samplesOf([last as Frame]).subarray(170)), 0);
});

test("a stream of bytes: also a container whose index is at its end", async () => {
  for (const kind of kinds) {
    const whole = (await decode({ path: at(`a.${kind}`) })).length;
    const streamed = (await decode({ bytes: createReadStream(at(`a.${kind}`), { highWaterMark: 3000 }) })).length;
    assert.ok(Math.abs(whole - streamed) <= 1, `${kind}: ${streamed} of ${whole} blocks`);
  }
});

test("the pull is the back-pressure: a file that is not read is not decoded ahead", async () => {
  let pulled = 0;
  const wav = ffmpeg(["-f", "lavfi", "-i", "sine=d=60:r=44100", "-f", "wav", "pipe:1"]);
  async function* slowly() {
    for (let offset = 0; offset < wav.length; offset += 4096) {
      pulled += 4096;
      yield wav.subarray(offset, offset + 4096);
    }
  }
  await using file = await converter.decodeFile({ bytes: slowly() }, { output: pcmFormat(8000) });
  const iterator = file.frames[Symbol.asyncIterator]();
  await iterator.next();
  assert.ok(pulled < 500_000, `${pulled} of ${wav.length} bytes were read for the first block`);
  let blocks = 1;
  while (!(await iterator.next()).done) blocks++;
  assert.equal(blocks, 3000);
});

test("what is no sound is told in a sentence", async () => {
  await writeFile(at("noise"), Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) & 255)));
  await writeFile(at("empty"), "");
  await writeFile(at("text"), "hello\n".repeat(500));
  ffmpeg(["-f", "lavfi", "-i", "testsrc2=d=1:size=64x64", "-y", at("silent.mp4")]);
  await assert.rejects(decode({ path: at("nowhere.mp3") }), { name: "FatalError", code: "no-such-file" });
  for (const name of ["noise", "empty", "text", "silent.mp4"]) {
    await assert.rejects(decode({ path: at(name) }), { name: "FatalError", code: "not-audio" }, name);
    await assert.rejects(
      decode({ bytes: createReadStream(at(name)) }),
      { name: "FatalError", code: "not-audio" },
      name,
    );
  }
});

test("a playlist does not make the hub open what it names", async () => {
  await writeFile(at("list.m3u8"), `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n${at("a.ts")}\n#EXT-X-ENDLIST\n`);
  await writeFile(at("list.ffconcat"), `ffconcat version 1.0\nfile ${at("a.wav")}\n`);
  for (const name of ["list.m3u8", "list.ffconcat"]) {
    await assert.rejects(decode({ path: at(name) }), { code: "not-audio" }, name);
  }
});

test("a truncated file plays what there is, ends, and the log says so", async () => {
  const said: string[] = [];
  await using own = openConverter({ log: { ...silentLog, warn: (_fields, message) => said.push(message) } });
  for (const kind of ["wav", "mp3", "ogg", "flac"]) {
    const bytes = await readFile(at(`a.${kind}`));
    await writeFile(at(`cut.${kind}`), bytes.subarray(0, bytes.length >> 1));
    await using file = await own.decodeFile({ path: at(`cut.${kind}`) }, { output: pcmFormat(8000) });
    const { length } = await collect(file.frames);
    assert.ok(length > 40 && length < 110, `${kind}: ${length} blocks`);
  }
  assert.ok(
    said.some((line) => line.includes("cut short")),
    said.join("; "),
  );
});

test("an abort ends the decoding, before and while it runs", async () => {
  await assert.rejects(
    converter.decodeFile({ path: at("a.wav") }, { output: pcmFormat(8000), signal: AbortSignal.abort() }),
    { name: "AbortError" },
  );
  const abort = new AbortController();
  await using file = await converter.decodeFile(
    { path: at("a.wav") },
    { output: pcmFormat(8000), signal: abort.signal },
  );
  const read = async (): Promise<void> => {
    for await (const frame of file.frames) if (frame.timestampUs > 200_000) abort.abort();
  };
  await assert.rejects(read(), { name: "AbortError" });
});

test("a URL: trusted ones are fetched, this machine's addresses are refused to others, redirects too", async () => {
  const wav = await readFile(at("a.wav"));
  const server = createServer((request, response) => {
    if (request.url === "/a.wav") return response.end(wav);
    response.writeHead(request.url === "/moved" ? 302 : 404, { location: "/a.wav" }).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal((await decode({ url: `${base}/a.wav`, trusted: true })).length, 151);
  assert.equal((await decode({ url: `${base}/moved`, trusted: true })).length, 151);
  await assert.rejects(decode({ url: `${base}/gone`, trusted: true }), { code: "no-such-file" });
  await assert.rejects(decode({ url: `${base}/a.wav` }), { code: "refused-address" });
  await assert.rejects(decode({ url: base.replace("127.0.0.1", "localhost") }), { code: "refused-address" });
  await assert.rejects(decode({ url: "file:///etc/passwd" }), { code: "bad-url" });
  server.close();
});

test("spoken text is decoded like a file", async () => {
  const source = await createEspeakEngine().say("The door is open");
  const samples = samplesOf(await decode(source));
  assert.ok(samples.length > 12_000 && samples.length < 60_000, `${samples.length} samples`);
  assert.ok(loudness(samples) > 500);
});

test("a killed worker: a file by path goes on without losing or doubling a block, a stream fails", async () => {
  const whole = samplesOf(await decode({ path: at("a.wav") }));
  const parts: Frame[] = [];
  await using file = await converter.decodeFile({ path: at("a.wav") }, { output: pcmFormat(16_000) });
  for await (const frame of file.frames) {
    parts.push(frame);
    if (parts.length === 40 && converter.pid) process.kill(converter.pid, "SIGKILL");
  }
  assert.deepEqual(samplesOf(parts), whole);
  const stream = await converter.decodeFile({ bytes: createReadStream(at("a.wav")) }, { output: pcmFormat(16_000) });
  const read = async (): Promise<void> => {
    for await (const frame of stream.frames) {
      if (frame.timestampUs === 400_000 && converter.pid) process.kill(converter.pid, "SIGKILL");
    }
  };
  await assert.rejects(read(), { name: "RecoverableError", code: "worker-lost" });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { eventually } from "../../../test/contracts/rig.ts";
import { frameHashes, makeClip } from "../../../test/ffmpeg.ts";
import { clipOf } from "../../../test/rtsp.ts";
import { offerSdp, type Person, publishSub, type Rig, startRig } from "../../../test/web-rig.ts";
import { splitAnnexB } from "../../codecs/annexb.ts";
import { ParameterSetKeeper } from "../../codecs/video-format.ts";
import type { NalCodec } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { type PictureMessage, pictureMessageSchema } from "./messages.ts";
import { type CodedPicture, readPicture } from "./read-picture.ts";

async function open(address = "fake://x/?video", options: Parameters<typeof startRig>[1] = {}) {
  const rig = await startRig({ front: address }, options);
  const root = await rig.person({ name: "Root", administrator: true });
  const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view"] }] });
  return { rig, root, anna };
}

/** Somebody who looks by the socket, and decodes at once unless they are `slow`. */
async function look(rig: Rig, as: Person, options: { readonly query?: string; readonly slow?: boolean } = {}) {
  const { query = "", slow = false } = options;
  const url = `${rig.url.replace("http", "ws")}api/v1/devices/front/pictures${query}`;
  const socket = new WebSocket(url, { headers: { cookie: as.cookie } });
  const said: PictureMessage[] = [];
  const pictures: CodedPicture[] = [];
  const over = once(socket, "close") as Promise<[code: number, reason: Buffer]>;
  const closed = over.then(([code]) => code);
  const why = over.then(([, reason]) => String(reason));
  const say = (message: unknown) => socket.send(JSON.stringify(message));
  const took = () => say({ type: "took", pictures: pictures.length });
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) said.push(pictureMessageSchema.parse(JSON.parse(String(data))));
    else {
      const picture = readPicture(new Uint8Array(data).buffer);
      assert.ok(picture);
      pictures.push(picture);
      if (!slow) took();
    }
  });
  await once(socket, "open");
  return { said, pictures, closed, why, say, took, close: () => socket.close() };
}

interface ClipOptions {
  readonly bFrames: number;
  readonly frames: number;
  readonly keyInterval?: number;
}

/** A stream as a driver writes it: each picture shown 40 ms after the one before, B pictures in the order of decoding. */
function stream(codec: NalCodec, options: ClipOptions) {
  const clip = makeClip({ codec, keyInterval: 25, ...options });
  const keeper = new ParameterSetKeeper(codec);
  const frames = clipOf(codec, [clip]).accessUnits.flatMap((unit, index): Frame[] => {
    const prepared = keeper.prepare(splitAnnexB(unit));
    return prepared ? [{ ...prepared, timestampUs: 1_000_000 + index * 40_000 }] : [];
  });
  return { clip, frames, format: keeper.format };
}

/** What the rig's camera sends from now on. */
function camera(rig: Rig, codec: NalCodec, options: ClipOptions) {
  const made = stream(codec, options);
  const device = rig.camera.running.get("front");
  assert.ok(device);
  const track = device.publish(made.format);
  device.ready();
  return { ...made, track };
}

describe("pictures for who decodes them", () => {
  for (const [codec, name, bFrames] of [
    ["h265", "hvc1.1.6.L60.90", 2],
    ["h264", "avc1.4d400d", 3],
  ] as const) {
    it(`come as the camera made them, from the kept group on: ${codec} with B pictures`, async () => {
      const { rig, anna } = await open("fake://x/?keep");
      await using _ = rig;
      rig.hub.devices.get("front")?.demand("viewer");
      await eventually(() => rig.camera.running.has("front"));
      const { frames, track, clip } = camera(rig, codec, { bFrames, frames: 50 });
      for (const frame of frames.slice(0, 10)) track.write(frame);
      const { pictures, said } = await look(rig, anna);
      await eventually(() => pictures.length === 10);
      for (const frame of frames.slice(10)) track.write(frame);
      await eventually(() => pictures.length === 50);
      const reordered = codec === "h264" ? { reordered: true } : {};
      assert.deepEqual(said, [{ type: "picture", codec, picture: name, widthPx: 320, heightPx: 240, ...reordered }]);
      assert.deepEqual(
        pictures.map(({ key }) => key),
        frames.map(({ key }) => key),
      );
      const sent = Buffer.concat(pictures.map(({ data }) => data));
      assert.deepEqual(frameHashes(sent, codec), frameHashes(clip, codec));
    });
  }

  it("are named to whoever says at WHEP that they decode; others are shown them converted", async () => {
    const { rig, anna } = await open("fake://x/?video&h265");
    await using _ = rig;
    const post = (query: string) =>
      rig.call("POST", `/whep/front${query}`, {
        as: anna,
        headers: { "content-type": "application/sdp" },
        body: offerSdp,
      });
    const named = await post("?decodes=yes");
    assert.equal(named.status, 300);
    assert.deepEqual(named.json["fields"], { codec: "h265", why: "codec" });
    assert.equal(rig.conversions.pictures, 0);
    assert.equal((await post("")).status, 201);
    assert.equal(rig.conversions.pictures, 1);
  });

  it("are named as soon as the first of them show in which order they come, where the parameter sets leave that open", async () => {
    const { rig, anna } = await open("fake://x/?keep");
    await using _ = rig;
    rig.hub.devices.get("front")?.demand("viewer");
    await eventually(() => rig.camera.running.has("front"));
    const { reordered: _later, ...format } = stream("h264", { bFrames: 3, frames: 10 }).format;
    assert.equal(format.mayReorder, true);
    const track = rig.camera.running.get("front")!.publish(format);
    track.write({ data: Uint8Array.of(0, 0, 0, 1, 0x65), key: true, timestampUs: 1 });
    const headers = { "content-type": "application/sdp" };
    const answer = rig.call("POST", "/whep/front?decodes=yes", { as: anna, headers, body: offerSdp });
    await eventually(
      () => rig.web.viewings !== undefined && rig.hub.devices.get("front")!.track("video")!.readerCount > 0,
    );
    track.write({ data: Uint8Array.of(0, 0, 0, 1, 0x41), key: false, timestampUs: 2 });
    track.updateFormat({ ...format, reordered: true });
    assert.equal((await answer).json["fields"] !== undefined && (await answer).status, 300);
  });

  it("come at once where it is not known yet in which order they are shown", async (test) => {
    const { rig, anna } = await open("fake://x/?keep");
    await using _ = rig;
    rig.hub.devices.get("front")?.demand("viewer");
    await eventually(() => rig.camera.running.has("front"));
    const { reordered: _later, ...format } = stream("h264", { bFrames: 3, frames: 10 }).format;
    const track = rig.camera.running.get("front")!.publish(format);
    track.write({ data: Uint8Array.of(0, 0, 0, 1, 0x65), key: true, timestampUs: 1 });
    const read = test.mock.method(rig.hub.devices.get("front")!.track("video")!, "read");
    const { pictures } = await look(rig, anna);
    await eventually(() => pictures.length === 1);
    assert.equal(read.mock.callCount(), 1, "by the viewer alone");
  });

  it("count as a viewing, are written down as one, and end with the rights", async () => {
    const { rig, root, anna } = await open("fake://x/?video", { whep: { maxViewersPerUser: 2 } });
    await using _ = rig;
    const first = await look(rig, anna);
    await eventually(() => first.pictures.length === 1);
    const second = await look(rig, anna);
    await eventually(() => second.pictures.length === 1);
    const third = await look(rig, anna);
    assert.equal(await third.closed, 4003);
    assert.equal(third.said[0]?.type === "refused" && third.said[0].problem.code, "too-many-viewers");
    assert.deepEqual(
      rig.identity.audit.list().map(({ actor, action, subject }) => `${actor} ${action} ${subject}`),
      ["Anna view front"],
    );
    second.close();
    await eventually(() => rig.web.viewings.size === 1);
    await rig.call("PATCH", `/api/v1/users/${anna.id}`, { as: root, body: { grants: [] } });
    assert.equal(await first.closed, 4000);
    assert.equal(await first.why, "rights-changed");
    assert.equal(rig.web.viewings.size, 0);
    const refused = await look(rig, anna);
    await refused.closed;
    assert.equal(refused.said[0]?.type === "refused" && refused.said[0].problem.status, 404);
  });

  it("are refused with the reason where the right to them ends while they begin", async (test) => {
    const { rig, anna } = await open();
    await using _ = rig;
    const device = rig.hub.devices.get("front")!;
    using _wanted = device.demand("viewer");
    await eventually(() => device.track("video") !== undefined);
    const track = device.track("video")!;
    const read = track.read.bind(track);
    test.mock.method(track, "read", (options: Parameters<typeof read>[0]) => {
      test.mock.method(rig.identity.policy, "allows", () => false);
      return read(options);
    });
    const { said, closed } = await look(rig, anna);
    assert.equal(await closed, 4003);
    const refusal = said.at(-1);
    assert.equal(refusal?.type === "refused" && refusal.problem.status, 404);
    assert.equal(track.readerCount, 0);
  });

  it("are for nobody who is not signed in, and of no device that there is not", async () => {
    const { rig, anna } = await open();
    await using _ = rig;
    const url = `${rig.url.replace("http", "ws")}api/v1/devices/`;
    const [error] = (await once(new WebSocket(`${url}front/pictures`), "error")) as [Error];
    assert.match(error.message, /401/);
    const socket = new WebSocket(`${url}other/pictures`, { headers: { cookie: anna.cookie } });
    const [data] = await once(socket, "message");
    assert.match(String(data), /"code":"not-found"/);
  });

  it("wait for who is slow, and go on with the newest group of pictures", async () => {
    const { rig, anna } = await open("fake://x/?keep");
    await using _ = rig;
    rig.hub.devices.get("front")?.demand("viewer");
    await eventually(() => rig.camera.running.has("front"));
    const { frames, track } = camera(rig, "h264", { bFrames: 0, frames: 200 });
    track.write(frames[0]!);
    const slow = await look(rig, anna, { slow: true });
    await eventually(() => slow.pictures.length === 1);
    for (const frame of frames.slice(1)) track.write(frame);
    await eventually(() => slow.pictures.length === 60);
    slow.took();
    await eventually(() => slow.pictures.length === 60 + 25);
    const next = slow.pictures[60];
    assert.equal(next?.key, true);
    assert.deepEqual(next?.data, new Uint8Array(frames[175]!.data), "of the last of the groups");
  });

  it("begin a group once that is longer than what may be behind", async () => {
    const { rig, anna } = await open("fake://x/?keep");
    await using _ = rig;
    rig.hub.devices.get("front")?.demand("viewer");
    await eventually(() => rig.camera.running.has("front"));
    const { frames, track } = camera(rig, "h264", { bFrames: 0, frames: 200, keyInterval: 100 });
    track.write(frames[0]!);
    const slow = await look(rig, anna, { slow: true });
    await eventually(() => slow.pictures.length === 1);
    for (const frame of frames.slice(1)) track.write(frame);
    await eventually(() => slow.pictures.length === 60);
    slow.say({ type: "took", pictures: 0 });
    slow.took();
    await eventually(() => slow.pictures.length === 120);
    slow.took();
    await eventually(() => slow.pictures.length === 60 + 100);
    assert.deepEqual(slow.pictures[60]?.data, new Uint8Array(frames[100]!.data));
  });

  it("turn to the small picture and back, on the same socket", async () => {
    const { rig, anna } = await open("fake://x/?video&sub=late");
    await using _ = rig;
    const { pictures, said, say } = await look(rig, anna);
    await eventually(() => pictures.length === 1);
    say({ type: "rendition", rendition: "sub" });
    await eventually(() => rig.camera.running.has("front/sub"));
    publishSub(rig.camera.running.get("front/sub")!, "h265");
    await eventually(() => said.length === 3);
    assert.deepEqual(
      said.map((one) => (one.type === "picture" ? one.codec : one)),
      ["h264", "h265", { type: "rendition", wanted: "sub", shown: "sub" }],
    );
  });

  it("end for whoever says what is not understood, or too much", async () => {
    const { rig, anna } = await open();
    await using _ = rig;
    const babbler = await look(rig, anna);
    babbler.say({ type: "hello" });
    assert.equal(await babbler.closed, 1008);
    const flood = await look(rig, anna);
    for (let n = 0; n < 150; n++) flood.say({ type: "took", pictures: 0 });
    assert.equal(await flood.closed, 1008);
  });
});

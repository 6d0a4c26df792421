import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../../test/contracts/rig.ts";
import { offerSdp, type Person, publishSub, type Rig, startRig } from "../../../test/web-rig.ts";

const sdp = { "content-type": "application/sdp" };
const mute = offerSdp.replace(/m=audio[\s\S]*?(?=m=|$)/, "");

async function open(address: string) {
  const rig = await startRig({ yard: address });
  await rig.person({ name: "Root", administrator: true });
  const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view", "listen"] }] });
  return { rig, anna };
}

async function watch(rig: Rig, as: Person, rendition?: string, body = mute): Promise<string> {
  const query = rendition === undefined ? "" : `?rendition=${rendition}`;
  const answer = await rig.call("POST", `/whep/yard${query}`, { as, headers: sdp, body });
  assert.equal(answer.status, 201, answer.text);
  return answer.headers.get("location") ?? "";
}

const turn = (rig: Rig, as: Person, session: string, rendition: string) =>
  rig.call("PATCH", `${session}/rendition`, {
    as,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ rendition }),
  });

/** What a viewer began with and was turned to. */
const pictures = (rig: Rig) => {
  const [viewer] = rig.webrtc.viewers;
  return [viewer?.request.video, ...(viewer?.shown ?? [])].map((track) =>
    track?.id.includes("/sub/") ? "sub" : "main",
  );
};

describe("the small picture by WHEP", () => {
  it("opens the small source alone for who wants the small picture, and the large one alone otherwise", async () => {
    const { rig, anna } = await open("fake://x/?video&sub");
    await using _ = rig;
    const session = await watch(rig, anna, "sub");
    assert.deepEqual([...rig.camera.running.keys()], ["yard/sub"]);
    assert.equal(rig.hub.devices.get("yard")?.state.phase, "live");
    await rig.call("DELETE", session, { as: anna });
    await watch(rig, anna);
    assert.ok(rig.camera.running.has("yard"));
    assert.equal(rig.webrtc.viewers[1]?.request.video?.id, "yard/main/video");
  });

  it("turns a session to the large picture and back, and tells which is shown", async () => {
    const { rig, anna } = await open("fake://x/?video&sub");
    await using _ = rig;
    const session = await watch(rig, anna, "sub");
    const large = await turn(rig, anna, session, "main");
    assert.deepEqual(large.json, { wanted: "main", shown: "main" });
    const small = await turn(rig, anna, session, "sub");
    assert.deepEqual(small.json, { wanted: "sub", shown: "sub" });
    assert.deepEqual(pictures(rig), ["sub", "main", "sub"]);
    assert.equal((await turn(rig, anna, session, "huge")).status, 400);
    const eve = await rig.person({ name: "Eve", grants: [{ scope: "*", rights: ["view"] }] });
    assert.equal((await turn(rig, eve, session, "main")).status, 404);
  });

  it("takes the sound from the device, whichever picture is shown", async () => {
    const { rig, anna } = await open("fake://x/?video&audio=opus&sub");
    await using _ = rig;
    await watch(rig, anna, "sub", offerSdp);
    const [viewer] = rig.webrtc.viewers;
    assert.equal(viewer?.request.audio?.id, "yard/main/audio");
    assert.equal(viewer?.request.video?.id, "yard/sub/main/video");
  });

  it("shows the large one while the small one has not come, and turns when it does", async () => {
    const { rig, anna } = await open("fake://x/?video&sub=late");
    await using _ = rig;
    await watch(rig, anna, "sub");
    const [viewer] = rig.webrtc.viewers;
    assert.equal(viewer?.request.video?.id, "yard/main/video");
    const small = rig.camera.running.get("yard/sub");
    assert.ok(small, "it is looked for all the same");
    publishSub(small);
    await viewer?.turned(1);
    assert.deepEqual(pictures(rig), ["main", "sub"]);
  });

  it("begins with the large one where the small one turns out to have B pictures", async () => {
    const { rig, anna } = await open("fake://x/?video&sub=late");
    await using _ = rig;
    const session = watch(rig, anna, "sub");
    await eventually(() => rig.camera.running.has("yard/sub"));
    const format = { kind: "video", codec: "h264", parameterSets: [], mayReorder: true } as const;
    const track = rig.camera.running.get("yard/sub")!.publish(format);
    track.write({ data: Uint8Array.of(0, 0, 0, 1, 0x65), key: true, timestampUs: 1 });
    rig.camera.running.get("yard/sub")!.ready();
    await eventually(() => rig.hub.devices.get("yard")!.sub!.track("video")!.readerCount > 0);
    track.updateFormat({ ...format, reordered: true });
    await session;
    assert.equal(pictures(rig)[0], "main");
    assert.equal(rig.web.viewings.size, 1);
  });

  for (const kind of ["none", "lost"])
    it(`shows the large one where the small one is ${kind}`, async () => {
      const { rig, anna } = await open(`fake://x/?video&sub=${kind}`);
      await using _ = rig;
      await watch(rig, anna, "sub");
      assert.deepEqual(pictures(rig), ["main"]);
      const { renditions } = rig.hub.devices.get("yard")?.info() ?? {};
      assert.equal(renditions === undefined, kind === "none", "what is not there is not offered");
    });

  it("goes over to the large one when the small one is lost while it is shown, and back", async () => {
    const { rig, anna } = await open("fake://x/?video&sub");
    await using _ = rig;
    await watch(rig, anna, "sub");
    const [viewer] = rig.webrtc.viewers;
    rig.camera.lose("yard/sub");
    await viewer?.turned(1);
    await viewer?.turned(2);
    assert.deepEqual(pictures(rig), ["sub", "main", "sub"]);
  });

  it("refuses to turn to another codec, and goes on", async () => {
    const { rig, anna } = await open("fake://x/?video&sub=h265");
    await using _ = rig;
    const session = await watch(rig, anna, "main", `${mute}a=rtpmap:99 H265/90000\r\n`);
    const refused = await turn(rig, anna, session, "sub");
    assert.equal(refused.status, 409);
    assert.equal(refused.json.code, "codec-differs");
    assert.equal(rig.web.viewings.size, 1);
    assert.deepEqual((await turn(rig, anna, session, "main")).json, { wanted: "main", shown: "main" });
  });

  it("shows the small H.264 as it comes to who cannot show the large H.265, and converts what they ask for by name", async () => {
    const { rig, anna } = await open("fake://x/?video&h265&sub");
    await using _ = rig;
    await watch(rig, anna);
    assert.deepEqual(pictures(rig), ["sub"]);
    assert.equal(rig.conversions.pictures, 0);
    await watch(rig, anna, "main");
    assert.equal(rig.webrtc.viewers[1]?.request.video?.id, "yard/main/video>h264");
  });

  it("names a large picture to who decodes it, and goes on with the small one", async () => {
    const { rig, anna } = await open("fake://x/?video&h265&sub");
    await using _ = rig;
    const session = await watch(rig, anna, "sub&decodes=yes");
    const named = await turn(rig, anna, session, "main");
    assert.deepEqual([named.status, named.json.code], [300, "decodable"]);
    assert.deepEqual(named.json["fields"], { codec: "h265", why: "codec" });
    assert.deepEqual((await turn(rig, anna, session, "sub")).json, { wanted: "sub", shown: "sub" });
    assert.deepEqual(pictures(rig), ["sub"]);
    assert.equal(rig.conversions.pictures, 0);
  });

  it("turns a session to a large picture that is converted for it", async () => {
    const { rig, anna } = await open("fake://x/?video&h265&sub");
    await using _ = rig;
    const session = await watch(rig, anna, "sub");
    assert.deepEqual((await turn(rig, anna, session, "main")).json, { wanted: "main", shown: "main" });
    assert.equal(rig.webrtc.viewers[0]?.shown[0]?.id, "yard/main/video>h264");
  });
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { offerSdp, startRig } from "../../../test/web-rig.ts";

it("the microphone that has been idle for longest makes room for another, one that speaks never", async () => {
  await using rig = await startRig({ front: "fake://x/?video&speaker" });
  const anna = await rig.person({ name: "Anna", administrator: true });
  const offer = () =>
    rig.call("POST", "/voice", { as: anna, headers: { "content-type": "application/sdp" }, body: offerSdp });
  const connect = async () => {
    const answer = await offer();
    assert.equal(answer.status, 201, answer.text);
    return answer.headers.get("location")?.split("/").at(-1) ?? "";
  };
  const is = (id: string) => rig.hub.voices.get(id, anna.id) !== undefined;
  const speak = (id: string) => rig.hub.voices.get(id, anna.id)?.track.read();
  const ids: string[] = [];
  for (let n = 0; n < 16; n++) ids.push(await connect());
  speak(ids[0] ?? "");
  ids.push(await connect());
  assert.deepEqual(ids.map(is), [true, false, ...Array(15).fill(true)]);
  for (const id of ids.slice(2)) speak(id);
  const refused = await offer();
  assert.equal(refused.status, 429);
  assert.match(refused.text, /16 of your microphones are speaking/);
});

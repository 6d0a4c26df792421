import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { eventually } from "../../../test/contracts/rig.ts";
import { offerSdp, type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { ManualClock } from "../../util/clock.ts";
import { histogramText } from "./histogram-text.ts";

const packet = { data: Uint8Array.of(1, 2, 3, 4, 5), timestampUs: 0, key: true, durationUs: 20_000 };

async function watch(rig: Rig, as: Person, query = "") {
  const headers = { "content-type": "application/sdp" };
  const answer = await rig.call("POST", `/whep/front${query}`, { as, headers, body: offerSdp });
  assert.equal(answer.status, 201, answer.text);
  return (answer.headers.get("location") ?? "").split("/").at(-1) ?? "";
}

describe("how long people wait", () => {
  it("is counted for talks by hold and by sound, for rings, and for viewers", async () => {
    const clock = new ManualClock();
    await using rig = await startRig({ front: "fake://x/?video&speaker&audio=opus" }, { clock });
    const anna = await rig.person({ name: "Anna", administrator: true });
    const { times, turns, voices, calls } = rig.hub;
    using _demand = rig.hub.devices.get("front")?.demand();
    const numbers = async () => (await rig.call("GET", "/metrics", { as: anna })).text;

    using voice = voices.open({ owner: anna.id });
    using turn = turns.take({
      to: ["device:front"],
      talker: { id: anna.id, name: "Anna" },
      priority: 0,
      queue: false,
      source: { live: true, voice: voice.track },
      onState: () => {},
    });
    await clock.advance(120);
    voice.write(packet);
    await eventually(() => times.talk.hold.count === 1);
    voice.write(packet);
    turn.finish();
    await eventually(() => turns.holder("front").holder === undefined);

    await watch(rig, anna, "?talk=auto");
    rig.webrtc.viewers.at(-1)?.say(packet);
    await eventually(() => times.talk.sound.count === 1);
    assert.equal(times.offerToFrame.count, 0, "nothing was sent to the scripted viewer");

    const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, { headers: { cookie: anna.cookie } });
    await once(socket, "open");
    await eventually(() => calls.present().some(({ name }) => name === "Anna"));
    calls.ring({ from: "front" });
    calls.ring({ from: "front" });
    assert.equal(times.ringToEvent.count, 1);
    socket.close();

    const text = await numbers();
    assert.match(text, /doorward_talk_to_speaker_seconds_bucket\{by="hold",le="0\.1"\} 0/);
    assert.match(text, /doorward_talk_to_speaker_seconds_bucket\{by="hold",le="0\.15"\} 1/);
    assert.match(text, /doorward_talk_to_speaker_seconds_count\{by="sound"\} 1/);
    assert.match(text, /doorward_ring_to_event_seconds_bucket\{le="0\.001"\} 1/);
    assert.match(text, /# TYPE doorward_offer_to_first_frame_seconds histogram/);
  });

  it("is written as Prometheus reads it", () => {
    const counts = { bounds: [0.5, 1], counts: [1, 2], count: 3, sumS: 4.5 };
    assert.deepEqual(histogramText("a_seconds", { help: "How long", series: [{ label: 'by="b"', counts }] }), [
      "# HELP a_seconds How long",
      "# TYPE a_seconds histogram",
      'a_seconds_bucket{by="b",le="0.5"} 1',
      'a_seconds_bucket{by="b",le="1"} 2',
      'a_seconds_bucket{by="b",le="+Inf"} 3',
      'a_seconds_sum{by="b"} 4.5',
      'a_seconds_count{by="b"} 3',
    ]);
  });
});

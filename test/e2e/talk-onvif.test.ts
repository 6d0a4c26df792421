import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { correlatePieces } from "../correlate.ts";
import { startGstServer } from "../peers/gst.ts";
import { startRig, until } from "./hub-rig.ts";
import { microphoneWav, onset, openTalkPage, samplesOf, words } from "./talk-rig.ts";

// Runs quietly: measures from mouth to ear.

const picture =
  "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! x264enc tune=zerolatency key-int-max=15 ! video/x-h264,profile=constrained-baseline ! rtph264pay name=pay0 pt=96";
const sink = "audioconvert ! audio/x-raw,format=S16LE,rate=8000,channels=1 ! fdsink fd=1 sync=false async=false";
const backchannel = `( capsfilter caps="application/x-rtp, media=audio, payload=0, clock-rate=8000, encoding-name=PCMU" name=depay_backchannel ! rtppcmudepay ! mulawdec ! ${sink} )`;

describe("from Chromium's microphone to GStreamer's ONVIF server", () => {
  it("brings the words out of the server's back channel, and gives it back", { timeout: 150_000 }, async (t) => {
    const rateHz = 8000;
    const text = "The parcel is at the door. Please put it behind the green gate.";
    const said = words(text, { rateHz });
    const microphone = microphoneWav(words(text, { rateHz: 48_000 }), { rateHz: 48_000, before: 1, after: 1 });
    await using server = await startGstServer({
      launch: `( ${picture} )`,
      backchannel,
      username: "viewer",
      password: "secret",
    });
    const chunks: { readonly atMs: number; readonly samples: Int16Array }[] = [];
    server.sound.on("data", (chunk: Buffer) => {
      chunks.push({ atMs: systemClock.wallMs(), samples: samplesOf(chunk) });
    });
    const heard = () => Int16Array.from(chunks.flatMap(({ samples }) => [...samples]));
    await using rig = await startRig(
      `devices:\n  door: { address: "${server.address}", username: viewer, password: secret }\n`,
    );
    await using talk = await openTalkPage(rig, { device: "door", microphone });
    const gone = server.gone();
    await talk.page.keyboard.down(" ");
    await talk.barSays("Speak now");
    assert.equal(rig.running.hub.turns.holder("door").holder?.name, "Anna");
    await until("the words came out of the server", async () => {
      const all = heard();
      const from = onset(all);
      return from >= 0 && all.length - from >= said.length;
    });
    await talk.page.keyboard.up(" ");
    await until("the floor is free", async () => rig.running.hub.turns.holder("door").holder === undefined);
    await until("the back channel is given back", async () => server.gone() > gone);
    const { correlation } = correlatePieces(said, heard(), { pieceSamples: rateHz / 4, spreadSamples: rateHz / 2 });
    const [voiceMs = 0] = await talk.voices();
    const first = chunks.find(({ samples }) => onset(samples) >= 0);
    const delayMs = (first?.atMs ?? 0) - voiceMs;
    t.diagnostic(`correlation ${correlation.toFixed(2)}, mouth to ear ${delayMs.toFixed(0)} ms`);
    assert.ok(correlation > 0.5, `correlation ${correlation}`);
    assert.ok(delayMs < 1000, `delay ${delayMs} ms`);
    assert.equal(rig.running.hub.devices.get("door")?.state.phase, "live", "the picture went on");
  });
});

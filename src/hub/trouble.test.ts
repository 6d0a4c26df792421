import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutAddress } from "./trouble.ts";

test("a sentence for people who only watch does not say where the camera stands", () => {
  const address = "rtsp://cam-1.lan:8554/live/ch0?x=1";
  for (const [told, kept] of [
    ["nothing listens at cam-1.lan:8554", "nothing listens at its address"],
    ["there is no machine called cam-1.lan", "there is no machine called its address"],
    ["the connection to 192.168.1.20:554 broke: ECONNRESET", "the connection to its address broke: ECONNRESET"],
    ["connect ETIMEDOUT 10.0.0.7", "connect ETIMEDOUT its address"],
    ["the camera at [fd12:3456::7]:554 refuses", "the camera at its address refuses"],
    ["connect EHOSTUNREACH fd12:3456:789a:1::7", "connect EHOSTUNREACH its address"],
    ["other.lan:12345 does not answer", "it does not answer"],
    ["moved to rtsp://10.0.0.9/x: not followed", "moved to its address not followed"],
    ["no stream at /live/ch0", "no stream at its address"],
    ["no picture for 12 s at 16:30", "no picture for 12 s at 16:30"],
  ] as const) {
    const said = withoutAddress(told, address);
    assert.doesNotMatch(said, /cam-1|192\.168|10\.0\.0|fd12|other\.lan|live/, told);
    if (!told.includes("16:30")) assert.equal(said.replace(/\s+/g, " "), kept);
  }
  assert.equal(
    withoutAddress("the camera refused the password", "rtsp://10.0.0.1/"),
    "the camera refused the password",
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { convertedOf, isForDecoder, sayConverted, sayDecoded, sayNotConverted, sayTaken } from "./picture-words.ts";

test("a picture that is converted says so, and why", () => {
  const told = convertedOf("h265; why=codec");
  assert.deepEqual(told, { codec: "h265", why: "codec" });
  assert.equal(told && sayConverted(told), "Converted by the hub: this browser cannot show H.265.");
  assert.equal(
    sayConverted({ codec: "h264", why: "reordered" }),
    "Converted by the hub: this browser cannot show B-frames.",
  );
  assert.equal(
    sayConverted({ codec: "h264", why: "profile" }),
    "Converted by the hub: this browser cannot show this kind of H.264.",
  );
  assert.equal(
    sayConverted({ codec: "h264", why: "no-keys" }),
    "Converted by the hub: the camera sends no whole pictures.",
  );
  for (const other of [null, "", "h265", "h265; why=other", "<b>; why=codec"])
    assert.equal(convertedOf(other), undefined);
});

test("a picture that this browser was to decode says what became of it", () => {
  const h265 = { codec: "h265", why: "codec" } as const;
  assert.equal(
    sayConverted({ ...h265, tried: "faults" }),
    "Converted by the hub: this browser failed to decode H.265.",
  );
  assert.equal(
    sayConverted({ ...h265, tried: "slow" }),
    "Converted by the hub: this browser is too slow to decode H.265.",
  );
  assert.equal(sayDecoded(h265), "Decoded by this browser: WebRTC brings no H.265 to it.");
  assert.equal(
    sayDecoded({ codec: "h264", why: "reordered" }),
    "Decoded by this browser: WebRTC does not show B-frames.",
  );
  assert.equal(
    sayDecoded({ codec: "h264", why: "profile" }),
    "Decoded by this browser: WebRTC does not show this kind of H.264.",
  );
  assert.ok(isForDecoder({ code: "decodable" }));
  assert.ok(!isForDecoder({ code: "codec-unsupported" }));
});

test("single pictures say why there are no more, and how old they are", () => {
  const h265 = { codec: "h265", why: "codec" } as const;
  assert.deepEqual(sayNotConverted({ ...h265, reason: "busy" }), [
    "This browser cannot show H.265.",
    "The hub converts as many pictures as it may.",
  ]);
  assert.equal(sayNotConverted({ ...h265, reason: "off" })[1], "The hub is set to convert none.");
  assert.deepEqual(sayNotConverted({ ...h265, why: "reordered", reason: "new" }), [
    "This browser cannot show B-frames.",
    "The hub could not convert it.",
  ]);
  assert.equal(sayTaken(-5), "Taken just now");
  assert.equal(sayTaken(2400), "Taken 2 s ago");
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { mqttWords } from "./mqtt-words.ts";

it("says who shows the devices in Home Assistant, and asks for something only where they are shown twice", () => {
  const sentences = new Set<string>();
  for (const discovery of ["auto", "on", "off"] as const) {
    for (const integration of [false, true]) {
      const { sentence, isTwice } = mqttWords({ connected: true, discovery, integration });
      assert.equal(isTwice, discovery === "on" && integration);
      sentences.add(sentence);
      assert.equal(mqttWords({ connected: false, discovery, integration }).sentence.includes("no connection"), true);
    }
  }
  assert.equal(sentences.size, 4);
});

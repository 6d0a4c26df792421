import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { Interleaved } from "./interleaved.ts";

describe("what is written to an RTSP client", () => {
  it("ends the connection of one that reads nothing, before a MiB waits for it", () => {
    // What is written to it never leaves, as with a peer that reads nothing.
    const socket = new Duplex({ read() {}, write() {} });
    const out = new Interleaved(socket);
    const answer = new Uint8Array(1024);
    let written = 0;
    for (; !socket.destroyed && written < 5000; written++) out.write(answer);
    assert.ok(socket.destroyed);
    assert.ok(written > 1000 && written <= 1025, `${written} KiB were taken`);
  });
});

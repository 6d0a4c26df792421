import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WireError } from "../../util/errors.ts";
import { RtspHeaders } from "./headers.ts";
import { type RtspMessage, serializeFrame, serializeMessage } from "./message.ts";
import { RtspParser } from "./parser.ts";

const text = (value: string) => Buffer.from(value, "latin1");

const stream = Buffer.concat([
  text("RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n"),
  serializeFrame(0, Uint8Array.of(1, 2, 3)),
  serializeFrame(1, new Uint8Array(0)),
  text("\r\nGET_PARAMETER rtsp://10.0.0.1/ RTSP/1.0\r\nCSeq: 7\r\n\r\n"),
  serializeFrame(2, new Uint8Array(65_535).fill(9)),
  text("RTSP/1.0 401 Unauthorized\nCSeq: 4\nwww-authenticate: Basic realm=x\nWWW-Authenticate: Digest y\n\n"),
]);

function summary(messages: readonly RtspMessage[]): string[] {
  return messages.map((message) => {
    if (message.kind === "frame") return `frame ${message.channel} ${message.payload.length}`;
    if (message.kind === "request") return `${message.method} ${message.uri}`;
    if (message.kind === "noise") return `noise ${message.bytes}`;
    return `${message.status} ${message.headers.get("cseq")} ${message.body.length}`;
  });
}

const expected = ["200 3 5", "frame 0 3", "frame 1 0", "GET_PARAMETER rtsp://10.0.0.1/", "frame 2 65535", "401 4 0"];

describe("RtspParser", () => {
  for (const size of [1, 2, 7, 1000, 1 << 20]) {
    test(`reads messages and frames in pieces of ${size} bytes`, () => {
      const parser = new RtspParser();
      const messages: RtspMessage[] = [];
      for (let at = 0; at < stream.length; at += size) messages.push(...parser.push(stream.subarray(at, at + size)));
      assert.deepEqual(summary(messages), expected);
      assert.equal(parser.pendingBytes, 0);
    });
  }

  test("gives every field of a name that occurs twice", () => {
    const response = new RtspParser().push(stream).at(-1);
    assert.ok(response?.kind === "response");
    assert.deepEqual(response.headers.all("WWW-Authenticate"), ["Basic realm=x", "Digest y"]);
  });
});

describe("serializeMessage", () => {
  test("writes what the parser reads", () => {
    const body = text("v=0\r\n");
    const bytes = serializeMessage({
      method: "ANNOUNCE",
      uri: "rtsp://h/",
      headers: new RtspHeaders({ CSeq: 1, Require: undefined }),
      body,
    });
    const [message] = new RtspParser().push(bytes);
    assert.ok(message?.kind === "request");
    assert.deepEqual(
      [...message.headers],
      [
        ["CSeq", "1"],
        ["Content-Length", "5"],
      ],
    );
    assert.deepEqual(Buffer.from(message.body), body);
  });

  test("lets no line break through", () => {
    assert.throws(() => new RtspHeaders({ Session: "1\r\nX: y" }), WireError);
    const headers = new RtspHeaders();
    assert.throws(() => serializeMessage({ method: "PLAY", uri: "rtsp://h/ \r\nX: y", headers }), WireError);
    assert.throws(() => serializeFrame(0, new Uint8Array(65_536)), WireError);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { takeWay } from "../net/way.ts";
import { keepWatching } from "./watch.ts";

/** A peer connection that takes the answer when the test says so. */
class FakePeer {
  static readonly taken = Promise.withResolvers<void>();
  readonly localDescription = { sdp: "" };
  addTransceiver() {
    return { receiver: {} };
  }
  async setLocalDescription(): Promise<void> {}
  setRemoteDescription(): Promise<void> {
    return FakePeer.taken.promise;
  }
  close(): void {}
}

Object.assign(globalThis, { MediaStream: class {}, RTCPeerConnection: FakePeer });

test("a session that was opened while the player stopped is closed, and nobody is told of it", async () => {
  const calls: string[] = [];
  const answered = Promise.withResolvers<void>();
  takeWay({
    fetch: async (_url, { method = "GET" }) => {
      calls.push(method);
      if (method !== "POST") return new Response();
      const response = new Response("v=0", { status: 201, headers: { location: "/whep/yard/1" } });
      Object.defineProperty(response, "url", { value: "http://hub.example/whep/yard" });
      setImmediate(answered.resolve);
      return response;
    },
    socket: () => assert.fail("no socket this way"),
  });
  const controller = new AbortController();
  const sessions: unknown[] = [];
  const watching = keepWatching({
    url: "/whep/yard",
    picture: true,
    sound: false,
    told: true,
    mayAsk: async () => {},
    video: {} as HTMLVideoElement,
    onPhase: () => {},
    onSession: (session) => sessions.push(session),
    signal: controller.signal,
  });
  await answered.promise;
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  FakePeer.taken.resolve();
  await watching;
  assert.deepEqual(sessions, [undefined]);
  assert.deepEqual(calls, ["POST", "DELETE"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HomeAssistant } from "./home-assistant.ts";
import { HubLine } from "./hub-line.ts";

/** Home Assistant's connection, with what was asked on it. */
function home() {
  const asked: object[] = [];
  const lost = new Set<() => void>();
  let take: (told: unknown) => void = () => {};
  let left = 0;
  const answer = Promise.withResolvers<() => Promise<void>>();
  const hass: HomeAssistant = {
    connection: {
      subscribeMessage: (listener, what) => {
        asked.push(what);
        take = listener as (told: unknown) => void;
        return answer.promise;
      },
      sendMessagePromise: async (what) => {
        asked.push(what);
        return undefined as never;
      },
      addEventListener: (_type, listener) => void lost.add(listener),
      removeEventListener: (_type, listener) => void lost.delete(listener),
    },
    fetchWithAuth: async () => new Response(),
  };
  const opened: string[] = [];
  const line = new HubLine({ hass: () => hass, entryId: () => "", onOpened: (id) => opened.push(id) });
  const heard: string[] = [];
  line.onopen = () => heard.push("open");
  line.onmessage = ({ data }) => heard.push(String(data));
  line.onclose = () => heard.push("close");
  const agree = () => answer.resolve(async () => void left++);
  return {
    line,
    asked,
    heard,
    opened,
    lost,
    agree,
    refuse: answer.reject,
    tell: (told: object) => take(told),
    left: () => left,
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a line opens with the integration's word, and carries what either side says", async () => {
  const { line, asked, heard, opened, agree, tell } = home();
  agree();
  assert.equal(line.readyState, WebSocket.CONNECTING);
  tell({ type: "opened", page: 7, entry_id: "e" });
  tell({ type: "said", message: { type: "pong" } });
  line.send('{"type":"ping"}');
  assert.deepEqual(opened, ["e"]);
  assert.deepEqual(heard, ["open", '{"type":"pong"}']);
  assert.deepEqual(asked, [
    { type: "doorward/page" },
    { type: "doorward/page/say", page: 7, message: { type: "ping" } },
  ]);
});

test("it is over once, whoever ends it, and tells only after its maker has it in hand", async () => {
  for (const end of ["closed", "lost", "refused", "own"] as const) {
    const { line, heard, agree, refuse, tell, lost, left } = home();
    if (end === "refused") refuse(new Error("no hub"));
    else agree();
    await turn();
    if (end === "closed") tell({ type: "closed" });
    if (end === "lost") for (const listener of [...lost]) listener();
    if (end === "own") line.close();
    tell({ type: "closed" });
    await turn();
    assert.deepEqual(heard, ["close"], end);
    assert.equal(line.readyState, WebSocket.CLOSED);
    assert.equal(lost.size, 0);
    assert.equal(left(), end === "own" ? 1 : 0);
  }
});

test("one that is closed before the integration has answered is given back then", async () => {
  const { line, agree, left } = home();
  line.close();
  agree();
  await turn();
  assert.equal(left(), 1);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { Track } from "../../media/track.ts";
import type { Receiver, SendRequest } from "../../media/viewer.ts";
import { ManualClock } from "../../util/clock.ts";
import { FatalError } from "../../util/errors.ts";
import type { BackendState } from "./backend.ts";
import { WhipAgent } from "./whip.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An agent before a server that answers as it is told, each call with the next answer and the last one for ever. */
async function house(...answers: readonly Answer[]) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    calls.push(`${method} ${url} ${headers.authorization} ${headers["content-type"] ?? ""}`.trim());
    (answers[calls.length - 1] ?? answers.at(-1))?.(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const clock = new ManualClock();
  const states: BackendState[] = [];
  const said = new EventTarget();
  const video = new Track({ kind: "video", codec: "h264", parameterSets: [] }, { id: "v", clock });
  const closed = Promise.withResolvers<string>();
  const sent: SendRequest[] = [];
  let demands = 0;
  const receiver: Receiver = {
    id: "1",
    offerSdp: "v=0 offer",
    closed: closed.promise,
    addCandidate: () => {},
    stats: () => Promise.reject(new Error("not asked")),
    answered: async (sdp) => {
      if (sdp !== "v=0 answer") throw new FatalError("the server does not take H.264");
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const agent = new WhipAgent({
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/whip/shed`),
    token: "dwd_x",
    source: {
      demand: () => {
        demands++;
        return { [Symbol.dispose]: () => void demands-- };
      },
      tracks: async () => ({ video }),
    },
    sender: {
      send: async (request) => {
        sent.push(request);
        return receiver;
      },
    },
    onState: (state) => {
      states.push(state);
      said.dispatchEvent(new Event("said"));
    },
    clock,
    random: () => 0.5,
  });
  const stop = new AbortController();
  const running = agent.run(stop.signal);
  return {
    calls,
    clock,
    closed,
    demands: () => demands,
    /** What it says next. */
    next: async () => {
      while (states.length === 0) await once(said, "said");
      return states.shift();
    },
    end: async () => {
      stop.abort();
      await running;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      server.closeAllConnections();
      server.close();
    },
  };
}

const take: Answer = ({ method }, response) => {
  if (method === "DELETE") response.end();
  else response.writeHead(201, { location: "session/7" }).end("v=0 answer");
};

describe("an agent that publishes by WHIP", () => {
  it("posts its offer with its token, and deletes the session when it ends", async () => {
    await using home = await house(take);
    assert.equal((await home.next())?.state, "connected");
    assert.equal(home.demands(), 1);
    await home.end();
    assert.deepEqual(home.calls, [
      "POST /whip/shed Bearer dwd_x application/sdp",
      "DELETE /whip/session/7 Bearer dwd_x",
    ]);
    assert.equal(home.demands(), 0);
  });

  it("follows a redirect of the same server", async () => {
    const elsewhere: Answer = (_request, response) => response.writeHead(307, { location: "/other" }).end();
    await using home = await house(elsewhere, take);
    assert.equal((await home.next())?.state, "connected");
    assert.equal(home.calls[1], "POST /other Bearer dwd_x application/sdp");
  });

  it("comes again a second after its connection was lost, and deletes what was left of it", async () => {
    await using home = await house(take);
    await home.next();
    home.closed.resolve("disconnected");
    const lost = await home.next();
    assert.ok(lost?.state === "waiting" && !lost.person);
    assert.match(lost.why, /disconnected/);
    assert.equal(home.calls.at(-1), "DELETE /whip/session/7 Bearer dwd_x");
    await home.clock.advance(1500);
    assert.equal((await home.next())?.state, "connected");
  });

  it("says what only a person can mend once, and asks for it seldom", async () => {
    const pending: Answer = (_request, response) =>
      response.writeHead(403).end(JSON.stringify({ error: "it waits to be let in" }));
    await using home = await house(pending);
    const first = await home.next();
    assert.ok(first?.state === "waiting" && first.person && first.news && first.retryMs >= 15_000);
    assert.match(first.why, /403.*it waits to be let in/);
    await home.clock.advance(60_000);
    const again = await home.next();
    assert.ok(again?.state === "waiting" && !again.news);
  });

  it("deletes the session of a server that takes nothing of it", async () => {
    const strange: Answer = ({ method }, response) =>
      method === "DELETE" ? response.end() : response.writeHead(201, { location: "/s" }).end("v=0 nothing");
    await using home = await house(strange);
    const refused = await home.next();
    assert.ok(refused?.state === "waiting" && refused.person);
    assert.match(refused.why, /does not take H.264/);
    assert.equal(home.calls.at(-1), "DELETE /s Bearer dwd_x");
  });
});

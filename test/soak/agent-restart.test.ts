import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import { startAgentProcess } from "../e2e/agent-process.ts";
import { startHubProcess } from "../e2e/hub-process.ts";
import { until } from "../e2e/hub-rig.ts";
import { temporaryFolder } from "../e2e/page-browser.ts";
import { startAiortc } from "../peers/aiortc.ts";

// The hub is killed and started again: the agent comes back by itself, and who watched it sees it again.

const port = 25_130;
const config = `enrolment: open\nsignalling: { port: ${port} }\ndevices: {}\n`;

it("an agent is back within its backoff when the hub was restarted, and its viewer resumes", {
  timeout: 120_000,
}, async (t) => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder()).path;
  const first = stack.use(await startHubProcess({ folder, config }));
  const made = await first.call("POST", "api/v1/tokens", {
    name: "viewer",
    grants: [{ scope: "*", rights: ["view"] }],
  });
  assert.equal(made.status, 201, await made.clone().text());
  const { token } = (await made.json()) as { token: string };
  const source = ["--source", "test:?size=320x240&fps=20&gop=1", "--state", join(folder, "agent.json")];
  const backend = `ws://127.0.0.1:${port}/ws`;
  const agent = stack.use(startAgentProcess(["--backend", `${backend}/device`, "--device-id", "shed", ...source]));
  await until("the agent is there", async () => /is connected/.test(agent.said()));
  const viewer = stack.use(startAiortc(["viewer", `${backend}/viewer`, token, "shed"]));
  const frames = () => viewer.said.findLast((one) => one.frames !== undefined)?.frames ?? 0;
  await until("the viewer sees", async () => frames() > 20);
  await first.kill();
  await until("the viewer has lost it", async () => frames() === 0);
  await until("the agent has noticed", async () => /again in/.test(agent.said()));
  const backAt = agent.said().length;
  stack.use(await startHubProcess({ folder }));
  const upMs = performance.now();
  await until("the agent is back", async () => /is connected/.test(agent.said().slice(backAt)));
  const backMs = performance.now() - upMs;
  await until("the viewer sees again", async () => frames() > 20);
  t.diagnostic(`agent back ${backMs.toFixed(0)} ms, picture ${(performance.now() - upMs).toFixed(0)} ms after the hub`);
  assert.ok(backMs < 8500, "no longer than the wait that was told");
});

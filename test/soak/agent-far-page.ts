import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { systemClock } from "../../src/util/clock.ts";
import { type HubRig, pictures, until } from "../e2e/hub-rig.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { microphoneWav } from "../e2e/talk-rig.ts";

/** What the hub's page shows of an agent, in Chromium. */
export interface PageSight {
  /** From the page's opening to a decoded picture on the wall, ms. */
  readonly firstMs: number;
  readonly width: number;
  /** Pictures that the wall showed in `seconds`. */
  readonly frames: number;
  /** Kinds of the ends of the ways that the browser's media takes: host, prflx, relay. */
  readonly ways: readonly string[];
}

const rateHz = 48_000;
/** What is said at the page, Hz. */
export const spokenHz = 660;

/** Opens the page's wall, looks at it for a while, then speaks to the device for two seconds. */
export async function lookAndSpeak(
  rig: HubRig,
  { device, seconds }: { readonly device: string; readonly seconds: number },
): Promise<PageSight> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder()).path;
  const wav = join(folder, "microphone.wav");
  const tone = Int16Array.from(
    { length: 2 * rateHz },
    (_, i) => 12_000 * Math.sin((2 * Math.PI * spokenHz * i) / rateHz),
  );
  await writeFile(wav, microphoneWav(tone, { rateHz, before: 0, after: 0 }));
  const { context } = stack.use(await openBrowser({ profileDir: join(folder, "profile"), microphoneWav: wav }));
  await context.addInitScript(keepConnections);
  const beganMs = performance.now();
  const page = await rig.openPage(context);
  const shown = async () => (await pictures(page))[0];
  const first = await until("a picture on the wall", async () => {
    const picture = await shown();
    return picture && picture.frames > 0 ? picture : undefined;
  });
  const firstMs = Math.round(performance.now() - beganMs);
  await systemClock.sleep(seconds * 1000);
  const frames = ((await shown())?.frames ?? 0) - first.frames;
  await speak(page, device);
  return { firstMs, width: first.width, frames, ways: await page.evaluate(waysOfConnections) };
}

async function speak(page: Page, device: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/camera/${device}`);
  const bar = page.locator("dw-talk button.hold");
  await until("the bar can be pressed", () => bar.isEnabled().catch(() => false));
  await page.keyboard.down(" ");
  await page.locator("dw-talk .text").getByText("Speak now").waitFor({ timeout: 15_000 });
  await systemClock.sleep(2000);
  await page.keyboard.up(" ");
}

interface Kept {
  readonly connections: RTCPeerConnection[];
}

/** In the page, before its own scripts. */
function keepConnections(): void {
  const kept: Kept = { connections: [] };
  Object.assign(window, { kept });
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      kept.connections.push(this);
    }
  };
}

/** In the page. */
async function waysOfConnections(): Promise<string[]> {
  const { kept } = window as unknown as { kept: Kept };
  const ways: string[] = [];
  for (const connection of kept.connections) {
    const reports = [...(await connection.getStats()).values()];
    const pair = reports.find(
      ({ type, state, nominated }) => type === "candidate-pair" && nominated && state === "succeeded",
    );
    for (const id of pair ? [pair.localCandidateId, pair.remoteCandidateId] : []) {
      ways.push(reports.find((report) => report.id === id)?.candidateType ?? "unknown");
    }
  }
  return ways;
}

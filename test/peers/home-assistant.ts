import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { peerCommands } from "../../scripts/home-assistant-peer.mjs";
import { freePort } from "../free-port.ts";
import { type HomeAssistantPlace, homeAssistant } from "../soak/home-assistant.ts";

/** Options of {@link startHomeAssistant}. */
export interface HomeAssistantOptions {
  /** Words before the command, as those that run it in a network namespace: its address is then one in there. */
  readonly through?: readonly string[];
  /** More words for `run.sh`. */
  readonly words?: readonly string[];
}

/** A real Home Assistant with the integration; the one that somebody started, or one of our own that goes with its scope. */
export async function startHomeAssistant(
  options: HomeAssistantOptions = {},
): Promise<HomeAssistantPlace & AsyncDisposable> {
  const { through = [], words = [] } = options;
  const anybodys = homeAssistant.url !== "" && through.length + words.length === 0;
  if (anybodys) return { ...homeAssistant, [Symbol.asyncDispose]: async () => {} };
  const own = ["--mqtt", "none", "--port", `${await freePort()}`, ...words];
  const [program = "", ...args] = [...through, ...peerCommands.run, ...own];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  child.stderr.on("data", (chunk) => said.push(String(chunk)));
  const gone = once(child, "exit");
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), "line"), gone])) as [unknown];
  if (typeof line !== "string") throw new Error(`Home Assistant did not start: ${said.join("")}`);
  const { url, token, log } = JSON.parse(line) as HomeAssistantPlace;
  const end = async () => {
    child.kill("SIGTERM");
    await gone;
  };
  return { url, token, log, mqtt: "", [Symbol.asyncDispose]: end };
}

/** What a browser keeps that is signed in there, so that nobody has to type: runs in the page, before its own scripts. */
export function signedIn({ url, token }: Pick<HomeAssistantPlace, "url" | "token">): void {
  const tokens = { hassUrl: url, clientId: `${url}/`, expires: Date.now() + 1e10, refresh_token: "", expires_in: 1e7 };
  localStorage.setItem("hassTokens", JSON.stringify({ ...tokens, access_token: token }));
}

/** Frames of the picture that is shown, however deep it stands: runs in the page. */
export function framesShown(): number {
  const find = (root: Document | ShadowRoot): HTMLVideoElement | undefined => {
    for (const element of root.querySelectorAll("*")) {
      if (element instanceof HTMLVideoElement && element.videoWidth > 0) return element;
      const found = element.shadowRoot && find(element.shadowRoot);
      if (found) return found;
    }
    return undefined;
  };
  return find(document)?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
}

/** Opens a camera's dialogue as a tap on it does; ms until its first frame is shown. Runs in the page. */
export async function firstFrame(entityId: string): Promise<number> {
  const shown = (root: Document | ShadowRoot): boolean =>
    [...root.querySelectorAll("*")].some((element) => {
      if (element instanceof HTMLVideoElement && element.getVideoPlaybackQuality().totalVideoFrames > 0) return true;
      return element.shadowRoot !== null && shown(element.shadowRoot);
    });
  const beganMs = performance.now();
  const detail = { entityId };
  document.querySelector("home-assistant")?.dispatchEvent(new CustomEvent("hass-more-info", { detail }));
  while (!shown(document)) await new Promise((resolve) => requestAnimationFrame(resolve));
  return performance.now() - beganMs;
}

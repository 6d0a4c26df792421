import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { configSchema } from "../../src/config.ts";
import { ConfigFile } from "../../src/hub/config-file.ts";
import type { Right } from "../../src/identity/policy.ts";
import { type RunningHub, type StartOptions, startHub } from "../../src/main.ts";
import { type Clock, systemClock } from "../../src/util/clock.ts";
import { createLog, type LogLevel } from "../../src/util/log-pino.ts";
import { within } from "../within.ts";
import { temporaryFolder } from "./page-browser.ts";

/** A whole hub in this process, with an administrator, on free ports. */
export interface HubRig extends AsyncDisposable {
  readonly running: RunningHub;
  readonly folder: string;
  readonly configPath: string;
  /** Cookie of the administrator's session. */
  readonly cookie: string;
  /** Calls the API as the administrator. */
  call(method: string, path: string, body?: unknown): Promise<Response>;
  /** A page of the hub's in which the administrator is signed in, or whose cookie is given. */
  openPage(context: BrowserContext, path?: string, cookie?: string): Promise<Page>;
  /** Adds a person who may do `rights` everywhere; gives their cookie. */
  person(name: string, rights: readonly Right[]): Promise<string>;
}

/** Options of {@link startRig}. */
export interface RigOptions {
  readonly clock?: Clock;
  /** A disturbed one; the hub's own thread unless given. */
  readonly writer?: StartOptions["writer"];
}

/** Starts it. `config` is the text of `doorward.yaml`. */
export async function startRig(config: string, options: RigOptions = {}): Promise<HubRig> {
  const clock = options.clock ?? systemClock;
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder()).path;
  const configPath = join(folder, "doorward.yaml");
  await writeFile(configPath, config);
  const file = new ConfigFile({ path: configPath, schema: configSchema, clock });
  const parsed = await file.read();
  if (!parsed) throw new Error("no configuration");
  const end = new AbortController();
  const level = (process.env["DOORWARD_LOG"] as LogLevel | undefined) ?? "silent";
  const running = opened.use(
    await startHub({
      config: {
        ...parsed,
        http: { ...parsed.http, port: 0, httpsPort: 0 },
        webrtc: { ...parsed.webrtc, udpPort: 0 },
        mdns: "off",
      },
      file,
      dataDir: join(folder, "data"),
      clock,
      log: createLog({ level }),
      demo: false,
      writer: options.writer,
      signal: end.signal,
    }),
  );
  const base = running.httpUrl;
  const origin = base.slice(0, -1);
  const headers = { "content-type": "application/json", "x-doorward": "1", origin };
  const setup = await fetch(`${base}api/v1/setup`, {
    method: "POST",
    headers,
    body: JSON.stringify({ code: running.setupCode, name: "Anna", password: "correct horse battery" }),
  });
  if (setup.status !== 201) throw new Error(`set-up failed: ${setup.status} ${await setup.text()}`);
  const [cookie = ""] = setup.headers.getSetCookie().map((line) => line.split(";")[0] ?? "");
  const call: HubRig["call"] = (method, path, body) =>
    fetch(`${base}${path}`, {
      method,
      headers: body === undefined ? { "x-doorward": "1", origin, cookie } : { ...headers, cookie },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const owned = opened.move();
  return {
    running,
    folder,
    configPath,
    cookie,
    call,
    openPage: async (context, path = "", theirs = cookie) => {
      const [name = "", value = ""] = theirs.split("=");
      await context.addCookies([{ name, value, url: base }]);
      const page = await context.newPage();
      await page.goto(`${base}${path}`);
      return page;
    },
    person: async (name, rights) => {
      const password = "battery horse staple";
      const added = await call("POST", "api/v1/users", { name, password, grants: [{ scope: "*", rights }] });
      if (added.status !== 201) throw new Error(`${name} was not added: ${added.status} ${await added.text()}`);
      const body = JSON.stringify({ name, password });
      const login = await fetch(`${base}api/v1/login`, { method: "POST", headers, body });
      return login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    },
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await owned.disposeAsync();
    },
  };
}

/** What a `<video>` of the page shows now, wherever it is nested. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Average red, green and blue of the middle. */
  readonly colour: readonly [number, number, number];
  readonly frames: number;
}

/** Every video of the page that shows something. */
export function pictures(page: Pick<Page, "evaluate">): Promise<Picture[]> {
  return page.evaluate(() => {
    const videos: HTMLVideoElement[] = [];
    const walk = (root: Document | ShadowRoot | Element) => {
      for (const element of root.querySelectorAll("*")) {
        if (element instanceof HTMLVideoElement) videos.push(element);
        if (element.shadowRoot) walk(element.shadowRoot);
      }
    };
    walk(document);
    return videos
      .filter((video) => video.videoWidth > 0)
      .map((video) => {
        const canvas = document.createElement("canvas");
        canvas.width = 1;
        canvas.height = 1;
        const draw = canvas.getContext("2d") as CanvasRenderingContext2D;
        const [x, y] = [video.videoWidth / 2 - 8, video.videoHeight / 2 - 8];
        draw.drawImage(video, x, y, 16, 16, 0, 0, 1, 1);
        const [red = 0, green = 0, blue = 0] = draw.getImageData(0, 0, 1, 1).data;
        return {
          width: video.videoWidth,
          height: video.videoHeight,
          colour: [red, green, blue] as const,
          frames: video.getVideoPlaybackQuality().totalVideoFrames,
        };
      });
  });
}

/** Looks again and again until `look` gives something; fails with `what` after 15 s. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const endUs = systemClock.nowUs() + 15_000_000;
  for (;;) {
    const found = await within(what, look(), 30_000);
    if (found !== undefined && found !== false) return found;
    if (systemClock.nowUs() > endUs) throw new Error(`never came true: ${what}`);
    await systemClock.sleep(25);
  }
}

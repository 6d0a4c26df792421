import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import WebSocket from "ws";
import { systemClock } from "../../src/util/clock.ts";

const { HA_URL = "", HA_TOKEN = "", HA_MQTT = "", HA_LOG = "" } = process.env;

/** Where the real Home Assistant is that somebody has started: its address, a long-lived token, its broker, its log. */
export const homeAssistant = { url: HA_URL, token: HA_TOKEN, mqtt: HA_MQTT, log: HA_LOG } as const;

/** An entity as its registry lists it. */
export interface Entity {
  readonly entity_id: string;
  readonly unique_id: string;
  readonly device_id: string;
  readonly platform: string;
}

/** A device as its registry lists it. */
export interface Device {
  readonly id: string;
  readonly identifiers: readonly (readonly string[])[];
  readonly name: string;
  readonly via_device_id: string | null;
}

/** Errors and warnings in its log about something of ours; that an integration is not one of its own it says of each. */
export async function complaints(about: RegExp): Promise<readonly string[]> {
  const lines = (await readFile(homeAssistant.log, "utf8")).split("\n");
  return lines.filter(
    (line) => /ERROR|WARNING/.test(line) && about.test(line) && !line.includes("We found a custom integration"),
  );
}

/** Waits up to 15 s. */
export async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 200; n++) {
    if (await is()) return;
    await systemClock.sleep(75);
  }
  assert.fail(`it never came true that ${what}`);
}

/** Home Assistant by its REST and WebSocket interfaces. */
export class HomeAssistant implements Disposable {
  readonly #socket: WebSocket;
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async connect(): Promise<HomeAssistant> {
    const socket = new WebSocket(`${homeAssistant.url.replace("http", "ws")}/api/websocket`);
    socket.setMaxListeners(0);
    const home = new HomeAssistant(socket);
    await home.#next("auth_required");
    socket.send(JSON.stringify({ type: "auth", access_token: homeAssistant.token }));
    await home.#next("auth_ok");
    return home;
  }

  async ask<T>(message: object): Promise<T> {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ id, ...message }));
    const answer = await this.#next("result", id);
    assert.ok(answer.success, JSON.stringify(answer));
    return answer.result as T;
  }

  entities(): Promise<readonly Entity[]> {
    return this.ask({ type: "config/entity_registry/list" });
  }

  /** Waits for the one of this unique id. */
  async entity(uniqueId: string): Promise<Entity> {
    let found: Entity | undefined;
    await until(`${uniqueId} is there`, async () => {
      found = (await this.entities()).find(({ unique_id: own }) => own === uniqueId);
      return found !== undefined;
    });
    return found!;
  }

  async device(identifier: string): Promise<Device> {
    const all = await this.ask<readonly Device[]>({ type: "config/device_registry/list" });
    const device = all.find(({ identifiers }) => identifiers.some((one) => one[1] === identifier));
    assert.ok(device, `${identifier} is no device`);
    return device;
  }

  async state(entityId: string) {
    const answer = await this.#fetch(`api/states/${entityId}`);
    return (await answer.json()) as { readonly state: string; readonly attributes: Readonly<Record<string, unknown>> };
  }

  isState(entityId: string, state: string): Promise<void> {
    return until(`${entityId} is ${state}`, async () => (await this.state(entityId)).state === state);
  }

  async call(domain: string, service: string, body: object): Promise<void> {
    const answer = await this.#fetch(`api/services/${domain}/${service}`, body);
    assert.ok(answer.ok, await answer.text());
  }

  /** Asks its REST interface. */
  get(path: string): Promise<Response> {
    return this.#fetch(path);
  }

  /** Sends JSON to its REST interface. */
  post(path: string, body: object): Promise<Response> {
    return this.#fetch(path.replace(/\/$/, ""), body);
  }

  #fetch(path: string, body?: object): Promise<Response> {
    const headers = { authorization: `Bearer ${homeAssistant.token}`, "content-type": "application/json" };
    return fetch(`${homeAssistant.url}/${path}`, {
      headers,
      ...(body && { method: "POST", body: JSON.stringify(body) }),
    });
  }

  #next(type: string, id?: number): Promise<{ readonly success?: boolean; readonly result?: unknown }> {
    return new Promise((resolve, reject) => {
      const look = (data: WebSocket.RawData) => {
        const message = JSON.parse(String(data));
        if (message.type !== type || (id !== undefined && message.id !== id)) return;
        this.#socket.off("message", look);
        resolve(message);
      };
      this.#socket.on("message", look);
      this.#socket.once("error", reject);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import WebSocket from "ws";
import { systemClock } from "../../src/util/clock.ts";

const { HA_URL = "", HA_TOKEN = "", HA_MQTT = "", HA_LOG = "" } = process.env;

/** Where a real Home Assistant is: its address, a long-lived token, its broker, its log. */
export interface HomeAssistantPlace {
  readonly url: string;
  readonly token: string;
  readonly mqtt: string;
  readonly log: string;
}

/** The one that somebody has started; its address is empty where nobody has. */
export const homeAssistant: HomeAssistantPlace = { url: HA_URL, token: HA_TOKEN, mqtt: HA_MQTT, log: HA_LOG };

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
export async function complaints(about: RegExp, place = homeAssistant): Promise<readonly string[]> {
  const lines = (await readFile(place.log, "utf8")).split("\n");
  return lines.filter(
    (line) => /ERROR|WARNING/.test(line) && about.test(line) && !line.includes("We found a custom integration"),
  );
}

interface StateChanged {
  readonly data?: {
    readonly entity_id?: string;
    readonly new_state?: { readonly state: string; readonly attributes: Readonly<Record<string, unknown>> } | null;
  };
}

/** What {@link addHub} needs of a hub. */
export interface AddedHub {
  readonly url: string;
  call(method: string, path: string, body?: unknown): Promise<Response>;
}

/** Gives Home Assistant a hub, with a token of its administrator; the hub's id. */
export async function addHub(home: HomeAssistant, hub: AddedHub): Promise<string> {
  const { hubId } = (await (await hub.call("GET", "api/v1/session")).json()) as { readonly hubId: string };
  const grants = [{ scope: "*", rights: ["view", "listen", "talk", "page", "administer"] }];
  const made = await hub.call("POST", "api/v1/tokens", { name: "Home Assistant", grants });
  const { token } = (await made.json()) as { readonly token: string };
  await home.ask({ type: "labs/update", domain: "camera", preview_feature: "two_way_audio", enabled: true });
  const begun = await home.post("api/config/config_entries/flow", { handler: "doorward" });
  const { flow_id: flow } = (await begun.json()) as { readonly flow_id: string };
  const done = await home.post(`api/config/config_entries/flow/${flow}`, { url: hub.url, verify_ssl: true, token });
  assert.equal(((await done.json()) as { readonly type: string }).type, "create_entry");
  return hubId;
}

/** Makes one more person there, who may all; a token of theirs. */
export async function anotherPerson(home: HomeAssistant, name: string): Promise<string> {
  const { url } = homeAssistant;
  const user = { name, group_ids: ["system-admin"], local_only: false };
  const made = await home.ask<{ readonly user: { readonly id: string } }>({ type: "config/auth/create", ...user });
  const login = { username: name.toLowerCase(), password: "correct horse battery" };
  await home.ask({ type: "config/auth_provider/homeassistant/create", user_id: made.user.id, ...login });
  const client = { client_id: `${url}/` };
  const begin = { ...client, handler: ["homeassistant", null], redirect_uri: `${url}/` };
  const { flow_id: flow } = (await (await home.post("auth/login_flow", begin)).json()) as { readonly flow_id: string };
  const given = await home.post(`auth/login_flow/${flow}`, { ...client, ...login });
  const { result: code } = (await given.json()) as { readonly result: string };
  const body = new URLSearchParams({ ...client, grant_type: "authorization_code", code });
  const granted = await fetch(`${url}/auth/token`, { method: "POST", body });
  return ((await granted.json()) as { readonly access_token: string }).access_token;
}

/** Waits up to 15 s, or `tries` times 75 ms. */
export async function until(what: string, is: () => Promise<boolean>, tries = 200): Promise<void> {
  for (let n = 0; n < tries; n++) {
    if (await is()) return;
    await systemClock.sleep(75);
  }
  assert.fail(`it never came true that ${what}`);
}

/** Home Assistant by its REST and WebSocket interfaces. */
export class HomeAssistant implements Disposable {
  readonly #socket: WebSocket;
  readonly #place: HomeAssistantPlace;
  #last = 0;

  private constructor(socket: WebSocket, place: HomeAssistantPlace) {
    this.#socket = socket;
    this.#place = place;
  }

  static async connect(place = homeAssistant): Promise<HomeAssistant> {
    const socket = new WebSocket(`${place.url.replace("http", "ws")}/api/websocket`);
    socket.setMaxListeners(0);
    const home = new HomeAssistant(socket, place);
    await home.#next("auth_required");
    socket.send(JSON.stringify({ type: "auth", access_token: place.token }));
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

  /** Calls `listener` with each change of this entity's state, at the moment at which it is told. */
  follow(entityId: string, listener: (state: string, attributes: Readonly<Record<string, unknown>>) => void) {
    return this.followAll((id, state, attributes) => id === entityId && listener(state, attributes));
  }

  /** Calls `listener` with each change of any entity's state. */
  async followAll(
    listener: (entityId: string, state: string, attributes: Readonly<Record<string, unknown>>) => void,
  ): Promise<void> {
    const subscribed = this.#last + 1;
    this.#socket.on("message", (data) => {
      const { id, event } = JSON.parse(String(data)) as { readonly id?: number; readonly event?: StateChanged };
      const { entity_id: entity, new_state: now } = event?.data ?? {};
      if (id === subscribed && entity !== undefined && now) listener(entity, now.state, now.attributes);
    });
    await this.ask({ type: "subscribe_events", event_type: "state_changed" });
  }

  /** Asks its REST interface. */
  get(path: string): Promise<Response> {
    return this.#fetch(path);
  }

  /** Sends JSON to its REST interface. */
  post(path: string, body: object): Promise<Response> {
    return this.#fetch(path.replace(/\/$/, ""), body);
  }

  /** Deletes something by its REST interface. */
  async remove(path: string): Promise<void> {
    const { url, token } = this.#place;
    const answer = await fetch(`${url}/${path}`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
    assert.ok(answer.ok, await answer.text());
  }

  #fetch(path: string, body?: object): Promise<Response> {
    const { url, token } = this.#place;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    return fetch(`${url}/${path}`, {
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

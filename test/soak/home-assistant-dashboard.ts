import assert from "node:assert/strict";
import type { BrowserContext } from "playwright-core";
import type { HubRig } from "../e2e/hub-rig.ts";
import { type HomeAssistant, homeAssistant } from "./home-assistant.ts";

const clientId = `${homeAssistant.url}/`;

/** Adds the hub to Home Assistant, by a token with these rights everywhere; gives the entry's id. */
export async function addHub(home: HomeAssistant, rig: HubRig): Promise<string> {
  const rights = ["view", "listen", "talk", "page", "peek", "unlock"];
  const made = await rig.call("POST", "api/v1/tokens", { name: "Home", grants: [{ scope: "*", rights }] });
  const { token } = (await made.json()) as { readonly token: string };
  const begun = await home.post("api/config/config_entries/flow", { handler: "doorward" });
  const { flow_id: flow } = (await begun.json()) as { readonly flow_id: string };
  const given = { url: rig.running.httpUrl, verify_ssl: true, token };
  const done = await home.post(`api/config/config_entries/flow/${flow}`, given);
  const { result } = (await done.json()) as { readonly result: { readonly entry_id: string } };
  return result.entry_id;
}

/** Takes the hub out again. */
export async function dropHub(entryId: string): Promise<void> {
  await fetch(`${homeAssistant.url}/api/config/config_entries/entry/${entryId}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${homeAssistant.token}` },
  });
}

/** Makes a dashboard of one section with these cards; gives where it is. */
export async function addDashboard(home: HomeAssistant, name: string, cards: readonly object[]): Promise<string> {
  const path = `test-${name}`;
  const made = { url_path: path, title: name, mode: "storage", require_admin: false, show_in_sidebar: true };
  await home.ask({ type: "lovelace/dashboards/create", ...made });
  const sections = [{ type: "grid", cards }];
  const config = { views: [{ type: "sections", title: name, max_columns: 2, sections }] };
  await home.ask({ type: "lovelace/config/save", url_path: path, config });
  return `${homeAssistant.url}/${path}/0`;
}

/** Another user of Home Assistant, as they are after signing in. */
export async function addUser(home: HomeAssistant, name: string, group = "system-users"): Promise<string> {
  const username = name.toLowerCase();
  const password = "correct horse battery";
  const { user } = await home.ask<{ readonly user: { readonly id: string } }>({
    type: "config/auth/create",
    name,
    group_ids: [group],
  });
  await home.ask({ type: "config/auth_provider/homeassistant/create", user_id: user.id, username, password });
  const handler = ["homeassistant", null];
  const { flow_id: flow } = await post<{ readonly flow_id: string }>("auth/login_flow", {
    client_id: clientId,
    handler,
    redirect_uri: clientId,
  });
  const { result: code } = await post<{ readonly result: string }>(`auth/login_flow/${flow}`, {
    client_id: clientId,
    username,
    password,
  });
  const body = new URLSearchParams({ grant_type: "authorization_code", code, client_id: clientId });
  const answer = await fetch(`${homeAssistant.url}/auth/token`, { method: "POST", body });
  assert.ok(answer.ok, await answer.clone().text());
  return ((await answer.json()) as { readonly access_token: string }).access_token;
}

async function post<T>(path: string, body: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${homeAssistant.url}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, await answer.clone().text());
  return (await answer.json()) as T;
}

/** Has a browser signed in with a token, as its storage is after signing in. */
export async function signIn(context: BrowserContext, token = homeAssistant.token): Promise<void> {
  const tokens = { hassUrl: homeAssistant.url, clientId, expires: Date.now() + 1e10, refresh_token: "" };
  await context.addInitScript(
    (text) => localStorage.setItem("hassTokens", text),
    JSON.stringify({ ...tokens, access_token: token, expires_in: 1e7 }),
  );
}

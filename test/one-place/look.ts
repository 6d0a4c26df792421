import { generatedPages } from "../../scripts/docs-pages.ts";
import { configSchema } from "../../src/config.ts";
import { parseConfig } from "../../src/hub/config-text.ts";
import type { DeviceInput } from "../../src/hub/device-settings.ts";
import { formFields, type SettingsSchema } from "../../web/src/pure/device-form.ts";
import { startRig } from "../web-rig.ts";

/** Looks for the setting `colour` everywhere and says in JSON what was found. */
const saved: DeviceInput[] = [];
const rig = await startRig({}, { book: { save: async (_id, input) => void (input && saved.push(input)) } });
const root = await rig.person({ name: "Root", administrator: true });
const call = async (method: string, path: string, body?: unknown) =>
  (await rig.call(method, path, { as: root, ...(body !== undefined && { body }) })).json as Record<string, never>;

const text = "devices: { a: { address: 'rtsp://10.0.0.1/', colour: blue } }\n";
const { value } = parseConfig(text, { name: "doorward.yaml", schema: configSchema });
const added = await call("POST", "/api/v1/devices", { name: "B", address: "fake://b/", colour: "blue" });
const changed = await call("PATCH", "/api/v1/devices/b", { colour: "red" });
const refused = await call("PATCH", "/api/v1/devices/b", { colour: "green" });
const form = formFields((await call("GET", "/api/v1/device-settings")) as SettingsSchema, { all: true });
const document = JSON.stringify(await call("GET", "/api/v1/openapi.json"));
const pages = await generatedPages();
process.stdout.write(
  JSON.stringify({
    file: value.devices["a"],
    saved,
    added: added["settings"],
    changed: changed["settings"],
    refused: refused["code"],
    field: form.find(({ name }) => name === "colour"),
    openapi: document.includes('"colour"'),
    docs: pages.find(({ file }) => file === "config.md")?.text.match(/^\| `colour`.*$/m)?.[0],
  }),
);
await rig[Symbol.asyncDispose]();
process.exit(0);

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { configSchema } from "../src/config.ts";
import { rights } from "../src/identity/policy.ts";

const app = join(import.meta.dirname, "../integrations/home-assistant-app");
const manifest = parse(readFileSync(join(app, "config.yaml"), "utf8"));

/** What `configure.mjs` makes of the options and of a configuration that is there. */
function configured(options: object, before?: string) {
  const folder = mkdtempSync(join(tmpdir(), "doorward-app-"));
  try {
    const [given, config] = [join(folder, "options.json"), join(folder, "doorward.yaml")];
    writeFileSync(given, JSON.stringify(options));
    if (before !== undefined) writeFileSync(config, before);
    const run = () => spawnSync(process.execPath, [join(app, "configure.mjs"), given, config], { encoding: "utf8" });
    const { status, stderr } = run();
    const text = readFileSync(config, "utf8");
    run();
    assert.equal(readFileSync(config, "utf8"), text, "a second start changes nothing");
    return { status, stderr, text };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the app of Home Assistant", () => {
  it("makes a configuration of its options that the hub takes", () => {
    const { text } = configured(manifest.options);
    const config = configSchema.parse(parse(text));
    assert.deepEqual(config.http.ingress, { supervisor: "172.30.32.2", ...ingressOf(manifest.options) });
    assert.equal(config.supervisor?.url, "http://supervisor");
    assert.equal(config.http.port, manifest.ingress_port);
  });

  it("leaves the configuration that is there as it stands, with its comments, and follows the options", () => {
    const before = "# mine\nhttp: { httpsPort: 9443 } # theirs\ndevices:\n  yard: { address: test:clock } # the yard\n";
    const { text } = configured({ administrators: ["anna"], rights: ["view"] }, before);
    for (const kept of ["# mine", "httpsPort: 9443", "# the yard"]) assert.ok(text.includes(kept), text);
    const { ingress } = configSchema.parse(parse(text)).http;
    assert.deepEqual([ingress?.administrators, ingress?.rights], [["anna"], ["view"]]);
    const broken = configured({}, "devices: [\n");
    assert.deepEqual([broken.status, broken.text], [1, "devices: [\n"]);
    assert.match(broken.stderr, /cannot be read, and stays as it is/);
  });

  it("makes a map of what is empty in the configuration, and leaves alone what can be none", () => {
    for (const before of [
      "http:\n",
      "http: # mine\n",
      "http:\n  ingress:\n",
      "# nothing yet\n",
      "devices:\nhttp: ~\n",
    ]) {
      const { status, stderr, text } = configured({ administrators: ["anna"], rights: ["view"] }, before);
      assert.equal(status, 0, stderr);
      assert.deepEqual(parse(text).http.ingress, { administrators: ["anna"], rights: ["view"] }, before);
    }
    const odd = configured({}, "http: 8480\n");
    assert.deepEqual([odd.status, odd.text], [1, "http: 8480\n"]);
    assert.match(odd.stderr, /http in it has to be a map/);
  });

  it("names every option in each language, and offers every right", () => {
    for (const file of readdirSync(join(app, "translations"))) {
      const { configuration } = parse(readFileSync(join(app, "translations", file), "utf8"));
      assert.deepEqual(Object.keys(configuration), Object.keys(manifest.options), file);
    }
    assert.deepEqual(Object.keys(manifest.schema), Object.keys(manifest.options));
    const [offered] = manifest.schema.rights as readonly string[];
    assert.deepEqual(
      /^list\((.*)\)$/.exec(offered ?? "")?.[1]?.split("|"),
      rights.filter((right) => right !== "metrics"),
    );
    execFileSync("sh", ["-n", join(app, "run.sh")]);
  });
});

function ingressOf({ administrators, rights: given }: { readonly administrators: unknown; readonly rights: unknown }) {
  return { administrators, rights: given };
}

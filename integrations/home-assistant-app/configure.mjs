// Writes what the app's options mean into the hub's configuration, and leaves all else in it as it stands, comments too.
// Usage: node configure.mjs OPTIONS.json DOORWARD.yaml
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isMap, parseDocument } from "yaml";

const [optionsPath, configPath] = process.argv.slice(2);
const options = JSON.parse(readFileSync(optionsPath, "utf8"));
const before = existsSync(configPath) ? readFileSync(configPath, "utf8") : "";
const config = parseDocument(before);
if (config.errors.length > 0) {
  console.error(`doorward: ${configPath} cannot be read, and stays as it is: ${config.errors[0].message}`);
  process.exit(1);
}
if (config.contents === null) config.contents = config.createNode({});

// A key with nothing behind it is no map yet.
for (const path of [["http"], ["http", "ingress"]]) {
  const there = config.getIn(path);
  if (there === undefined || there === null) config.setIn(path, config.createNode({}));
  else if (!isMap(there)) {
    console.error(`doorward: ${configPath} stays as it is: ${path.join(".")} in it has to be a map of settings.`);
    process.exit(1);
  }
}
// The gateway of the Supervisor's network is where it finds an app on the house's own network.
config.setIn(["http", "host"], ["127.0.0.1", "::1", "172.30.32.1"]);
config.setIn(["http", "ingress", "administrators"], options.administrators ?? []);
config.setIn(["http", "ingress", "rights"], options.rights ?? ["view", "listen", "talk"]);
if (!config.has("supervisor")) config.set("supervisor", config.createNode({}));
if (!config.has("devices")) config.set("devices", config.createNode({}));
const after = config.toString({ lineWidth: 0 });
if (after !== before) writeFileSync(configPath, after, { mode: 0o600 });

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { parseClientArguments } from "../src/cli/door/client-arguments.ts";
import { parseStationArguments } from "../src/cli/door/station-arguments.ts";
import { configSchema } from "../src/config.ts";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

interface Service {
  readonly profiles: readonly string[];
  readonly command: readonly string[];
}

describe("the container", () => {
  const dockerfile = read("Dockerfile");
  const { services } = parse(read("compose.yaml"), { merge: true }) as { services: Readonly<Record<string, Service>> };
  const argumentsOf = (name: string) =>
    services[name]?.command.slice(1).map((arg) => arg.replace(/^\$\{.*:-(.*)\}$/, "$1"));

  it("is built of files that are there, runs as nobody special and looks after its health", () => {
    const copied = [...dockerfile.matchAll(/^COPY --from=build (.+) \S+$/gm)].flatMap(([, files = ""]) =>
      files.split(" "),
    );
    const kept = copied
      .map((file) => file.replace("/src/", ""))
      .filter((file) => !["dist", "node_modules", "/usr/local/bin/node"].includes(file));
    assert.deepEqual(
      kept.filter((file) => !existsSync(join(root, file))),
      [],
    );
    const last = dockerfile.slice(dockerfile.lastIndexOf("FROM"));
    assert.match(last, /^USER node$/m);
    assert.match(last, /^HEALTHCHECK /m);
    assert.match(last, /^FROM \$\{BASE_IMAGE\}$/m);
    assert.match(last, /useradd --uid 1000 .* node /);
    assert.match(dockerfile, /^ARG NODE_IMAGE=node:24-slim$/m);
    assert.match(dockerfile, /^ARG BASE_IMAGE=debian:bookworm-slim$/m);
  });

  it("has the profiles server, intercom and ha, with flags that the programs take", () => {
    const profiles = Object.values(services).flatMap((service) => service.profiles);
    assert.deepEqual(profiles, ["server", "intercom", "ha"]);
    const station = parseStationArguments(argumentsOf("intercom") ?? []);
    assert.deepEqual([station.clientId, station.address], ["intercom-1", { host: "127.0.0.1", port: 8765 }]);
    const client = parseClientArguments(argumentsOf("ha") ?? []);
    assert.deepEqual([client.clientId, client.autoStart, client.records], ["ha-client-1", true, true]);
  });

  it("begins with a configuration that holds, and listens on the machine alone", () => {
    const config = configSchema.parse(parse(read("examples/container.yaml")));
    assert.deepEqual([config.door?.host, config.mqtt?.host, config.enrolment], ["127.0.0.1", "127.0.0.1", "pending"]);
  });
});

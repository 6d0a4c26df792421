import "reflect-metadata";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type House, startHouse, until } from "../../../test/mqtt-house.ts";
import { type Mosquitto, startMosquitto } from "../../../test/peers/mosquitto.ts";
import { Sealer } from "../../identity/seal.ts";
import type { MqttConfig } from "./config.ts";
import { mqttSecrets } from "./config.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A folder with two authorities, what the first has signed for a broker and a hub, and a broker's list of passwords. */
async function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), "doorward-broker-"));
  const save = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const saved = async (name: string, keys: CryptoKeyPair, cert: { toString(format: "pem"): string }) => ({
    cert: save(`${name}.crt`, cert.toString("pem")),
    key: save(
      `${name}.key`,
      PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"),
    ),
  });
  const makeKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
  const authority = async (name: string) => {
    const keys = await makeKeys();
    const extensions = [new BasicConstraintsExtension(true, 0, true)];
    const how = { name: `CN=${name}`, keys, signingAlgorithm: algorithm, extensions };
    const cert = await X509CertificateGenerator.createSelfSigned(how);
    return { keys, name: cert.subject, file: (await saved(name, keys, cert)).cert };
  };
  const [own, other] = [await authority("own"), await authority("other")];
  const signed = async (name: string, by: typeof own, address: string) => {
    const keys = await makeKeys();
    const cert = await X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: by.name,
      publicKey: keys.publicKey,
      signingKey: by.keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension([{ type: "ip", value: address }])],
    });
    return saved(name, keys, cert);
  };
  const passwords = save("passwords", "hub:a long secret\n");
  assert.equal(spawnSync("mosquitto_passwd", ["-U", passwords]).status, 0);
  return {
    folder,
    ca: own.file,
    otherCa: other.file,
    broker: await signed("broker", own, "127.0.0.1"),
    elsewhere: await signed("elsewhere", own, "192.0.2.1"),
    hub: await signed("hub", own, "127.0.0.1"),
    stranger: await signed("stranger", other, "127.0.0.1"),
    passwords,
  };
}

/** What people are told about the broker; waits until they are. */
async function told({ rig }: House): Promise<string> {
  for (;;) {
    const [fault] = rig.identity.faults.list();
    if (fault) return fault.advice;
    await new Promise(setImmediate);
  }
}

describe("another broker", () => {
  let files: Awaited<ReturnType<typeof makeFolder>>;
  before(async () => {
    files = await makeFolder();
  });
  after(() => rmSync(files.folder, { recursive: true }));

  const tlsLines = ({ cert, key }: { readonly cert: string; readonly key: string }) => [
    ...["user root", "allow_anonymous true", `certfile ${cert}`, `keyfile ${key}`],
  ];
  const house = (broker: Mosquitto, config: Partial<MqttConfig>, scheme = "mqtts") =>
    startHouse({ mqtt: { url: `${scheme}://127.0.0.1:${broker.port}`, ...config } }, broker);

  it("is reached by TLS when its certificate is signed by the authority that was named", async () => {
    const broker = await startMosquitto({ lines: tlsLines(files.broker) });
    await using home = await house(broker, { ca: files.ca });
    await until(home, true);
    assert.deepEqual(home.rig.identity.faults.list(), []);
  });

  it("is not trusted without, nor with another's name in its certificate, and why is told in one sentence", async () => {
    const cases = [
      [files.broker, {}, /its certificate is not signed by an authority that is known here: name that in mqtt\.ca/],
      [files.broker, { ca: files.otherCa }, /its certificate is not signed by an authority that is known here/],
      [files.elsewhere, { ca: files.ca }, /its certificate is for another name than 127\.0\.0\.1/],
    ] as const;
    for (const [shown, config, sentence] of cases) {
      await using home = await house(await startMosquitto({ lines: tlsLines(shown) }), config);
      assert.match(await told(home), sentence);
      assert.equal(home.rig.web.bus.connected, false);
    }
  });

  it("knows the hub by its certificate, and says no to one of another authority", async () => {
    const lines = () => [...tlsLines(files.broker), `cafile ${files.ca}`, "require_certificate true"];
    await using home = await house(await startMosquitto({ lines: lines() }), { ca: files.ca, ...files.hub });
    await until(home, true);
    for (const config of [{ ca: files.ca }, { ca: files.ca, ...files.stranger }]) {
      await using refused = await house(await startMosquitto({ lines: lines() }), config);
      assert.match(await told(refused), /it does not take our certificate \(mqtt\.cert, mqtt\.key\)/);
    }
  });

  it("is told in one sentence when it does not speak TLS, or nothing else", async () => {
    const hint = /it ended the connection at once; perhaps it wants TLS \(mqtts:\/\/\), or none/;
    await using plain = await house(await startMosquitto(), { ca: files.ca });
    assert.match(await told(plain), hint);
    await using tls = await house(await startMosquitto({ lines: tlsLines(files.broker) }), {}, "mqtt");
    assert.match(await told(tls), hint);
  });

  it("is logged in to by user name and password, plain or sealed", async () => {
    const lines = () => ["user root", "allow_anonymous false", `password_file ${files.passwords}`];
    const login = { username: "hub", password: "a long secret" };
    await using plain = await house(await startMosquitto({ lines: lines() }), login, "mqtt");
    await until(plain, true);
    const key = randomBytes(32);
    const password = new Sealer(key).seal(login.password, { purpose: mqttSecrets });
    const broker = await startMosquitto({ lines: lines() });
    const mqtt = { url: `mqtt://127.0.0.1:${broker.port}`, username: "hub", password };
    await using sealed = await startHouse({ mqtt, sealKey: key.toString("hex") }, broker);
    await until(sealed, true);
    await assert.rejects(startHouse({ mqtt }), /a password cannot be opened with this hub's key: enter it again/);
    for (const wrong of [{ ...login, password: "another" }, {}]) {
      await using refused = await house(await startMosquitto({ lines: lines() }), wrong, "mqtt");
      assert.match(await told(refused), /it does not take our user name and password/);
    }
  });

  it("is spoken to in MQTT 3.1.1 when it knows no other, however it says so", async () => {
    for (const refuses of ["says", "closes"] as const) {
      const broker = await startMosquitto();
      await using old = await oldBroker(broker.port, refuses);
      await using home = await startHouse({ mqtt: { url: `mqtt://127.0.0.1:${old.port}` } }, broker);
      await until(home, true);
      assert.deepEqual(old.versions, [5, 4]);
      const status = await home.listen(`intercom/${home.hubId}/status`);
      await status.line(/ online$/);
    }
  });
});

/** A broker of before MQTT 5, made of a newer one: what it does not know it refuses (MQTT 3.1.1, 3.1.2.2), or hangs up. */
async function oldBroker(port: number, refuses: "says" | "closes") {
  const versions: number[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (connect) => {
      const version = connect[connect.indexOf("MQTT") + 4] ?? 0;
      versions.push(version);
      if (version > 4) return socket.end(refuses === "says" ? Buffer.from([0x20, 2, 0, 1]) : "");
      const through = dial({ host: "127.0.0.1", port });
      through.on("error", () => {});
      through.write(connect);
      socket.pipe(through).pipe(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    versions,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLog } from "../util/log.ts";
import { parseSayHost } from "./say-host.ts";
import { SayHosts, sayConfig } from "./say-hosts.ts";

function open(kept = new Map<string, unknown>()) {
  const store = {
    get: (kind: string, id: string) => kept.get(`${kind} ${id}`),
    put: async (kind: string, id: string, value: unknown) => {
      kept.set(`${kind} ${id}`, structuredClone(value));
    },
  };
  return { hosts: new SayHosts({ store, log: silentLog }), kept };
}

const allowed = (hosts: SayHosts, ...urls: readonly string[]) => urls.map((url) => hosts.allows(new URL(url)));

describe("a host that sounds are fetched from", () => {
  it("is written as a name or an address, with scheme and port where they are needed", () => {
    const cases = [
      ["homeassistant.local", "homeassistant.local"],
      ["HTTP://HomeAssistant.local:8123/", "http://homeassistant.local:8123"],
      ["[FD00::12]:80", "[fd00::12]:80"],
      ["media.example.org.", "media.example.org"],
      ["müsli.example", "xn--msli-0ra.example"],
      ["0x7f.1", "127.0.0.1"],
    ];
    for (const [written = "", text] of cases) assert.equal(parseSayHost(written)?.text, text, written);
    for (const written of ["", "*", "*.example.org", "a/b", "http://", "ftp://a", "a:0", "a:65536", "u:p@a", "a b"]) {
      assert.equal(parseSayHost(written), undefined, written);
    }
  });

  it("is meant with both schemes and their usual ports, unless it says otherwise", async () => {
    const { hosts } = open();
    await hosts.add("media.example.org");
    assert.deepEqual(
      allowed(
        hosts,
        "http://media.example.org/a?b=c",
        "https://MEDIA.example.org./a",
        "https://media.example.org:443/",
        "http://media.example.org:8080/",
        "https://media.example.org.evil.example/",
        "https://evil.example/media.example.org",
        "https://media.example.org@evil.example/",
        "ftp://media.example.org/",
      ),
      [true, true, true, false, false, false, false, false],
    );
    await hosts.add("http://192.168.1.5:8123");
    assert.deepEqual(allowed(hosts, "http://192.168.1.5:8123/x", "https://192.168.1.5:8123/x", "http://192.168.1.5/"), [
      true,
      false,
      false,
    ]);
  });
});

describe("the list of hosts", () => {
  it("is empty at first, and kept", async () => {
    const { hosts, kept } = open();
    assert.deepEqual(hosts.list(), []);
    assert.equal(await hosts.add("HTTP://ha.local:8123/"), "http://ha.local:8123");
    await hosts.add("http://ha.local:8123");
    assert.deepEqual(open(kept).hosts.list(), [{ host: "http://ha.local:8123", configured: false }]);
    await hosts.remove("http://ha.local:8123");
    assert.deepEqual(open(kept).hosts.list(), []);
  });

  it("takes nothing that is never fetched from, and no more than 64", async () => {
    const { hosts } = open();
    for (const host of ["169.254.169.254", "http://[fe80::1]", "224.0.0.1", "100.100.100.200", "0.0.0.0"]) {
      assert.throws(() => hosts.add(host), { code: "bad-host" }, host);
      assert.equal(sayConfig.safeParse({ hosts: [host] }).success, false, host);
    }
    for (let at = 0; at < 64; at++) await hosts.add(`host${at}.example`);
    await assert.rejects(hosts.add("one-more.example"), { code: "too-many-hosts" });
  });

  it("has those of the configuration file, which are taken out there", async () => {
    const { hosts } = open();
    await hosts.add("b.example");
    hosts.follow(sayConfig.parse({ hosts: ["a.example"] }));
    assert.deepEqual(hosts.list(), [
      { host: "a.example", configured: true },
      { host: "b.example", configured: false },
    ]);
    await assert.rejects(hosts.remove("a.example"), { code: "configured" });
    hosts.follow(sayConfig.parse({}));
    assert.deepEqual(hosts.list(), [{ host: "b.example", configured: false }]);
  });

  it("asks an administrator about what is offered: nothing is fetched from there before", async () => {
    const { hosts, kept } = open();
    let told = 0;
    using _listener = hosts.onChange(() => told++);
    await hosts.offer(["http://ha.local:8123", "https://x.example"], { by: "Home Assistant", atMs: 5 });
    assert.deepEqual(allowed(hosts, "http://ha.local:8123/"), [false]);
    await hosts.offer(["http://ha.local:8123"], { by: "Home Assistant", atMs: 6 });
    assert.deepEqual(
      hosts.offers().map(({ host }) => host),
      ["http://ha.local:8123", "https://x.example"],
    );
    assert.equal(told, 1);
    await hosts.add("http://ha.local:8123");
    await hosts.refuse("https://x.example");
    const again = open(kept).hosts;
    await again.offer(["http://ha.local:8123", "https://x.example"], { by: "Home Assistant", atMs: 7 });
    assert.deepEqual([again.offers(), allowed(again, "http://ha.local:8123/")], [[], [true]]);
    for (let at = 0; at < 20; at++) await hosts.offer([`h${at}.example`], { by: "Flood", atMs: 8 });
    assert.equal(hosts.offers().length, 8);
  });
});

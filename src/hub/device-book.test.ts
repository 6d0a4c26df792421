import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDocument } from "yaml";
import { type BellSettings, bellSchema } from "./bell-settings.ts";
import { writeDevice } from "./device-book.ts";
import type { DeviceInput } from "./device-settings.ts";

function rewritten(text: string, device: { readonly id: string; readonly input: DeviceInput | undefined }): string {
  const document = parseDocument(text);
  writeDevice(document, device);
  return document.toString({ lineWidth: 0 });
}

describe("a device in the file", () => {
  it("keeps its comments, its order and what is written out on purpose", () => {
    const text = `# my house
devices:
  front:
    # the old one
    # bought in May
    address: fake://front/ # static lease
    enabled: true # leave it on
    doNotDisturb: true # at night
    volume: 2
    options:
      transport: udp # tcp stutters
      depth: 3
  yard: fake://yard/ # behind the house
`;
    const input = {
      id: "front",
      name: "Gate",
      address: "fake://front/",
      enabled: true,
      muted: false,
      doNotDisturb: false,
      volume: 2,
      options: { transport: "tcp", depth: 3 },
    };
    assert.equal(
      rewritten(text, { id: "front", input }),
      text
        .replace("doNotDisturb: true", "doNotDisturb: false")
        .replace("transport: udp", "transport: tcp")
        .replace("      depth: 3\n", "      depth: 3\n    name: Gate\n"),
    );
  });

  it("that was only an address becomes a block and keeps its comment", () => {
    const text = "devices:\n  yard: fake://yard/ # behind the house\n  front: fake://front/\n";
    const input = { id: "yard", name: "Yard", address: "fake://yard/", volume: 2 };
    assert.equal(
      rewritten(text, { id: "yard", input }),
      "devices:\n  yard:\n    # behind the house\n    address: fake://yard/\n    volume: 2\n  front: fake://front/\n",
    );
  });

  it("loses only what was taken from it", () => {
    const text = "devices:\n  yard: { name: Y, area: Outside, address: fake://yard/, username: u } # keep\n";
    const input = { id: "yard", name: "Y", address: "fake://yard/" };
    assert.equal(
      rewritten(text, { id: "yard", input }),
      "devices:\n  yard: { name: Y, address: fake://yard/ } # keep\n",
    );
  });

  it("keeps what stands in its bell: comments, other keys, and a lock as it was written", () => {
    const text = `devices:
  front:
    arrives: door
    # what happens at the door
    bell:
      camera: porch # above the letter box
      groups:
        # the children first
        - [ "person:Anna" ]
      ringS: 60 # grandmother is slow
      lock:
        by: mqtt # the old opener
        topic: door/set
        payload: UNLOCK # as its manual says
      texts: { missed: Nobody is in. }
  yard: fake://yard/
`;
    const bell = bellSchema.parse(parseDocument(text).toJS().devices.front.bell);
    const input = (change: Partial<BellSettings>) =>
      ({ id: "front", name: "Front", arrives: "door", bell: { ...bell, ...change } }) as const;
    assert.equal(rewritten(text, { id: "front", input: input({}) }), text);
    assert.equal(
      rewritten(text, { id: "front", input: input({ ringS: 30, quiet: [{ from: "22:00", to: "07:00" }] }) }),
      text
        .replace("ringS: 60", "ringS: 30")
        .replace("is in. }\n", "is in. }\n      quiet:\n        - from: 22:00\n          to: 07:00\n"),
    );
  });

  it("moves from go2rtc's form, whatever its name was there", () => {
    const text = "streams:\n  my_camera_local: fake://a/\n  other: fake://b/ # b\n";
    const input = { id: "my-camera-local", name: "My camera local", address: "fake://a/", volume: 2 };
    assert.equal(
      rewritten(text, { id: "my-camera-local", input }),
      "streams:\n  other: fake://b/ # b\ndevices:\n  my-camera-local:\n    address: fake://a/\n    volume: 2\n",
    );
    assert.equal(rewritten(text, { id: "my-camera-local", input: undefined }), "streams:\n  other: fake://b/ # b\n");
  });

  it("keeps the further addresses of a list of go2rtc's, without a login in clear", () => {
    const text = "streams:\n  yard:\n    - fake://a/\n    - fake://admin:secret@a/small\n";
    const next = rewritten(text, { id: "yard", input: { id: "yard", name: "Court", address: "fake://a/" } });
    assert.match(next, /# also: fake:\/\/\*\*\*@a\/small/);
    assert.doesNotMatch(next, /secret/);
  });

  it("does not change another that shares its text by an anchor", () => {
    const text = "devices:\n  a: &cam { address: fake://a/, volume: 2 }\n  b: *cam\n";
    const document = parseDocument(
      rewritten(text, { id: "a", input: { id: "a", name: "A", address: "fake://a/", volume: 3 } }),
    );
    assert.deepEqual(document.toJS(), {
      devices: { a: { address: "fake://a/", volume: 3 }, b: { address: "fake://a/", volume: 2 } },
    });
  });

  it("is written where everything was commented out, and into nothing", () => {
    const input = { id: "a", name: "A", address: "fake://a/" };
    for (const text of ["devices:\n# b: fake://b/\n", "# nothing yet\n", ""]) {
      const next = rewritten(text, { id: "a", input });
      assert.deepEqual(parseDocument(next).toJS(), { devices: { a: { address: "fake://a/" } } }, next);
    }
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WireError } from "../../util/errors.ts";
import { readProbeMatches, writeProbe } from "./ws-discovery.ts";
import { child, parseXml, textAt } from "./xml.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
/** As a camera answers, with the prefixes of gSOAP. */
const answer = (match: string) =>
  bytes(
    `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><SOAP-ENV:Body><d:ProbeMatches>${match}</d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`,
  );
const camera = (scopes: string, types = "dn:NetworkVideoTransmitter") =>
  `<d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:1</wsa:Address></wsa:EndpointReference><d:Types>${types}</d:Types><d:Scopes>${scopes}</d:Scopes><d:XAddrs>http://192.168.1.20/onvif/device_service http://[fe80::1]/onvif/device_service ftp://no</d:XAddrs></d:ProbeMatch>`;

describe("WS-Discovery", () => {
  it("asks for devices that send pictures, or for any", () => {
    for (const wanted of ["video", "anything"] as const) {
      const envelope = child(parseXml(writeProbe(wanted, "00000000-0000-4000-8000-000000000000")), "Envelope");
      assert.equal(textAt(envelope, "Header", "MessageID"), "urn:uuid:00000000-0000-4000-8000-000000000000");
      assert.equal(
        textAt(envelope, "Body", "Probe", "Types"),
        wanted === "video" ? "n:NetworkVideoTransmitter" : undefined,
      );
    }
  });

  it("reads what cameras call themselves, and their addresses", () => {
    const scopes = "onvif://www.onvif.org/name/Front%20door%07 onvif://www.onvif.org/hardware/DS-2CD odd:%";
    assert.deepEqual(readProbeMatches(answer(camera(scopes))), [
      {
        endpoint: "urn:uuid:1",
        addresses: ["http://192.168.1.20/onvif/device_service", "http://[fe80::1]/onvif/device_service"],
        name: "Front door",
        hardware: "DS-2CD",
      },
    ]);
    const bare = readProbeMatches(answer(camera("onvif://www.onvif.org/name/%zz", "")));
    assert.equal(bare[0]?.name, "%zz", "escapes that mean nothing stay as they are");
  });

  it("passes over computers, printers, and what answers no probe", () => {
    assert.deepEqual(readProbeMatches(answer(camera("", "pub:Computer"))), []);
    assert.deepEqual(readProbeMatches(answer("<d:ProbeMatch/>")), []);
    assert.deepEqual(readProbeMatches(bytes("<a/>")), []);
    assert.throws(() => readProbeMatches(bytes("<!DOCTYPE a><a/>")), WireError);
    assert.throws(() => readProbeMatches(bytes("no XML")), WireError);
    assert.equal(readProbeMatches(answer(camera("onvif://x").repeat(100))).length, 16);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log-pino.ts";
import { redact } from "./redact.ts";

const secrets: readonly (readonly [string, string])[] = [
  ["rtsp://admin:hunter2@10.0.0.9/onvif1", "hunter2"],
  ["connect failed: rtsp://admin:hun%40ter2@cam.local:554/", "hun%40ter2"],
  ["Authorization: Digest username=x, response=aabbccdd", "aabbccdd"],
  ["authorization: Basic YWRtaW46aHVudGVyMg==", "YWRtaW46aHVudGVyMg"],
  ["Cookie: __Host-doorward=dws_abcdef; other=1", "abcdef"],
  ["Set-Cookie: doorward=dws_abcdef; Path=/", "abcdef"],
  [JSON.stringify({ headers: { authorization: "Bearer abc.def.ghi", cookie: "a=qqqq" } }), "ghi"],
  [JSON.stringify({ headers: { cookie: "a=qqqq" } }), "qqqq"],
  [JSON.stringify({ password: 'a"b\\c-word' }), "c-word"],
  [JSON.stringify({ turnSecret: "sssss", accessToken: "ttttt" }), "sssss"],
  [JSON.stringify({ turnSecret: "sssss", accessToken: "ttttt" }), "ttttt"],
  ["GET /x?token=opensesame&y=1", "opensesame"],
  ["a=ice-ufrag:abcd\r\na=ice-pwd:p4ss+word/long\r\n", "p4ss"],
  [JSON.stringify({ sdp: "v=0\r\na=ice-pwd:p4ssword\r\n" }), "p4ss"],
  ["dwt_0123456789abcdefghijKLMNOP was used", "0123456789"],
  [JSON.stringify({ code: "ABCD-EFGH-JKMN-PQRS" }), "EFGH"],
  ["rtsp://admin:hun/ter2@cam/", "ter2"],
  ["rtsp://cam/user=admin&password=hunter2&channel=1", "hunter2"],
  ["rtsp://cam/user=admin_password=hunter2_channel=1", "hunter2"],
  ["http://cam/cgi?usr=admin&pwd=hunter2", "hunter2"],
  ["http://cam/flv?user=a&pass=hunter2", "hunter2"],
  [JSON.stringify({ apiKey: "kkkkk", api_key: "lllll" }), "kkkkk"],
];

test("secrets of every kind leave the line", () => {
  for (const [line, secret] of secrets) {
    assert.ok(!redact(line).includes(secret), `${line} -> ${redact(line)}`);
  }
});

test("the codes of errors stay, however long they are", () => {
  for (const code of ["too-many-viewers", "codec-unsupported", "last-administrator", "unknown-authentication"]) {
    const line = JSON.stringify({ code, status: 429 });
    assert.equal(redact(line), line);
  }
});

test("what is no secret stays", () => {
  for (const line of ["rtsp://10.0.0.9:554/onvif1", "mail me: a b @ c", '{"device":"front","ms":12,"code":404}']) {
    assert.equal(redact(line), line);
  }
  assert.equal(redact("rtsp://a:b@c/d failed"), "rtsp://***@c/d failed");
});

test("a redacted JSON line is still JSON", () => {
  const line = JSON.stringify({ authorization: 'Digest "q" x', cookie: "k=v", password: 'p\\"', msg: "kept" });
  assert.equal((JSON.parse(redact(line)) as { msg: string }).msg, "kept");
});

test("the log redacts at its sink: fields, messages, errors and children", () => {
  for (const format of ["json", "text"] as const) {
    let out = "";
    const log = createLog({ level: "debug", format, write: (lines) => (out += lines) });
    log.info({ url: "rtsp://u:hunter2@h/" }, "message with rtsp://u:hunter2@h/");
    log.child({ password: "hunter2" }).warn({ err: new Error("refused: rtsp://u:hunter2@h/") }, "lost");
    assert.ok(!out.includes("hunter2"), out);
    assert.equal(out.trim().split("\n").length, 2);
  }
});

test("a long hostile line costs milliseconds", () => {
  const startMs = performance.now();
  redact("a://".repeat(50_000));
  redact(`"${"\\".repeat(200_000)}`);
  redact(`authorization${" ".repeat(100_000)}`);
  assert.ok(performance.now() - startMs < 2000);
});

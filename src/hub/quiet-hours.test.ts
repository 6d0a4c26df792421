import assert from "node:assert/strict";
import { test } from "node:test";
import { isQuietAt, wallTime } from "./quiet-hours.ts";

const berlin = "Europe/Berlin";
const night = [{ from: "22:00", to: "07:00" }] as const;

/** Whether it is quiet at each of some moments (UTC). */
function quietAt(hours: Parameters<typeof isQuietAt>[0], moments: readonly string[], timeZone = berlin) {
  return moments.map((moment) => isQuietAt(hours, { wallMs: Date.parse(moment), timeZone }));
}

test("over midnight, by the clock of the house and not of the machine", () => {
  const moments = ["2026-01-10T20:59Z", "2026-01-10T21:00Z", "2026-01-11T05:59Z", "2026-01-11T06:00Z"];
  assert.deepEqual(quietAt(night, moments), [false, true, true, false]);
  assert.deepEqual(quietAt(night, ["2026-07-10T19:59Z", "2026-07-10T20:00Z", "2026-07-11T05:00Z"]), [
    false,
    true,
    false,
  ]);
  assert.deepEqual(quietAt(night, ["2026-01-10T12:59Z", "2026-01-10T13:00Z"], "Asia/Tokyo"), [false, true]);
});

test("hours over midnight belong to the day on which they begin", () => {
  const friday = [{ from: "22:00", to: "07:00", days: ["fri"] }] as const;
  // The 9th of January 2026 is a Friday.
  const moments = ["2026-01-09T01:00Z", "2026-01-09T22:00Z", "2026-01-10T05:00Z", "2026-01-10T22:00Z"];
  assert.deepEqual(quietAt(friday, moments), [false, true, true, false]);
});

test("the clock is put forward: what it jumps over begins and ends with the jump", () => {
  // 2026-03-29 01:00Z: 02:00 becomes 03:00.
  assert.deepEqual(
    quietAt([{ from: "02:30", to: "06:00" }], ["2026-03-29T00:59Z", "2026-03-29T01:00Z", "2026-03-29T04:00Z"]),
    [false, true, false],
  );
  assert.deepEqual(quietAt([{ from: "23:00", to: "02:30" }], ["2026-03-29T00:59Z", "2026-03-29T01:00Z"]), [
    true,
    false,
  ]);
  assert.deepEqual(quietAt([{ from: "02:10", to: "02:50" }], ["2026-03-29T00:59Z", "2026-03-29T01:00Z"]), [
    false,
    false,
  ]);
  assert.deepEqual(quietAt(night, ["2026-03-28T21:00Z", "2026-03-29T04:59Z", "2026-03-29T05:00Z"]), [
    true,
    true,
    false,
  ]);
});

test("the clock is put back: a night is quiet once, with no hole in it", () => {
  // 2026-10-25 01:00Z: 03:00 becomes 02:00.
  const moments = ["2026-10-25T00:29Z", "2026-10-25T00:30Z", "2026-10-25T01:15Z", "2026-10-25T05:00Z"];
  assert.deepEqual(quietAt([{ from: "02:30", to: "06:00" }], moments), [false, true, true, false]);
  const early = ["2026-10-25T00:29Z", "2026-10-25T00:30Z", "2026-10-25T01:15Z"];
  assert.deepEqual(quietAt([{ from: "22:00", to: "02:30" }], early), [true, false, false]);
  assert.deepEqual(quietAt(night, ["2026-10-24T20:00Z", "2026-10-25T05:59Z", "2026-10-25T06:00Z"]), [
    true,
    true,
    false,
  ]);
});

test("zones that put their clocks by half an hour, and at midnight", () => {
  // Lord Howe: 2026-04-04 15:00Z, 02:00 becomes 01:30. Beirut: midnight becomes 01:00 on 2026-03-29 (2026-03-28 22:00Z).
  assert.deepEqual(
    quietAt(
      [{ from: "01:45", to: "05:00" }],
      ["2026-04-04T14:44Z", "2026-04-04T14:45Z", "2026-04-04T15:05Z"],
      "Australia/Lord_Howe",
    ),
    [false, true, true],
  );
  assert.deepEqual(
    quietAt([{ from: "00:00", to: "06:00" }], ["2026-03-28T21:59Z", "2026-03-28T22:00Z"], "Asia/Beirut"),
    [false, true],
  );
});

test("from and to at the same time is the whole day, and nothing is never", () => {
  assert.deepEqual(quietAt([{ from: "08:00", to: "08:00" }], ["2026-01-10T06:59Z", "2026-01-10T07:00Z"]), [true, true]);
  assert.deepEqual(quietAt([], ["2026-01-10T06:59Z"]), [false]);
});

test("the machine's own zone is known without being named", () => {
  const before = process.env["TZ"];
  try {
    for (const zone of [berlin, "Australia/Lord_Howe", "America/St_Johns", "UTC"]) {
      process.env["TZ"] = zone;
      for (let ms = Date.parse("2026-01-01T00:00:00.250Z"); ms < Date.parse("2027-01-01"); ms += 6.97 * 3_600_000) {
        assert.equal(wallTime(ms, undefined), wallTime(ms, zone), `${zone} ${new Date(ms).toISOString()}`);
      }
      const at = { wallMs: Date.parse("2026-03-29T01:00Z") };
      const early = [{ from: "02:30", to: "06:00" }] as const;
      assert.equal(isQuietAt(early, { ...at, timeZone: undefined }), isQuietAt(early, { ...at, timeZone: zone }));
    }
  } finally {
    if (before === undefined) delete process.env["TZ"];
    else process.env["TZ"] = before;
  }
});

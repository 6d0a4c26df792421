import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OnvifCamera, onvifMessage } from "../../../test/peers/onvif-camera.ts";
import { systemClock } from "../../util/clock.ts";
import { followEvents } from "./subscription.ts";

describe("a subscription to a camera's events", () => {
  for (const noPull of [false, true]) {
    it(
      noPull ? "is none where the camera then gives nothing by it" : "is one once the camera was asked by it",
      async () => {
        await using camera = await OnvifCamera.start({ noPull });
        camera.initial = [onvifMessage("tns1:VideoSource/MotionAlarm", {})];
        const stop = new AbortController();
        const told: number[] = [];
        const following = followEvents({
          url: new URL(camera.url),
          credentials: undefined,
          clock: systemClock,
          signal: stop.signal,
          onSubscribed: () => {
            told.push(camera.asked.filter((action) => action === "PullMessages").length);
            stop.abort();
          },
          onNotification: () => {},
        });
        if (noPull) await assert.rejects(following, { code: "fault" });
        else await following;
        assert.deepEqual([camera.subscriptions, told], [1, noPull ? [] : [1]]);
      },
    );
  }
});

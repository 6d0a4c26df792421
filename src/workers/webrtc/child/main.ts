import { systemClock } from "../../../util/clock.ts";
import { trimWhenIdle } from "../../../util/collector.ts";
import { messageOf } from "../../../util/errors.ts";
import { serveHub } from "./hub-pipe.ts";
import { WebRtcService } from "./service.ts";

const post = serveHub((message) => service.receive(message));
const service = new WebRtcService((message) => post(message));

trimWhenIdle({ clock: systemClock, isBusy: () => service.viewers > 0, signal: new AbortController().signal });

process.on("uncaughtException", (error) => {
  process.stderr.write(`${messageOf(error)}\n${error instanceof Error ? error.stack : ""}\n`);
  process.exit(1);
});

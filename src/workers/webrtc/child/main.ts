import { messageOf } from "../../../util/errors.ts";
import { serveParent } from "../../process.ts";
import type { FromChild, ToChild } from "../messages.ts";
import { WebRtcService } from "./service.ts";

const post = serveParent<ToChild, FromChild>({ onMessage: (message) => service.receive(message) });
const service = new WebRtcService((message) => post(message));

process.on("uncaughtException", (error) => {
  process.stderr.write(`${messageOf(error)}\n${error instanceof Error ? error.stack : ""}\n`);
  process.exit(1);
});

import { background } from "../../util/background.ts";
import { FatalError, messageOf } from "../../util/errors.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { Announcer } from "./announcer.ts";
import { type SupervisorConfig, supervisorConfig } from "./config.ts";

/** Tells Home Assistant's Supervisor that the hub is there, and with which token its integration may use it. */
export default defineSurface({ name: "supervisor", config: supervisorConfig, start });

async function start({ hub, config, signal }: Lent<SupervisorConfig>): Promise<Running> {
  const token = process.env["SUPERVISOR_TOKEN"];
  if (!token) {
    const message = "supervisor: SUPERVISOR_TOKEN is not set; this section is for the app of Home Assistant alone";
    throw new FatalError(message, { code: "supervisor" });
  }
  const { identity, clock, log } = hub;
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const announcer = new Announcer({ identity, clock, log, supervisor: config.url, token, hubUrl: config.hub });
  background(announcer.run(until), (error) => {
    if (!until.aborted) log.error({ err: error }, `Home Assistant was not told of the hub: ${messageOf(error)}`);
  });
  return { addresses: [], [Symbol.asyncDispose]: async () => stop.abort() };
}

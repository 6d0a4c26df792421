import { hostname, networkInterfaces } from "node:os";
import { z } from "zod";
import { announce } from "../../workers/mdns/index.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { Announcer } from "./announcer.ts";

/** `mdns:` of the configuration. */
export const mdnsConfig = z
  .enum(["on", "off"])
  .default("on")
  .describe(
    "Whether the hub announces itself on the networks that it listens on (multicast DNS, _doorward._tcp), so that Home Assistant finds it. A hub that listens on this machine alone and the demo announce nothing. The environment variable DOORWARD_MDNS (on, off) goes before this.",
  );

/** Tells the network where the hub is. It comes after HTTP, which says on what it listens. */
export default defineSurface({ name: "mdns", config: mdnsConfig, start });

async function start(lent: Lent<"on" | "off">): Promise<Running> {
  if (!isWanted(lent)) return { addresses: [], [Symbol.asyncDispose]: async () => {} };
  const { hub, version, others } = lent;
  const announcer = new Announcer({
    reached: others.flatMap(({ reached }) => reached ?? []),
    id: hub.identity.installation,
    version,
    machine: hostname(),
    interfaces: networkInterfaces,
    announce: (announcement) => announce(announcement, { log: hub.log }),
    clock: hub.clock,
    log: hub.log,
  });
  return { addresses: [], [Symbol.asyncDispose]: () => announcer[Symbol.asyncDispose]() };
}

function isWanted({ config, demo }: Pick<Lent<"on" | "off">, "config" | "demo">): boolean {
  const told = process.env["DOORWARD_MDNS"];
  return told === "on" || (told !== "off" && config === "on" && !demo);
}

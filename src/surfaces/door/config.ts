import { z } from "zod";
import { openingCommands } from "../../hub/lock-words.ts";
import { doorLimits } from "../../protocols/door/limits.ts";

const port = z.int().min(0).max(65_535);
const names = z.array(z.string().min(1).max(doorLimits.nameChars.value)).max(64);

/** `door:` of the configuration. */
export const doorConfig = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe("Address to listen on. On any but loopback let stations use TLS, or their tokens go in the clear."),
    port: port
      .default(doorLimits.port.value)
      .describe("Port; 0 is any free one. Whoever begins with TLS is served by TLS, with the certificate of the page."),
    tlsPort: port.optional().describe("Another port, for TLS only."),
    plain: z.boolean().default(true).describe("False takes only TLS, on every port."),
    assign: z
      .record(z.string().min(1).max(doorLimits.nameChars.value), z.string().min(1).max(48))
      .default({})
      .describe(
        "Which station an older client means, by its client id, e.g. phone: front-door. Absent: the one that it was told of last.",
      ),
    ringEvents: names
      .default(["ring", "doorbell", "doorbell_pressed", "bell", "button"])
      .describe("Events of a station that are a press of its bell."),
    unlockCommands: names
      .default([...openingCommands])
      .describe(
        "Commands that open a door: they need the right to unlock, expire, are noted, and all mean the same; the command of a station's own `lock` is one, too.",
      ),
    declineCommands: names
      .default(["decline", "reject", "hang_up", "hangup", "dismiss"])
      .describe(
        "Commands of clients that decline the call which rings for them, with `reply` of the payload said at the door. While none rings they go to the station.",
      ),
    freeCommands: names
      .default(["status", "ping", "info"])
      .describe(
        "Commands for which the right to talk is enough. Any other command needs the right to unlock; with `enrolment: open` guests may give it, but none of unlockCommands.",
      ),
    openingMs: z
      .int()
      .min(0)
      .max(60_000)
      .default(5000)
      .describe("For how long a door stays open, ms: another wish to open it meanwhile is the same one."),
  })
  .optional()
  .describe("Door stations and their clients, by JSON lines (docs/door-protocol.md). Absent: none.");

/** Settings of the door surface. */
export type DoorConfig = NonNullable<z.infer<typeof doorConfig>>;

import { z } from "zod";

const opensForS = z
  .number()
  .min(0.5)
  .max(60)
  .default(5)
  .describe("Seconds for which it stands open: wishes of that time are one.");

/** A topic to which something is sent: without the signs that stand for many. */
const topic = z.string().regex(/^[^+#$\p{Cc}][^+#\p{Cc}]{0,254}$/u, "an MQTT topic without + and #");

const stationLock = z.strictObject({
  by: z.literal("station"),
  device: z.string().max(48).optional().describe("Id of the station that opens; the device itself when absent."),
  command: z.string().min(1).max(64).default("unlock").describe("The command that it is given."),
  payload: z.record(z.string().max(64), z.unknown()).default({}).describe("What goes with the command."),
  opensForS,
});

const mqttLock = z.strictObject({
  by: z.literal("mqtt"),
  topic: topic.describe("Where the command is sent to; not kept by the broker, and gone after 5 s."),
  payload: z.string().min(1).max(1024).default("UNLOCK"),
  state: z
    .strictObject({
      topic: topic.describe("Where the lock says how it stands."),
      unlocked: z.string().min(1).max(256).default("UNLOCKED").describe("What it says there when it is open."),
      locked: z.string().min(1).max(256).default("LOCKED").describe("What it says there when it is locked."),
    })
    .optional()
    .describe("With it the hub knows that it has opened; without it only that the broker took the command."),
  opensForS,
});

const httpLock = z.strictObject({
  by: z.literal("http"),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .refine((text) => {
      const url = URL.parse(text);
      return url?.username === "" && url.password === "" && url.hash === "";
    }, "user name and password have their own fields")
    .describe("What is called; its host has to stand in `locks.relayHosts`."),
  method: z.enum(["GET", "POST", "PUT"]).default("POST"),
  body: z
    .string()
    .max(4096)
    .optional()
    .describe("Sent as it is, but for {device}, {nonce} and {seconds}, which are filled in."),
  contentType: z
    .string()
    .regex(/^[\w.+-]{1,64}\/[\w.+-]{1,64}$/)
    .default("application/json"),
  username: z.string().max(128).optional(),
  password: z.string().max(1024).optional().describe("Basic; stored sealed."),
  token: z.string().max(1024).optional().describe("Bearer, in place of user name and password; stored sealed."),
  opensForS,
});

/** A bell's `lock:`: what opens the door. */
export const lockSchema = z.discriminatedUnion("by", [
  stationLock,
  mqttLock,
  httpLock,
  z.strictObject({ by: z.literal("none") }),
]);

/** What holds of a lock of this kind where nothing is written. */
export function lockDefaults(by: LockSettings["by"]): Readonly<Record<string, unknown>> {
  const kind = lockSchema.options.find((option) => option.shape.by.value === by);
  const usual = Object.entries(kind?.shape ?? {}).filter(([, setting]) => setting instanceof z.ZodDefault);
  return Object.fromEntries(usual.map(([name, setting]) => [name, setting.parse(undefined)]));
}

/** {@link lockSchema} */
export type LockSettings = z.output<typeof lockSchema>;

/** A lock that can be opened. */
export type OpenableLock = Exclude<LockSettings, { readonly by: "none" }>;

/** The configuration file's `locks:`. */
export const locksConfig = z
  .strictObject({
    relayHosts: z
      .array(
        z.string().regex(/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i, "a host as 192.168.1.30 or relay.lan:8080"),
      )
      .max(64)
      .readonly()
      .default([])
      .describe("Hosts that locks may call by HTTP, each with its port where it is not that of the scheme."),
    overMqtt: z
      .boolean()
      .default(false)
      .describe(
        "True lets everybody open doors who may send to the MQTT broker, so also Home Assistant's lock entities.",
      ),
    legacyStations: z
      .boolean()
      .default(false)
      .describe(
        "True has door stations opened as well that were let in by their address alone: whoever takes that address is told so, too.",
      ),
  })
  .prefault({})
  .describe("What opens doors.");

/** {@link locksConfig} */
export type LocksConfig = z.output<typeof locksConfig>;

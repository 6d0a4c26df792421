import { z } from "zod";
import { targetsSchema } from "../../hub/bell-settings.ts";

const secret = z.string().min(1).max(1024).meta({ secret: true });

const pem = (what: string) => z.string().min(1).describe(`File (PEM) with ${what}.`);

const brokerUrl = z
  .url({ protocol: /^mqtts?$/ })
  .refine((url) => {
    const { username, password } = new URL(url);
    return username === "" && password === "";
  }, "user name and password have settings of their own")
  .refine((url) => new URL(url).hostname !== "", "mqtt://host:port")
  .meta({ type: "string", format: "uri" });

/** `mqtt:` of the configuration. */
export const mqttConfig = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe(
        "Address of the hub's own broker. On any but loopback, passwords and tokens go over the network in the clear.",
      ),
    port: z.int().min(0).max(65_535).default(1883).describe("Port of the hub's own broker; 0 is any free one."),
    accounts: z
      .record(z.string().regex(/^[\w.@-]{1,64}$/, "letters, digits, . _ @ -"), secret)
      .default({})
      .describe(
        "Who may use all of the hub's own broker, e.g. homeassistant: name and password. Devices log in with their id and their token.",
      ),
    url: brokerUrl
      .optional()
      .describe("Another broker to be used instead of the hub's own: mqtt://host:port, or mqtts:// for TLS."),
    username: z.string().min(1).max(256).optional().describe("User name at that broker."),
    password: secret.optional().describe('Password at that broker; "doorward seal" seals it.'),
    ca: pem("the certificates by which that broker is known; the system's own otherwise").optional(),
    cert: pem("the hub's own certificate, where that broker asks for one").optional(),
    key: pem("the key of that certificate").optional(),
    discovery: z
      .enum(["auto", "on", "off"])
      .default("auto")
      .describe(
        "Whether Home Assistant is told of devices over MQTT. auto: of those that its own integration does not show; on: of all, also twice; off: of none. Topics stay in any case.",
      ),
    stills: z
      .union([z.enum(["off", "ring"]), z.int().min(10).max(3600)])
      .default("off")
      .describe(
        "Still pictures (JPEG, 640 wide) over MQTT, for whoever may read there. ring: of a bell's camera when it rings; a number: also every so many seconds, of cameras that are connected anyway. The broker keeps none.",
      ),
    companions: z
      .record(
        z
          .string()
          .max(256)
          .regex(/^[^$#+\0][^#+\0]*$/, "one topic, without # and +"),
        z.strictObject({
          door: z.string().min(1).max(48).describe("Id of the device whose bell rings."),
          rings: targetsSchema
            .optional()
            .describe("Whom it rings, e.g. person:Anna; as the bell's settings say when absent."),
        }),
      )
      .default({})
      .describe(
        "Topics on which an automation says `start` (the door rings for these people) and `stop` (it ends), as the Home Assistant intercom's phone service takes them.",
      ),
  })
  .refine((config) => (config.cert === undefined) === (config.key === undefined), "cert and key come together")
  .optional()
  .describe(
    "Messages over MQTT, for room stations and Home Assistant: by the hub's own broker, or by another one (url). Absent: none.",
  );

/** Settings of the MQTT surface. */
export type MqttConfig = NonNullable<z.infer<typeof mqttConfig>>;

/** Purpose under which the passwords of this section are sealed. */
export const mqttSecrets = "mqtt-password";

import { z } from "zod";
import { transport } from "../../protocols/room/constants.ts";

const multicast = z
  .ipv4()
  .refine((address) => /^(22[4-9]|23\d)\./.test(address), "an address from 224.0.0.0 to 239.255.255.255")
  .default(transport.group.value);

/** `room:` of the configuration. */
export const roomConfig = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(32)
      .regex(/^[^\p{Cc}"\\]+$/u, "only printable characters")
      .default("Doorward")
      .describe(
        "What the hub is called among the stations: who speaks to it is heard where a browser is open as a station.",
      ),
    group: multicast.describe(
      `Multicast group of a talk to all rooms; newer firmware uses ${transport.otherGroup.value}, which is heard as well.`,
    ),
    port: z.int().min(1).max(65_535).default(transport.port.value).describe("UDP port of sound."),
    interfaces: z
      .union([z.literal("auto"), z.array(z.string().min(1).max(64)).min(1).max(16).readonly()])
      .default("auto")
      .describe(
        "Network interfaces on which rooms are, by name or address: [eth0]. auto: all but those of containers and tunnels.",
      ),
    webPort: z
      .int()
      .min(0)
      .max(65_535)
      .default(8099)
      .describe("Port of the original project's clients in browsers; 0 is any free one."),
    webHost: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe(
        "Address of that port. On any but loopback, sound and tokens go over the network in the clear: better a proxy with HTTPS in front, which browsers want before they give a microphone.",
      ),
    webOrigins: z
      .array(
        z
          .url({ protocol: /^https?$/ })
          .refine((url) => new URL(url).origin === url, "scheme, name and port: http://name:8123"),
      )
      .max(32)
      .default([])
      .describe(
        "Other sites whose pages may connect there, e.g. http://homeassistant.local:8123 for its dashboard card.",
      ),
    delivery: z
      .enum(["auto", "multicast", "unicast"])
      .default("auto")
      .describe(
        "How a talk to all rooms is sent: once to the group (multicast), to each station alone (unicast), or to the group and a second time to those alone that report that they lose much of it (auto).",
      ),
    emergency: z
      .enum(["authenticated", "all"])
      .default("authenticated")
      .describe(
        "Whose emergencies count as such. Stations without a token can be imitated by anybody in the network: theirs count as urgent.",
      ),
    callSilenceS: z
      .int()
      .min(0)
      .max(3600)
      .default(30)
      .describe(
        "After so many seconds in which nobody speaks a station that knows nothing of calls leaves the one that it is in; 0: only by its call button.",
      ),
    soundsFrom: z
      .array(z.url({ protocol: /^https?$/ }).meta({ type: "string", format: "uri" }))
      .max(32)
      .readonly()
      .default([])
      .describe(
        "Servers, or folders of them, whose sounds may be played by their address over MQTT: [http://homeassistant.local:8123]. None unless named.",
      ),
  })
  .optional()
  .describe("Room stations: push to talk over Opus multicast. Absent: none.");

/** Settings of the room surface. */
export type RoomConfig = NonNullable<z.infer<typeof roomConfig>>;

import { z } from "zod";
import { nameSchema } from "../util/name.ts";
import { arrivalSentence, arrivalWords } from "./arrival-kinds.ts";
import { bellSchema, motionSchema, quietHoursSchema } from "./bell-settings.ts";

/** What a setting says about itself beside its check; ends up in the JSON Schema that the page's form is made of. */
interface Notes {
  /** What the form calls it. */
  readonly label: string;
  readonly description: string;
  /** `device`: whoever administers the device may change it. Otherwise only administrators of the hub. */
  readonly changedBy?: "device";
}

const noted = <S extends z.ZodType>(schema: S, notes: Notes): S => schema.meta({ ...notes }) as S;

/**
 * The settings of a device that are the hub's own, whatever brings its media. The one place where one is added: type,
 * default, file, API, the page's form and docs are made of it. A setting has a default or is optional; only `name` is
 * neither.
 */
export const settingsShape = {
  name: noted(nameSchema, {
    label: "Name",
    description: "What people call it. Made from the id when absent.",
    changedBy: "device",
  }),
  area: noted(nameSchema.optional(), {
    label: "Area",
    description: "The group of devices it belongs to, e.g. Entrance.",
  }),
  enabled: noted(z.boolean().default(true), {
    label: "In use",
    description: "While it is off, the hub keeps its settings and does not connect to it.",
    changedBy: "device",
  }),
  warm: noted(z.boolean().default(false), {
    label: "Always connected",
    description: "The connection is kept while nobody watches, so that the next viewer starts at once.",
    changedBy: "device",
  }),
  warmByHabit: noted(z.boolean().default(true), {
    label: "Connected when it is usually opened",
    description:
      "Kept connected in the hours in which people usually open it, as many cameras at once as the configuration's `habits` allows.",
    changedBy: "device",
  }),
  volume: noted(z.number().min(0).max(4).default(1), {
    label: "Loudness",
    description: "Loudness of its speaker; 1 leaves the sound as it is.",
    changedBy: "device",
  }),
  muted: noted(z.boolean().default(false), {
    label: "Muted",
    description: "Nothing that is said there is played, but emergencies; whoever speaks is told so.",
    changedBy: "device",
  }),
  doNotDisturb: noted(z.boolean().default(false), {
    label: "Do not disturb",
    description: "Only emergencies may speak through it.",
    changedBy: "device",
  }),
  quiet: noted(quietHoursSchema.optional(), {
    label: "Quiet hours",
    description: "Hours in which nobody is rung there, by the house's clock, e.g. from 22:00 to 07:00.",
    changedBy: "device",
  }),
  watch: noted(z.enum(["auto", "direct", "relayed"]).default("auto"), {
    label: "Camera agent: how it is watched",
    description:
      "By viewers of the camera agents' protocol. direct: peer to peer, also where signalling.watch says otherwise. relayed: always through the hub, so that its uplink carries one picture. auto: as signalling.watch says. Unless it is relayed, a viewer may ask for either.",
    changedBy: "device",
  }),
  ptz: noted(z.enum(["off", "onvif"]).default("off"), {
    label: "Can be turned",
    description:
      "onvif: the hub turns it by ONVIF, with the user name and password of its address, for whoever has the right ptz.",
  }),
  ptzUrl: noted(
    z
      .url({ protocol: /^https?$/ })
      .max(512)
      .optional(),
    {
      label: "Where it is turned",
      description: "Its ONVIF device service; http://<host of its address>/onvif/device_service when absent.",
    },
  ),
  bell: noted(bellSchema.optional(), {
    label: "Bell",
    description: "Whom it rings when somebody rings there, which camera shows them, and what opens the door.",
  }),
  motion: noted(motionSchema.optional(), {
    label: "Motion",
    description:
      "How the hub is told that something moves there; a camera whose bell is told by ONVIF events tells of motion as well.",
  }),
} satisfies z.ZodRawShape;

/** How a device is reached that the hub calls. */
export const connectionShape = {
  address: noted(z.string().min(3).max(8192), {
    label: "Address",
    description: "Its URL, e.g. rtsp://192.168.1.20/onvif1 or tcp://192.168.1.25:12345/.",
  }),
  username: noted(z.string().max(128).optional(), {
    label: "User name",
    description: "User name, if the device asks for one.",
  }),
  password: noted(z.string().max(1024).optional(), {
    label: "Password",
    description: "Password; the page stores it sealed (sealed:...).",
  }),
  driver: noted(z.string().max(32).optional(), {
    label: "Driver",
    description: "Which driver speaks to it; found out from the address when absent.",
  }),
  options: noted(z.record(z.string().max(64), z.unknown()).default({}), {
    label: "Options",
    description: "The driver's own settings; see docs/devices.md.",
  }),
} satisfies z.ZodRawShape;

/** What a device that calls the hub has in place of an address. */
export const arrivalShape = {
  arrives: noted(z.enum(arrivalWords).optional(), {
    label: "Calls the hub by",
    description: `In place of an address, for a device that calls the hub: ${arrivalSentence}.`,
  }),
  takeOver: noted(z.boolean().default(true), {
    label: "The newest connection counts",
    description:
      "A second connection of a device that calls takes over. While this is off, it is refused as long as the first is there.",
    changedBy: "device",
  }),
} satisfies z.ZodRawShape;

const settings = z.object(settingsShape);
const reachShape = { ...connectionShape, address: connectionShape.address.optional(), ...arrivalShape };

/** Ids of devices: what stands in addresses of the API and in MQTT topics. */
export const idSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,47}$/, "lower-case letters, digits and dashes, at most 48");

const looseDeviceSchema = z.strictObject({
  ...settingsShape,
  name: settingsShape.name.optional(),
  ...reachShape,
});

/** The long form of one device in `devices:`: the hub calls it at its address, or it arrives. */
export const deviceSchema = looseDeviceSchema.refine(
  ({ address, arrives }) => (address === undefined) !== (arrives === undefined),
  { path: ["address"], message: "has to be there, or `arrives` in its place" },
);

/** A camera as a person gives it: in the file or on the page. Credentials in `address` are taken out and kept apart. */
export type DeviceInput = Readonly<
  z.input<typeof settings> &
    z.input<z.ZodObject<typeof reachShape>> & {
      /** Made from the name when absent. */
      id?: string;
    }
>;

/** A device's settings that are the hub's, not its driver's. */
export type DeviceSettings = Readonly<z.output<typeof settings>> & {
  readonly id: string;
  /** True when it stands in the configuration file. */
  readonly permanent: boolean;
  /** True for a device that is only looked at before it is saved: administrators see it, lists do not. */
  readonly preview: boolean;
};

/** What holds of a device where nothing is written. */
export const deviceDefaults: Readonly<Partial<DeviceInput>> = looseDeviceSchema.parse({});

/** The hub's own settings among what was given, checked and with their defaults; throws ZodError. */
export function settingsOf(input: DeviceInput): z.output<typeof settings> {
  return settings.parse(input);
}

/** What adding a device takes: defaults are left to the hub. */
export const newDeviceSchema = z.strictObject(
  asGiven({ ...settingsShape, ...reachShape }),
) as unknown as z.ZodType<DeviceInput>;

/** What changing a device takes: any of the same; null takes away what was there. */
export const deviceChangeSchema: z.ZodType<Readonly<Record<string, unknown>>> = z.strictObject(
  Object.fromEntries(
    Object.entries(asGiven({ ...settingsShape, ...reachShape })).map(([name, schema]) => [
      name,
      schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType).nullable().optional() : schema.optional(),
    ]),
  ),
);

/** What somebody may change who administers one device but not the hub: nothing that reaches other machines. */
export const changedByDevice: ReadonlySet<string> = new Set(
  Object.entries({ ...settingsShape, ...arrivalShape }).flatMap(([name, schema]) =>
    schema.meta()?.["changedBy"] === "device" ? [name] : [],
  ),
);

/** The hub's own settings as a JSON Schema: the page's form is made of it. */
export function settingsJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(settings, { io: "input", unrepresentable: "any" });
}

/** The settings with their values as the API shows them. */
export const settingsView = z.object(settingsShape);

/** Each setting as it is given: one with a default may be left out and stays out. */
function asGiven(shape: z.ZodRawShape): Record<string, z.ZodType> {
  const given = Object.entries(shape).map(([name, schema]): [string, z.ZodType] => [
    name,
    schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType).optional() : (schema as z.ZodType),
  ]);
  return Object.fromEntries(given);
}

import { z } from "zod";
import type { Driver } from "../device/driver.ts";
import { FatalError } from "../util/errors.ts";
import type { DeviceInput } from "./api.ts";
import type { DeviceSettings } from "./device.ts";

/** At most 64 printable characters (SECURITY.md, 6). */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u, "only printable characters");

/** Ids of devices: what stands in addresses of the API and in MQTT topics. */
export const idSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,47}$/, "lower-case letters, digits and dashes, at most 48");

/** The long form of one device in `devices:`. */
export const deviceSchema = z.strictObject({
  name: nameSchema.optional().describe("What people call it. Made from the id when absent."),
  area: nameSchema.optional().describe("The group of devices it belongs to, e.g. Entrance."),
  address: z
    .string()
    .min(3)
    .max(2048)
    .describe("Its URL, e.g. rtsp://192.168.1.20/onvif1 or tcp://192.168.1.25:12345/."),
  username: z.string().max(128).optional().describe("User name, if the device asks for one."),
  password: z.string().max(512).optional().describe("Password; the page stores it sealed (sealed:...)."),
  driver: z.string().max(32).optional().describe("Which driver speaks to it; found out from the address when absent."),
  enabled: z.boolean().default(true).describe("False keeps it in the file without connecting to it."),
  warm: z
    .boolean()
    .default(false)
    .describe("Stay connected while nobody watches, so that the next viewer starts at once."),
  volume: z.number().min(0).max(4).default(1).describe("Loudness of its speaker; 1 leaves the sound as it is."),
  doNotDisturb: z.boolean().default(false).describe("Only emergencies may speak through it."),
  options: z.record(z.string(), z.unknown()).default({}).describe("The driver's own settings; see docs/devices.md."),
});

/** `devices:` of the configuration: by id, in the long form or as an address only. */
export const devicesConfig = z
  .record(idSchema, z.union([z.string().min(3).max(2048), deviceSchema]))
  .default({})
  .describe("Cameras and other devices by id: an address, or a block with the settings below.");

/** `streams:` as go2rtc writes it: names with one address each (or a list, of which the first is used). */
export const streamsConfig = z
  .record(z.string().min(1).max(64), z.union([z.string(), z.array(z.string()).min(1)]))
  .default({})
  .describe("Cameras in go2rtc's form: name: rtsp://... or tcp://...; the first address of a list is used.");

/** An id for a name: lower case, dashes, at most 48 characters. */
export function idFromName(name: string, taken: (id: string) => boolean = () => false): string {
  const plain = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  const base = plain === "" ? "device" : plain;
  for (let count = 1; ; count++) {
    const id = count === 1 ? base : `${base}-${count}`;
    if (!taken(id)) return id;
  }
}

/** The devices of a configuration, in one form. */
export function deviceInputs(config: {
  readonly devices: z.infer<typeof devicesConfig>;
  readonly streams: z.infer<typeof streamsConfig>;
}): Map<string, DeviceInput> {
  const inputs = new Map<string, DeviceInput>();
  for (const [id, value] of Object.entries(config.devices)) {
    const long = typeof value === "string" ? { address: value } : value;
    inputs.set(id, { ...long, id, name: ("name" in long && long.name) || titleOf(id) });
  }
  for (const [name, value] of Object.entries(config.streams)) {
    const id = idFromName(name, (taken) => inputs.has(taken));
    const address = typeof value === "string" ? value : (value[0] ?? "");
    inputs.set(id, { id, name: titleOf(name), address });
  }
  return inputs;
}

function titleOf(id: string): string {
  const words = id.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What {@link resolveDevice} finds. */
export interface ResolvedDevice {
  readonly driver: Driver;
  readonly config: unknown;
  /** Without credentials. */
  readonly address: string;
  readonly settings: DeviceSettings;
  /** Changes when the connection has to be made anew. */
  readonly fingerprint: string;
}

/** Options of {@link resolveDevice}. */
export interface ResolveOptions {
  readonly drivers: readonly Driver[];
  /** Opens a sealed password; the identity for a plain one. */
  readonly unseal: (text: string) => string;
  readonly permanent: boolean;
  readonly preview: boolean;
}

/**
 * Finds the driver of a device and checks the driver's own settings.
 * Throws FatalError `bad-config` with a sentence that names the device and the field.
 */
export function resolveDevice(input: DeviceInput & { readonly id: string }, options: ResolveOptions): ResolvedDevice {
  const { url, username, password } = splitAddress(input);
  const driver = findDriver(input, { url, drivers: options.drivers });
  const secret = input.password === undefined ? password : options.unseal(input.password);
  const candidate = {
    ...fragmentOptions(url),
    ...input.options,
    address: withoutFragment(url),
    ...((input.username ?? username) !== undefined && { username: input.username ?? username }),
    ...(secret !== undefined && { password: secret }),
  };
  const parsed = driver.config.safeParse(candidate);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join(".") || "settings";
    throw badConfig(input, `${field}: ${issue?.message ?? "is not valid"}`);
  }
  return {
    driver,
    config: parsed.data,
    address: withoutFragment(url),
    fingerprint: JSON.stringify([driver.kind, parsed.data]),
    settings: {
      id: input.id,
      name: input.name,
      area: input.area,
      enabled: input.enabled ?? true,
      warm: input.warm ?? false,
      volume: input.volume ?? 1,
      doNotDisturb: input.doNotDisturb ?? false,
      permanent: options.permanent,
      preview: options.preview,
    },
  };
}

function splitAddress(input: DeviceInput): {
  readonly url: URL;
  readonly username: string | undefined;
  readonly password: string | undefined;
} {
  let url: URL;
  try {
    url = new URL(input.address);
  } catch (error) {
    throw badConfig(input, `"${input.address}" is not an address such as rtsp://192.168.1.20/onvif1`, error);
  }
  const username = url.username === "" ? undefined : decode(url.username);
  const password = url.password === "" ? undefined : decode(url.password);
  url.username = "";
  url.password = "";
  return { url, username, password };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function findDriver(input: DeviceInput, how: { readonly url: URL; readonly drivers: readonly Driver[] }): Driver {
  if (input.driver !== undefined) {
    const named = how.drivers.find(({ kind }) => kind === input.driver);
    if (named) return named;
    const known = how.drivers.map(({ kind }) => kind).join(", ");
    throw badConfig(input, `there is no driver "${input.driver}"; there are ${known}`);
  }
  const [best] = how.drivers
    .map((driver) => ({ driver, sure: driver.claims(how.url) }))
    .filter(({ sure }) => sure > 0)
    .sort((a, b) => b.sure - a.sure);
  if (best) return best.driver;
  throw badConfig(
    input,
    `no driver for ${how.url.protocol}// addresses; rtsp://, rtsps://, tcp://, ingenic:// and file: are known`,
  );
}

/** go2rtc writes options behind `#`: `rtsp://...#backchannel=0#transport=udp`. Unknown ones are left to nobody. */
function fragmentOptions(url: URL): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const part of url.hash.split("#")) {
    const [key, value] = part.split("=");
    if (key === "transport" && (value === "tcp" || value === "udp")) options["transport"] = value;
    if (key === "backchannel") options["backchannel"] = value === "0" ? "off" : "auto";
  }
  return options;
}

function withoutFragment(url: URL): string {
  const copy = new URL(url.href);
  copy.hash = "";
  return copy.href;
}

function badConfig(input: DeviceInput, what: string, cause?: unknown): FatalError {
  return new FatalError(`device ${input.id ?? input.name}: ${what}`, { code: "bad-config", cause });
}

import { z } from "zod";
import type { Driver } from "../device/driver.ts";
import type { ArrivalKind } from "./arrival-kinds.ts";
import { badDevice, openDevice } from "./device-secrets.ts";
import {
  connectionShape,
  type DeviceInput,
  type DeviceSettings,
  deviceSchema,
  idSchema,
  settingsOf,
} from "./device-settings.ts";

/** `devices:` of the configuration: by id, in the long form or as an address only. */
export const devicesConfig = z
  .record(idSchema, z.union([connectionShape.address, z.array(connectionShape.address).length(2), deviceSchema]))
  .default({})
  .describe(
    "Cameras and other devices by id: an address; a list of two, that of the large picture and that of the small one, with the name and password of the first; or a block with the settings below.",
  );

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
    const long = typeof value === "string" ? { address: value } : Array.isArray(value) ? withSub(value) : value;
    inputs.set(id, { ...long, id, name: ("name" in long && long.name) || titleOf(id) });
  }
  for (const [name, value] of Object.entries(config.streams)) {
    const id = idFromName(name, (taken) => inputs.has(taken));
    const address = typeof value === "string" ? value : (value[0] ?? "");
    inputs.set(id, { id, name: titleOf(name), address });
  }
  return inputs;
}

/** A list of two addresses: the second is the small picture's, which is logged in at as the first. */
function withSub([address = "", small = ""]: readonly string[]): Pick<DeviceInput, "options"> & { address: string } {
  return { address, options: { sub: small.replace(/^([a-z]+:\/\/)[^/?#]*@/i, "$1") } };
}

/** The name of a device that was given none: its id as words. */
export function titleOf(id: string): string {
  const words = id.replace(/[-_]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What {@link resolveDevice} finds. */
export interface ResolvedDevice {
  readonly driver: Driver;
  /** As the driver's schema gives it; when it differs the connection has to be made again. */
  readonly config: unknown;
  /** For people: without secrets. */
  readonly address: string;
  readonly settings: DeviceSettings;
}

/** What {@link resolveArrival} finds: a device that calls the hub. */
export interface ResolvedArrival {
  readonly arrives: ArrivalKind;
  readonly takeOver: boolean;
  readonly settings: DeviceSettings;
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
  const { url, shown, username, password, options: own } = openDevice(input, options.unseal);
  const driver = findDriver(input, { url, drivers: options.drivers });
  const candidate = {
    ...driver.fromFragment?.(fragmentOf(url)),
    ...own,
    address: withoutFragment(url),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  const parsed = driver.config.safeParse(candidate);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join(".") || "settings";
    throw badDevice(input, `${field}: ${issue?.message ?? "is not valid"}`);
  }
  return {
    driver,
    config: parsed.data,
    address: shown,
    settings: { ...checkedSettings(input), id: input.id, permanent: options.permanent, preview: options.preview },
  };
}

/** Checks the settings of a device that calls the hub. Throws FatalError `bad-config`. */
export function resolveArrival(
  input: DeviceInput & { readonly id: string; readonly arrives: ArrivalKind },
  kind: Pick<ResolveOptions, "permanent" | "preview">,
): ResolvedArrival {
  if (input.address !== undefined) throw badDevice(input, "it has an address, or it arrives: not both");
  const { permanent, preview } = kind;
  return {
    arrives: input.arrives,
    takeOver: input.takeOver ?? true,
    settings: { ...checkedSettings(input), id: input.id, permanent, preview },
  };
}

function checkedSettings(input: DeviceInput) {
  try {
    return settingsOf(input);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const [issue] = error.issues;
    throw badDevice(input, `${issue?.path.join(".")}: ${issue?.message}`, error);
  }
}

function findDriver(input: DeviceInput, how: { readonly url: URL; readonly drivers: readonly Driver[] }): Driver {
  if (input.driver !== undefined) {
    const named = how.drivers.find(({ kind }) => kind === input.driver);
    if (named) return named;
    const known = how.drivers.map(({ kind }) => kind).join(", ");
    throw badDevice(input, `there is no driver "${input.driver}"; there are ${known}`);
  }
  const [best] = how.drivers
    .map((driver) => ({ driver, sure: driver.claims(how.url) }))
    .filter(({ sure }) => sure > 0)
    .sort((a, b) => b.sure - a.sure);
  if (best) return best.driver;
  const known = [...new Set(how.drivers.flatMap(({ schemes }) => schemes ?? []))];
  throw badDevice(input, `no driver for ${how.url.protocol} addresses; they begin with ${known.join(", ")}`);
}

/** go2rtc writes parameters behind `#`: `rtsp://...#backchannel=0#transport=udp`; what they mean is the driver's. */
function fragmentOf(url: URL): ReadonlyMap<string, string> {
  const parameters = url.hash.split("#").filter((part) => part !== "");
  return new Map(parameters.map((part): [string, string] => [part.split("=")[0] ?? "", part.split("=")[1] ?? ""]));
}

function withoutFragment(url: URL): string {
  const copy = new URL(url.href);
  copy.hash = "";
  return copy.href;
}

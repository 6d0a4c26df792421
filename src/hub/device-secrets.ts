import { z } from "zod";
import type { Driver } from "../device/driver.ts";
import { FatalError } from "../util/errors.ts";
import { isSecretName, mapSecretParameters } from "../util/redact.ts";
import type { DeviceInput } from "./device-settings.ts";

/** What stands in place of a secret when an address is shown. */
const hidden = "***";

/** Options of {@link sealDevice}. */
export interface SealOptions {
  /** Seals one secret; leaves alone what is sealed already. */
  readonly seal: (text: string) => string;
  /** Options that a driver marks as secret. */
  readonly secretOptions: ReadonlySet<string>;
}

/**
 * A device's settings as they may be kept: {@link splitDevice}, and every secret sealed, also in parameters of the
 * address and in the driver's options. The one place where this happens, whatever way the settings came. Throws
 * FatalError `bad-config` for an invalid address.
 */
export function sealDevice<T extends DeviceInput>(input: T, options: SealOptions): T {
  const { seal } = options;
  const split = splitDevice(input);
  return {
    ...split,
    ...(split.address !== undefined && { address: mapSecretParameters(split.address, seal) }),
    ...(split.password !== undefined && { password: seal(split.password) }),
    ...(split.options !== undefined && { options: sealOptions(split.options, options) as DeviceInput["options"] }),
    ...(split.bell?.lock && {
      bell: { ...split.bell, lock: sealOptions(split.bell.lock, options) as NonNullable<DeviceInput["bell"]>["lock"] },
    }),
  };
}

/**
 * Settings, or a change of some, with user name and password in their own fields and nowhere else: taken out of the
 * address and of the driver's options. The fields count where both are given. Throws FatalError `bad-config`.
 */
export function splitDevice<T extends Partial<DeviceInput>>(input: T): T {
  const { address, username, password } = input.address === undefined ? {} : splitAddress(input, input.address);
  const own = input.options?.["password"];
  const { password: _moved, ...options } = input.options ?? {};
  const name = input.username ?? username;
  const secret = input.password ?? password ?? (typeof own === "string" ? own : undefined);
  return {
    ...input,
    ...(address !== undefined && { address }),
    ...(name !== undefined && { username: name }),
    ...(secret !== undefined && { password: secret }),
    ...(typeof own === "string" && { options }),
  };
}

/** An address as it comes back from where it was shown: what is hidden in it is what it was `before`. */
export function withHidden(address: string, before: string): string {
  const secrets: string[] = [];
  mapSecretParameters(before, (value) => {
    secrets.push(value);
    return value;
  });
  return mapSecretParameters(address, (value) => (value === hidden ? (secrets.shift() ?? value) : value));
}

/** A device's settings as its driver needs them, and as people may see them. */
export interface OpenedDevice {
  /** With every secret that belongs in it; its user name and password are apart. */
  readonly url: URL;
  /** The same for people: without a secret and without a fragment. */
  readonly shown: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Opens what {@link sealDevice} sealed; takes plain settings as well. Throws FatalError `bad-config`. */
export function openDevice(input: DeviceInput, unseal: (text: string) => string): OpenedDevice {
  const { address, username, password, options } = splitDevice(input);
  if (address === undefined) throw badDevice(input, "it has no address");
  try {
    return {
      url: new URL(mapSecretParameters(address, unseal)),
      shown: shownAddress(address),
      username,
      password: password === undefined ? undefined : unseal(password),
      options: openOptions(options ?? {}, unseal) as Readonly<Record<string, unknown>>,
    };
  } catch (cause) {
    throw badDevice(input, "its password cannot be opened with this hub's key: enter it again", cause);
  }
}

/** A driver's options that may be shown and set one by one: those of one value each, and no secret. */
export function plainOptions(
  options: DeviceInput["options"],
  secretOptions: ReadonlySet<string>,
): Readonly<Record<string, string | number | boolean>> {
  const plain = Object.entries(options ?? {}).filter(
    ([name, value]) =>
      !secretOptions.has(name) && !isSecretName(name) && /^(string|number|boolean)$/.test(typeof value),
  );
  return Object.fromEntries(plain) as Readonly<Record<string, string | number | boolean>>;
}

/** True for settings in which a secret stands in plain text, as a person may write them into the file. */
export function hasPlainSecret(input: DeviceInput, secretOptions: ReadonlySet<string>): boolean {
  let plain = false;
  const seal = (text: string) => {
    plain ||= !text.startsWith("sealed:");
    return text;
  };
  sealDevice(input, { seal, secretOptions });
  return plain;
}

/** Names of the options that drivers mark with `.meta({ secret: true })`. */
export function secretOptionsOf(drivers: readonly Driver[]): ReadonlySet<string> {
  const names = drivers.flatMap(({ config }) => {
    const schema = z.toJSONSchema(config, { io: "input", unrepresentable: "any" });
    const marked = Object.entries(schema.properties ?? {}).filter(([, part]) => isMarked(part));
    return marked.map(([name]) => name);
  });
  return new Set(names);
}

/** An error in one device's settings. `what` must hold nothing secret. */
export function badDevice(input: Partial<DeviceInput>, what: string, cause?: unknown): FatalError {
  return new FatalError(`device ${input.id ?? input.name ?? ""}: ${what}`, { code: "bad-config", cause });
}

function isMarked(part: unknown): boolean {
  return typeof part === "object" && part !== null && (part as { secret?: unknown }).secret === true;
}

function shownAddress(address: string): string {
  const url = new URL(mapSecretParameters(address, () => hidden));
  url.hash = "";
  return url.href;
}

function splitAddress(input: Partial<DeviceInput>, text: string) {
  const url = URL.parse(text);
  if (!url) {
    const said = /[@=?&#]/.test(text) ? "what was given" : `"${text}"`;
    throw badDevice(input, `${said} is not an address such as rtsp://192.168.1.20/onvif1`);
  }
  const username = url.username === "" ? undefined : decode(url.username);
  const password = url.password === "" ? undefined : decode(url.password);
  if (username === undefined && password === undefined) return { address: text, username, password };
  url.username = "";
  url.password = "";
  return { address: url.href, username, password };
}

/** Secrets below any name of the options, at any depth. */
function sealOptions(value: unknown, options: SealOptions, name = ""): unknown {
  if (typeof value === "string") {
    return options.secretOptions.has(name) || isSecretName(name) ? options.seal(value) : value;
  }
  return mapped(value, (inner, innerName) => sealOptions(inner, options, innerName ?? name));
}

function openOptions(value: unknown, unseal: (text: string) => string): unknown {
  if (typeof value === "string") return unseal(value);
  return mapped(value, (inner) => openOptions(inner, unseal));
}

function mapped(value: unknown, change: (inner: unknown, name?: string) => unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => change(inner));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner, name)]));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

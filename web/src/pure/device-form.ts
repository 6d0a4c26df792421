import { beginSentence } from "../../../src/util/sentence.ts";
import { told } from "../language/t.ts";

/** What the page reads of a setting's JSON Schema (GET `/api/v1/device-settings`). */
export interface SettingSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly label?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly changedBy?: string;
}

/** GET `/api/v1/device-settings`. */
export interface SettingsSchema {
  readonly properties?: Readonly<Record<string, SettingSchema>>;
}

/** One field of the form, by what it takes. */
export type FormField = {
  readonly name: string;
  readonly label: string;
  readonly help: string;
} & (
  | { readonly kind: "switch"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: number; readonly min?: number; readonly max?: number }
  | { readonly kind: "choice"; readonly value: string; readonly choices: readonly string[] }
  | { readonly kind: "text"; readonly value: string }
);

/** What the form shows in places of their own. */
const placed = new Set(["name", "area"]);

/**
 * The form's fields for every setting that the hub knows, but those made of parts, which have screens of their own; with a device's `values` or their defaults. Whoever administers
 * only the device sees what they may change.
 */
export function formFields(
  schema: SettingsSchema,
  device: { readonly values?: Readonly<Record<string, unknown>> | undefined; readonly all: boolean },
): readonly FormField[] {
  return Object.entries(schema.properties ?? {})
    .filter(([name, { changedBy }]) => !placed.has(name) && (device.all || changedBy === "device"))
    .filter(([, { type }]) => type !== "object" && type !== "array")
    .map(([name, setting]) => fieldOf(name, { setting, value: device.values?.[name] ?? setting.default }));
}

function fieldOf(name: string, of: { readonly setting: SettingSchema; readonly value: unknown }): FormField {
  const { setting, value } = of;
  const words = { name, label: told(setting.label ?? name), help: plainHelp(setting.description) };
  if (setting.type === "boolean") return { ...words, kind: "switch", value: value === true };
  if (setting.type === "number" || setting.type === "integer") {
    return { ...words, kind: "number", value: Number(value ?? 0), min: setting.minimum, max: setting.maximum };
  }
  if (setting.enum) return { ...words, kind: "choice", value: String(value ?? ""), choices: setting.enum };
  return { ...words, kind: "text", value: String(value ?? "") };
}

/** A setting's help in the page's language, without the marks of the documents that it stands in as well. */
export function plainHelp(description: string | undefined): string {
  return told(description ?? "").replaceAll("`", "");
}

/** What is to be sent of the fields: only what was changed; an emptied text is taken away. */
export function changedFields(
  fields: readonly FormField[],
  entered: ReadonlyMap<string, string | boolean>,
): Readonly<Record<string, unknown>> {
  const changes = fields.map((field): readonly [string, unknown] => {
    const now = entered.get(field.name);
    if (now === undefined) return [field.name, field.value];
    if (field.kind === "number") return [field.name, now === "" ? field.value : Number(now)];
    return [field.name, now];
  });
  const before = new Map<string, unknown>(fields.map(({ name, value }) => [name, value]));
  return Object.fromEntries(
    changes
      .filter(([name, value]) => value !== before.get(name))
      .map(([name, value]) => [name, value === "" ? null : value]),
  );
}

/** What the form shows of a device in places of its own, as typed; an empty text is nothing. */
export interface BasicsEntered {
  readonly name: string;
  readonly area: string;
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

/**
 * What is to be sent of those: nothing that was not changed, and nothing that this person may not change. An emptied area is
 * taken away; user name and password are never shown, so left empty they stay what they are.
 */
export function changedBasics(
  entered: BasicsEntered,
  before: { readonly name: string; readonly area?: string | undefined; readonly address?: string | undefined },
  how: { readonly all: boolean },
): Readonly<Partial<Record<keyof BasicsEntered, string | null>>> {
  const { name, area, address, username, password } = entered;
  return {
    ...(name !== "" && name !== before.name && { name }),
    ...(how.all && area !== (before.area ?? "") && { area: area === "" ? null : area }),
    ...(how.all && address !== "" && address !== before.address && { address }),
    ...(how.all && username !== "" && { username }),
    ...(how.all && password !== "" && { password }),
  };
}

/** A sentence about an address that is only tried, without the name that the hub gave the trial. */
export function withoutPreview(sentence: string): string {
  return beginSentence(sentence.replace(/^device preview-[0-9a-f]+: /i, ""));
}

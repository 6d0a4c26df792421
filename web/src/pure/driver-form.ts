import { plainHelp, type SettingSchema } from "./device-form.ts";

/** The JSON Schema of a driver's settings, as far as the page reads it. */
export interface DriverSchema {
  readonly properties?: Readonly<Record<string, SettingSchema & { readonly secret?: boolean }>>;
}

/** What is set of a driver's options. */
export type DriverValues = Readonly<Record<string, string | number | boolean>>;

/** One option as the form shows it; an empty `value` is the driver's default. */
export interface DriverField {
  readonly name: string;
  readonly help: string;
  readonly kind: "switch" | "choice" | "number" | "text";
  readonly value: string;
  readonly choices: readonly string[];
  /** What holds where nothing is set. */
  readonly usual: string;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** What the form asks for in places of its own. */
const placed = new Set(["address", "username", "password"]);

/** A field for each option of one value, from the driver's own schema. */
export function driverFields(schema: DriverSchema, values: DriverValues): readonly DriverField[] {
  return Object.entries(schema.properties ?? {})
    .filter(
      ([name, { secret, type }]) =>
        !placed.has(name) && !secret && /^(string|number|integer|boolean)$/.test(type ?? ""),
    )
    .map(([name, setting]) => ({
      name,
      help: plainHelp(setting.description),
      kind: kindOf(setting),
      value: values[name] === undefined ? "" : String(values[name]),
      choices: setting.type === "boolean" ? ["true", "false"] : (setting.enum ?? []),
      usual: setting.default === undefined ? "" : String(setting.default),
      min: setting.minimum,
      max: setting.maximum,
    }));
}

/** What is to be sent of what was entered: only what was changed, `null` for the default. */
export function changedOptions(
  fields: readonly DriverField[],
  entered: ReadonlyMap<string, string>,
): Readonly<Record<string, string | number | boolean | null>> {
  const changed = fields.filter(({ name, value }) => (entered.get(name) ?? value) !== value);
  return Object.fromEntries(changed.map((field) => [field.name, typed(field, entered.get(field.name) ?? "")]));
}

function typed({ kind }: DriverField, text: string): string | number | boolean | null {
  if (text === "") return null;
  if (kind === "number") return Number(text);
  return kind === "switch" ? text === "true" : text;
}

function kindOf({ type, enum: choices }: SettingSchema): DriverField["kind"] {
  if (type === "boolean") return "switch";
  if (type === "number" || type === "integer") return "number";
  return choices ? "choice" : "text";
}

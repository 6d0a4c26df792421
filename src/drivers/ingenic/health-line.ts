import { WireError } from "../../util/errors.ts";

/** Most bytes of the line. */
export const maxHealthBytes = 16_384;
const maxValues = 64;

/** Values of a line of health, flat: `sound.rateHz` becomes `soundRateHz`. */
export type HealthValues = Readonly<Record<string, string | number | boolean>>;

/**
 * Reads the line of the health port. Fields that a newer hook adds are taken too: at most 64 in all, of two levels.
 * Throws WireError for anything else.
 */
export function parseHealth(bytes: Uint8Array): HealthValues {
  if (bytes.length > maxHealthBytes) throw new WireError(`not a line of health: ${bytes.length} bytes`);
  const told = parseObject(Buffer.from(bytes).toString("utf8"));
  if (typeof told["hook"] !== "string") throw new WireError("not a line of health: it does not name its version");
  const values = new Map<string, string | number | boolean>();
  for (const [name, value] of Object.entries(told)) {
    if (isObject(value)) {
      for (const [inner, item] of Object.entries(value)) put(values, name + capital(inner), item);
    } else put(values, name, value);
  }
  return Object.fromEntries(values);
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch (error) {
    throw new WireError("not a line of health: no JSON", { cause: error });
  }
  if (!isObject(told)) throw new WireError("not a line of health: no object");
  return told;
}

function put(values: Map<string, string | number | boolean>, name: string, value: unknown): void {
  if (values.size >= maxValues || !/^[a-z]\w{0,63}$/i.test(name)) return;
  if (typeof value === "number" || typeof value === "boolean") values.set(name, value);
  else if (typeof value === "string") values.set(name, value.replace(/[^\x20-\x7e]/g, "").slice(0, 64));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

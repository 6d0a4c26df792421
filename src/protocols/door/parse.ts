import type { z } from "zod";
import { WireError } from "../../util/errors.ts";
import { doorLimits } from "./limits.ts";
import {
  type DoorRole,
  type FromHub,
  type FromHubType,
  fromHub,
  type ToHub,
  type ToHubType,
  toHub,
} from "./messages.ts";

/** A JSON object of which nothing is known yet. */
export type DoorObject = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * One line as an object. Throws WireError whose code is the protocol's reason: `empty_message`, `invalid_json`,
 * `message_not_object`.
 */
export function parseDoorLine(line: Uint8Array): DoorObject {
  const text = textOf(line).trim();
  if (text === "") throw new WireError("a line without a message", { code: "empty_message" });
  if (isDeep(text)) throw invalid(`more than ${doorLimits.depth.value} objects and lists within each other`);
  let value: unknown;
  try {
    value = JSON.parse(text, needsCare(text) ? withoutProto : undefined);
  } catch {
    throw invalid("it is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WireError("a message that is no object", { code: "message_not_object" });
  }
  return value as DoorObject;
}

/**
 * A message to the hub from a client of this role. Throws WireError whose code is the protocol's reason:
 * `unsupported_message:<type>`, or what the wrong field says of itself.
 */
export function parseToHub(object: DoorObject, role: DoorRole): ToHub {
  const { type } = object;
  const kind = typeof type === "string" && Object.hasOwn(toHub, type) ? toHub[type as ToHubType] : undefined;
  if (!kind || type === "register" || (kind.who !== "both" && kind.who !== role)) throw unsupported(type);
  return checked(kind.schema, object) as ToHub;
}

/** The registration. Throws WireError `expected_register`, or what the wrong field says of itself. */
export function parseRegister(object: DoorObject): ToHub<"register"> {
  if (object["type"] !== "register") throw new WireError("register comes first", { code: "expected_register" });
  return checked(toHub.register.schema, object);
}

/** A message of the hub, for programs at its other end. Throws WireError. */
export function parseFromHub(object: DoorObject): FromHub {
  const { type } = object;
  const kind = typeof type === "string" && Object.hasOwn(fromHub, type) ? fromHub[type as FromHubType] : undefined;
  if (!kind) throw unsupported(type);
  return checked(kind.schema, object) as FromHub;
}

/** Checks an object; throws WireError whose code is the reason that stands beside the first field which is wrong. */
export function checked<S extends z.ZodObject>(schema: S, object: DoorObject): z.output<S> {
  const result = schema.safeParse(object);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = String(issue?.path[0] ?? "");
  const about = schema.shape[field] as z.ZodType | undefined;
  const reason = about?.meta()?.["reason"];
  throw new WireError(`${issue?.path.join(".")}: ${issue?.message}`, {
    code: typeof reason === "string" ? reason : "invalid_payload",
    fields: { field },
  });
}

/** A message as its line, newline included. */
export function writeDoorLine(message: DoorObject): string {
  return `${JSON.stringify(message)}\n`;
}

function textOf(line: Uint8Array): string {
  try {
    return utf8.decode(line);
  } catch {
    throw invalid("it is no UTF-8");
  }
}

/** Few messages have so many brackets at all; those are looked at one by one. */
function isDeep(text: string): boolean {
  let openers = 0;
  for (const bracket of ["{", "["]) {
    for (
      let at = text.indexOf(bracket);
      at >= 0 && openers <= doorLimits.depth.value;
      at = text.indexOf(bracket, at + 1)
    ) {
      openers++;
    }
  }
  return openers > doorLimits.depth.value && depthOf(text) > doorLimits.depth.value;
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length && deepest <= doorLimits.depth.value; at++) {
    const character = text[at];
    if (quoted && character === "\\") at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "{" || character === "[")) deepest = Math.max(deepest, ++depth);
    else if (!quoted && (character === "}" || character === "]")) depth--;
  }
  return deepest;
}

/** A name written with escapes is looked at too. */
function needsCare(text: string): boolean {
  return text.includes("__proto__") || text.includes("\\u00");
}

function withoutProto(key: string, value: unknown): unknown {
  return key === "__proto__" ? undefined : value;
}

function invalid(why: string): WireError {
  return new WireError(`a line that cannot be read: ${why}`, { code: "invalid_json" });
}

/** What stands there is told, but not all that somebody may write. */
function unsupported(type: unknown): WireError {
  const shown = typeof type === "string" ? type.replace(/[^\w.:-]/g, "?").slice(0, 32) : typeof type;
  return new WireError(`a message that this role may not send: ${shown}`, { code: `unsupported_message:${shown}` });
}

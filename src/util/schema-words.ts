import { z } from "zod";

type Issue = z.core.$ZodRawIssue;

/** What is expected, as people say it. */
const kinds: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a group of settings",
  record: "a group of settings",
  undefined: "nothing",
  null: "nothing",
  date: "a date",
};

const formats: Readonly<Record<string, string>> = {
  url: "an address, as https://example.org/path",
  email: "an e-mail address",
  uuid: "a UUID",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  cidrv4: "an IPv4 network, as 192.168.1.0/24",
  cidrv6: "an IPv6 network",
  datetime: "a date and time (ISO 8601)",
  date: "a date, as 2026-01-31",
  time: "a time, as 07:30",
  base64: "Base64",
  base64url: "Base64 for addresses",
  regex: "of another form",
};

/**
 * What is wrong with a value, as a sentence goes on after the value's name ("http.port: has to be a number, and is a text"), for
 * every kind of fault that a schema finds. Sentences that a schema gives itself count before these. Values are never repeated.
 */
export function sayIssue(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return wrongKind(issue);
    case "too_small":
    case "too_big":
      return outOfBounds(issue);
    case "not_multiple_of":
      return `has to be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return formatOf(issue);
    case "invalid_value":
      return issue.values.length === 1
        ? `has to be ${quoted(issue.values[0])}`
        : `has to be one of ${issue.values.map(quoted).join(", ")}`;
    case "unrecognized_keys":
      return `has parts that do not exist: ${issue.keys.map(quoted).join(", ")}`;
    case "invalid_key":
      return inner(issue, "has a part whose name is not possible");
    case "invalid_element":
      return inner(issue, "has a part that is not possible");
    case "invalid_union":
      return "is none of the forms that are possible here";
    default:
      return undefined;
  }
}

function wrongKind(issue: Issue & { readonly code: "invalid_type" }): string {
  const expected = kinds[issue.expected] ?? issue.expected;
  if (issue.input === undefined) return `is missing: ${expected} has to stand here`;
  return `has to be ${expected}, and is ${kindOf(issue.input)}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "number") return Number.isNaN(value) ? "not a number" : "a number";
  return kinds[typeof value] ?? "something else";
}

function outOfBounds(issue: Issue & { readonly code: "too_small" | "too_big" }): string {
  const small = issue.code === "too_small";
  const bound = Number(small ? issue.minimum : issue.maximum);
  const exclusive = issue.inclusive === false;
  const side = small ? (exclusive ? "more than" : "at least") : exclusive ? "less than" : "at most";
  if (issue.origin === "string") {
    if (small && bound === 1) return "must not be empty";
    return `has to have ${side} ${bound} ${bound === 1 ? "character" : "characters"}`;
  }
  if (issue.origin === "array" || issue.origin === "set") {
    return `has to have ${side} ${bound} ${bound === 1 ? "entry" : "entries"}`;
  }
  return `has to be ${side} ${bound}`;
}

function formatOf(issue: Issue & { readonly code: "invalid_format" }): string {
  if (issue.format === "starts_with") return `has to begin with ${quoted(issue["prefix"])}`;
  if (issue.format === "ends_with") return `has to end with ${quoted(issue["suffix"])}`;
  if (issue.format === "includes") return `has to contain ${quoted(issue["includes"])}`;
  const form = formats[issue.format];
  return form === undefined || issue.format === "regex"
    ? "is not of the form that it has to have"
    : `has to be ${form}`;
}

/** The parts of a map say themselves what is wrong with them. */
function inner(issue: { readonly issues: readonly z.core.$ZodIssue[] }, otherwise: string): string {
  const [first] = issue.issues;
  return first ? `${otherwise}: it ${first.message}` : otherwise;
}

function quoted(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}

/** From the first import on every schema of the program speaks like this. */
z.config({ customError: (issue) => sayIssue(issue as Issue) });

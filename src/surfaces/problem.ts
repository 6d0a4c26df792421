import { z } from "zod";
import { DoorwardError, RecoverableError } from "../util/errors.ts";
import "../util/schema-words.ts";

/** What a refused call answers with (RFC 9457, `application/problem+json`). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Stable, for programs. */
  readonly code: string;
  /** The values in `detail`. */
  readonly fields?: ProblemFields;
  readonly [more: string]: unknown;
}

/**
 * What a problem's sentence speaks of, as values: with `code` they are enough to say it in another language. What an error
 * holds besides is for the log and stays in the hub.
 */
export const problemFieldsSchema = z
  .object({
    device: z.string().describe("Id of the device that it is about."),
    name: z.string().describe("Name of the device, person or sound that it is about."),
    holder: z.string().describe("Who speaks there."),
    reason: z.string().describe("Why, as one word."),
    codec: z.string().describe("What could not be shown or played."),
    picture: z
      .string()
      .describe("What a picture is called where a browser is asked whether it decodes it: avc1.64001f."),
    why: z.string().describe("What keeps a viewer from showing a picture as it comes, as one word."),
    field: z.string().describe("The first part of the request that is wrong."),
    settings: z.string().describe("Names of the settings that it is about, with commas between."),
    limit: z.number().describe("Most that there may be."),
    seconds: z.number().describe("How long was waited."),
    retryAfterSeconds: z.number().describe("When to try again."),
  })
  .partial();

/** {@link problemFieldsSchema} */
export type ProblemFields = z.infer<typeof problemFieldsSchema>;

/** Schema of {@link ProblemBody}, for the API's document. */
export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  code: z.string().describe("Stable, for programs."),
  fields: problemFieldsSchema.optional().describe("The values in detail, so that it can be said in another language."),
});

/** An answer other than success, thrown by routes. */
export class Problem extends DoorwardError {
  readonly status: number;
  readonly more: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    options: {
      readonly code: string;
      readonly detail: string;
      /** The values in `detail`. */
      readonly fields?: ProblemFields;
      readonly more?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    },
  ) {
    super(options.detail, {
      code: options.code,
      cause: options.cause,
      ...(options.fields && { fields: options.fields }),
    });
    this.status = status;
    this.more = options.more ?? {};
  }
}

const titles: Readonly<Record<number, string>> = {
  300: "In another form",
  400: "The request is not valid",
  401: "Signing in is needed",
  403: "Not allowed",
  404: "There is no such thing",
  405: "Not by this method",
  406: "Not in a form you take",
  409: "It conflicts with what is there",
  410: "It is gone",
  412: "It has changed meanwhile",
  413: "Too large",
  414: "The address is too long",
  415: "Media type not understood",
  421: "Not an address of this hub",
  422: "It cannot be done",
  429: "Too many at once",
  500: "The hub failed",
  503: "Not at the moment",
};

/** Statuses of error codes that come from inside the hub. */
const statusOfCode: Readonly<Record<string, number>> = {
  "bad-config": 400,
  "no-invitation": 410,
  "bad-offer": 400,
  wire: 400,
  forbidden: 404,
  "not-found": 404,
  "unknown-user": 404,
  // No fault, and browsers write none into their console.
  decodable: 300,
  "codec-unsupported": 406,
  pending: 403,
  refused: 403,
  changed: 409,
  "codec-differs": 409,
  taken: 409,
  disabled: 409,
  exists: 409,
  "last-administrator": 409,
  "name-taken": 409,
  "setup-done": 409,
  "built-in": 409,
  configured: 409,
  "too-many-chimes": 409,
  "in-sounds": 409,
  "too-many-hosts": 409,
  "too-many-sounds": 409,
  "too-many-tokens": 409,
  "too-large": 413,
  busy: 429,
  "too-many-publishers": 429,
  "too-many-viewers": 429,
};

/** The answer for anything that was thrown. What is not ours to tell is told as `internal`. */
export function toProblem(error: unknown): ProblemBody {
  if (error instanceof Problem) return body(error.status, { ...told(error), ...error.more });
  if (error instanceof z.ZodError) return invalid(error);
  if (error instanceof DoorwardError) {
    const status = statusOfCode[error.code] ?? (error instanceof RecoverableError ? 503 : 422);
    if (error.code === "forbidden") return body(404, notFound);
    return body(status, told(error));
  }
  const thrown = error as { readonly statusCode?: unknown; readonly message?: unknown } | undefined;
  const status = thrown?.statusCode;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return body(status, { code: codeOf[status] ?? "invalid", detail: titles[status] ?? "The request is not valid" });
  }
  return body(500, { code: "internal", detail: "Something went wrong in the hub; its log says more." });
}

/** Seconds after which it may be tried again, where the error says so; `Retry-After` says the same. */
export function retryAfterOf(error: unknown): number | undefined {
  const seconds = error instanceof DoorwardError ? error.fields["retryAfterSeconds"] : undefined;
  return typeof seconds === "number" ? seconds : undefined;
}

const codeOf: Readonly<Record<number, string>> = { 404: "not-found", 413: "too-large", 415: "media-type", 429: "busy" };

/** The same for what does not exist and for what is not to be known. */
export const notFound = { code: "not-found", detail: "There is nothing here that you may use." };

type Told = Pick<ProblemBody, "code" | "fields"> & { readonly detail: string };

function told({ code, message, fields }: DoorwardError): Told {
  const values = Object.entries(problemFieldsSchema.shape).flatMap(([name, schema]) => {
    const { success, data } = schema.safeParse(fields[name]);
    return success && data !== undefined ? [[name, data]] : [];
  });
  return { code, detail: message, ...(values.length > 0 && { fields: Object.fromEntries(values) }) };
}

function body(status: number, rest: Told): ProblemBody {
  return { type: "about:blank", title: titles[status] ?? "The request failed", status, ...rest };
}

/** A name that was not understood may be half a password: it is repeated only if it is a plain word. */
function sayIssue(issue: z.core.$ZodIssue): string {
  return issue.message.replace(/"([^"]*)"/g, (quoted, name: string) =>
    /^[\w.-]{1,64}$/.test(name) ? quoted : '"..."',
  );
}

function invalid(error: z.ZodError): ProblemBody {
  const errors = error.issues.slice(0, 20).map((issue) => ({
    field: issue.path.join("."),
    message: sayIssue(issue),
    code: issue.code,
    ...limitOf(issue),
  }));
  const [first] = errors;
  const detail = first ? `${first.field || "request"}: ${first.message}` : "The request is not valid";
  const fields = first?.field ? { fields: { field: first.field } } : {};
  return { ...body(400, { code: "invalid", detail, ...fields }), errors };
}

/** The bound that a value passed, where it is a number. */
function limitOf(issue: z.core.$ZodIssue): { readonly limit?: number } {
  const limit = issue.code === "too_small" ? issue.minimum : issue.code === "too_big" ? issue.maximum : undefined;
  return typeof limit === "number" ? { limit } : {};
}

/** The answer to whoever has tried too often, and may again in `seconds`. */
export function tooManyTries(seconds: number): Problem {
  const detail = `Too many tries; try again in ${seconds} s.`;
  return new Problem(429, { code: "too-many-tries", detail, fields: { retryAfterSeconds: seconds } });
}

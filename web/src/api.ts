import type { DeviceInfo, DeviceState, HolderInfo, TrackInfo } from "../../src/hub/state.ts";
import type { DeviceView } from "../../src/surfaces/http/device-view.ts";
import type { Fault } from "../../src/util/faults.ts";
import type { Grant, Right } from "./pure/grid.ts";

export type { DeviceInfo, DeviceState, Grant, HolderInfo, Right, TrackInfo };

/** A device with what this person may do with it. */
export type PageDevice = DeviceInfo & {
  readonly rights?: readonly Right[];
  readonly settings?: DeviceView["settings"];
};

/** GET `/api/v1/session`. */
export interface Session {
  readonly setupNeeded: boolean;
  readonly user?: {
    readonly id: string;
    readonly name: string;
    readonly administrator: boolean;
    readonly grants: readonly Grant[];
  };
  readonly secure: boolean;
  readonly httpsUrl?: string;
  readonly caUrl?: string;
  readonly version: string;
  readonly demo: boolean;
}

/** What adding and editing a device send. */
export interface DeviceForm {
  readonly name?: string;
  readonly area?: string;
  readonly address?: string;
  readonly username?: string;
  readonly password?: string;
  readonly driver?: string;
  readonly enabled?: boolean;
  readonly doNotDisturb?: boolean;
  readonly volume?: number;
}

/** POST `/api/v1/probe`: a preview that lives for two minutes. */
export interface Probe {
  readonly id: string;
  readonly driver: string;
  readonly state: DeviceState;
  readonly tracks: readonly TrackInfo[];
  readonly speaker?: DeviceInfo["speaker"];
}

/** A person as administrators see them. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly administrator: boolean;
  readonly grants: readonly Grant[];
}

/** What creating or changing a person sends. */
export interface UserForm {
  readonly name?: string;
  readonly password?: string;
  readonly administrator?: boolean;
  readonly grants?: readonly Grant[];
}

/** A token without its secret; `token` only in the answer that made it. */
export interface Token {
  readonly id: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly createdMs: number;
  readonly expiresMs?: number;
  readonly lastUsedMs?: number;
  readonly token?: string;
}

/** One line of the audit. */
export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly actor: string;
  readonly action: string;
  readonly subject?: string;
  readonly detail?: string;
}

/** Something that is wrong with the hub now; told to administrators. */
export type { Fault };

/** What the hub tells over `/api/v1/events`. */
export type HubMessage =
  | { readonly type: "devices"; readonly devices: readonly PageDevice[] }
  | { readonly type: "device"; readonly device: PageDevice }
  | { readonly type: "removed"; readonly id: string }
  | TalkMessage
  | { readonly type: "faults"; readonly faults: readonly Fault[] }
  | { readonly type: "signed-out"; readonly reason: string }
  | { readonly type: "error"; readonly code: string; readonly detail: string }
  | { readonly type: "pong" };

/** The answer to this page's own wish to talk. */
export interface TalkMessage {
  readonly type: "talk";
  readonly channel: string;
  /** The turn that it is about, as the page called it. */
  readonly turn?: number;
  readonly state: "granted" | "queued" | "refused" | "pre-empted" | "released" | "failed";
  readonly reason?: string;
  readonly holder?: Pick<HolderInfo, "name" | "priority" | "sinceMs">;
  readonly position?: number;
}

/** What the page tells the hub. */
export type PageMessage =
  | {
      readonly type: "talk-take";
      readonly device: string;
      readonly whep: string;
      readonly priority?: 0 | 1 | 2;
      readonly queue?: boolean;
      /** Comes back in every answer to this wish. */
      readonly turn?: number;
    }
  | { readonly type: "talk-release"; readonly device: string }
  | { readonly type: "ping" };

/** The hub said no, or could not be reached (`status` 0). `message` is one sentence for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(message: string, options: { readonly status: number; readonly code?: string; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = "ApiError";
    this.status = options.status;
    this.code = options.code ?? "";
  }
}

/** Reads a problem+json (RFC 9457) answer; whatever comes, a sentence comes out. */
export async function problemOf(response: Response): Promise<ApiError> {
  const fallback = sentences[response.status] ?? `The hub answered with ${response.status}.`;
  try {
    const problem = (await response.json()) as { detail?: unknown; title?: unknown; code?: unknown };
    const told = typeof problem.detail === "string" ? problem.detail : problem.title;
    const text = typeof told === "string" && told !== "" ? told : fallback;
    const message = /[.!?]$/.test(text) ? text : `${text}.`;
    return new ApiError(message.charAt(0).toUpperCase() + message.slice(1), {
      status: response.status,
      code: typeof problem.code === "string" ? problem.code : "",
    });
  } catch (cause) {
    return new ApiError(fallback, { status: response.status, cause });
  }
}

const sentences: Readonly<Record<number, string>> = {
  401: "Please sign in again.",
  403: "You do not have the right to do this.",
  404: "This is no longer there.",
  409: "Somebody else was faster.",
  413: "That is too large.",
  429: "Too many tries; please wait a minute.",
  500: "The hub made a mistake; its log has more.",
  503: "The hub is busy; please try again in a moment.",
};

/** One request to the hub. Throws {@link ApiError}. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const { body, signal } = options;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { "x-doorward": "1", ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal,
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError("The hub does not answer. Is it running, and are you on its network?", { status: 0, cause });
  }
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204 || !response.headers.get("content-type")?.includes("json")) return undefined as T;
  return (await response.json()) as T;
}

/** Options of {@link call}. */
export interface CallOptions {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** An error as one sentence for people. */
export function sentence(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof Error && error.message ? error.message : "That did not work.";
}

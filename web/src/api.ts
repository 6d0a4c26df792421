import type { Hearing } from "../../src/hub/api.ts";
import type { BellSettings, QuietHours } from "../../src/hub/bell-settings.ts";
import type { MutedBell } from "../../src/hub/call-api.ts";
import type { ChannelId } from "../../src/hub/channel.ts";
import type { ChimeInfo } from "../../src/hub/chimes.ts";
import type { DeviceInput } from "../../src/hub/device-settings.ts";
import type { PersonRinging } from "../../src/hub/ringing-settings.ts";
import type { SayOffer } from "../../src/hub/say-hosts.ts";
import type { SoundInfo } from "../../src/hub/sounds.ts";
import type { DeviceInfo, DeviceState, HolderInfo, TrackInfo } from "../../src/hub/state.ts";
import type { AuditEntry } from "../../src/identity/audit.ts";
import type { TokenInfo } from "../../src/identity/credentials.ts";
import type { Waiting } from "../../src/identity/enrolment.ts";
import type { Grant, Right } from "../../src/identity/policy.ts";
import type { User, UserInput } from "../../src/identity/users.ts";
import type { WallLayout } from "../../src/identity/wall-layouts.ts";
import type { CallView } from "../../src/surfaces/call-view.ts";
import type { DeviceView } from "../../src/surfaces/device-view.ts";
import type { ProbeAnswer } from "../../src/surfaces/http/routes/devices.ts";
import type { Invitation } from "../../src/surfaces/http/routes/invitations.ts";
import type { OwnSession } from "../../src/surfaces/http/routes/sessions.ts";
import type { ListedPerson } from "../../src/surfaces/http/routes/users.ts";
import type { SessionInfo } from "../../src/surfaces/http/session-info.ts";
import type {
  CallMessage,
  HearingMessage,
  HubMessage,
  RingMessage,
  TalkMessage,
  WrittenPageMessage,
} from "../../src/surfaces/page/messages.ts";
import type { ProblemFields } from "../../src/surfaces/problem.ts";
import type { Fault } from "../../src/util/faults.ts";
import type { Immutable } from "../../src/util/immutable.ts";
import { wholeSentence } from "../../src/util/sentence.ts";
import { sayRefusal } from "./language/hub-words.ts";
import { t } from "./language/t.ts";
import { hubFetch } from "./net/way.ts";

// The hub's own types: none is written down here a second time, so that what is renamed there does not compile here.
export type {
  AuditEntry,
  BellSettings,
  CallView,
  ChannelId,
  DeviceInfo,
  DeviceState,
  Fault,
  Grant,
  Hearing,
  HearingMessage,
  HolderInfo,
  HubMessage,
  Invitation,
  MutedBell,
  OwnSession,
  PersonRinging,
  QuietHours,
  Right,
  TalkMessage,
  TrackInfo,
  User,
  Waiting,
  WallLayout,
};

/** A person of the list, with what the hub knows of their invitation. */
export type Person = User & Readonly<Pick<ListedPerson, "invitedUntilMs">>;

/** A device with what this person may do with it. */
export type PageDevice = DeviceView;

/** Somebody rings devices that this page knows. */
export type Ring = RingMessage["ring"];

/** One change of a call. */
export type CallChanged = Extract<CallMessage, { readonly type: "call" }>;

/** A call of the history; `hasSnapshot` says that there is a picture of who called. */
export type PastCall = CallView & { readonly hasSnapshot: boolean };

/** GET `/api/v1/calls`. */
export interface CallList {
  readonly running: readonly CallView[];
  readonly calls: readonly PastCall[];
  /** `before` of the next page. */
  readonly next?: number;
  /** What can be said at the door by whoever declines. */
  readonly replies: readonly string[];
}

/** What GET `/api/v1/chimes` lists. */
export type Chime = ChimeInfo;

/** What GET `/api/v1/sounds` lists. */
export type Sound = SoundInfo;

/** GET `/api/v1/say/hosts`. */
export interface SayHostList {
  readonly hosts: readonly { readonly host: string; readonly configured: boolean }[];
  readonly offers: readonly SayOffer[];
}

/** Who hears what POST `/api/v1/say` says; not known of what waits in line. */
export interface SaidAnswer {
  readonly hearing?: readonly Hearing[];
}

/** GET `/api/v1/session`. */
export type Session = SessionInfo;

/** What adding and editing a device send. */
export type DeviceForm = Partial<DeviceInput>;

/** POST `/api/v1/probe`: a preview that lives for two minutes. */
export type Probe = ProbeAnswer;

/** What creating or changing a person sends. */
export type UserForm = Immutable<Partial<UserInput>>;

/** A token without its secret; `token` only in the answer that made it. */
export type Token = TokenInfo & { readonly token?: string };

/** What the page tells the hub. */
export type PageMessage = WrittenPageMessage;

/** The hub said no, or could not be reached (`status` 0). `message` is one sentence for people. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  /** The values in the sentence. */
  readonly fields: ProblemFields;
  /** What was wrong with the request, part by part: `bell.ringS`. */
  readonly errors: readonly FieldError[];
  constructor(message: string, options: ApiErrorOptions) {
    super(message, { cause: options.cause });
    this.name = "ApiError";
    this.status = options.status;
    this.code = options.code ?? "";
    this.fields = options.fields ?? {};
    this.errors = options.errors ?? [];
  }
}

/** One part of a request that the hub did not take, and why. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Options of {@link ApiError}. */
export interface ApiErrorOptions {
  readonly status: number;
  readonly code?: string;
  readonly fields?: ProblemFields;
  readonly errors?: readonly FieldError[];
  readonly cause?: unknown;
}

/** Reads a problem+json (RFC 9457) answer; whatever comes, a sentence comes out. */
export async function problemOf(response: Response): Promise<ApiError> {
  try {
    return apiErrorOf((await response.json()) as ToldProblem, response.status);
  } catch (cause) {
    return new ApiError(fallbackOf(response.status), { status: response.status, cause });
  }
}

/** A problem as it comes, nothing of it known. */
type ToldProblem = { readonly [Name in "detail" | "title" | "code" | "fields" | "errors"]?: unknown };

/** A refusal, by whichever way the hub told it, in the page's language. */
export function apiErrorOf(problem: ToldProblem, status: number): ApiError {
  const told = typeof problem.detail === "string" ? problem.detail : problem.title;
  const text = typeof told === "string" && told !== "" ? told : fallbackOf(status);
  const code = typeof problem.code === "string" ? problem.code : "";
  const fields = typeof problem.fields === "object" && problem.fields !== null ? problem.fields : {};
  const said = sayRefusal({ status, code, fields });
  return new ApiError(said ?? wholeSentence(text), {
    status,
    code,
    fields,
    errors: Array.isArray(problem.errors) ? problem.errors : [],
  });
}

function fallbackOf(status: number): string {
  return sentences[status] ?? t("The hub answered with {status}.", { status });
}

const sentences: Readonly<Record<number, string>> = {
  401: t("Please sign in again."),
  403: t("You do not have the right to do this."),
  404: t("This is no longer there."),
  409: t("Somebody else was faster."),
  413: t("That is too large."),
  429: t("Too many tries; please wait a minute."),
  500: t("The hub made a mistake; its log has more."),
  503: t("The hub is busy; please try again in a moment."),
};

let station = "";

/** From now on the page calls as this station, with the device's own rights, not as the person who is signed in. */
export function actAs(deviceId: string): void {
  station = deviceId;
}

/** The station as which it calls; empty for none. Sockets say it in their address, as they carry no headers. */
export function ownStation(): string {
  return station;
}

/** What every request of the page carries: that it is ours, and for which station. */
export function ownHeaders(as: "anybody" | "person" = "anybody"): Record<string, string> {
  return { "x-doorward": "1", ...(station && as === "anybody" ? { "x-doorward-device": station } : {}) };
}

/** One request to the hub. Throws {@link ApiError}. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const { body, file, signal } = options;
  const type = file ? "application/octet-stream" : body === undefined ? undefined : "application/json";
  let response: Response;
  try {
    response = await (options.asked ??
      hubFetch(path, {
        method,
        headers: { ...ownHeaders(options.as), ...(type === undefined ? {} : { "content-type": type }) },
        body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
        signal,
      }));
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError(t("The hub does not answer. Is it running, and are you on its network?"), { status: 0, cause });
  }
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204 || !response.headers.get("content-type")?.includes("json")) return undefined as T;
  return (await response.json()) as T;
}

/** Options of {@link call}. */
export interface CallOptions {
  readonly body?: unknown;
  /** Bytes to send in place of a body. */
  readonly file?: Blob;
  /** `person`: for whoever is signed in, also on a station's page. */
  readonly as?: "person";
  /** The request was made already, and this is its answer. */
  readonly asked?: Promise<Response> | undefined;
  readonly signal?: AbortSignal;
}

/** An error as one sentence for people. */
export function sentence(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return error instanceof Error && error.message ? error.message : t("That did not work.");
}

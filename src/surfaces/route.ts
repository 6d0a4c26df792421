import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { HubDevice } from "../hub/api.ts";
import type { Principal, Right } from "../identity/policy.ts";
import type { Asker } from "./admission.ts";

/** Who may call a route: anybody, whoever has the set-up code, anybody signed in, or who has a right. */
export type RouteRight = "none" | "code" | "signed-in" | Right;

/**
 * How a caller has to prove who they are: by any credential by default; by a session, which no token can stand in for;
 * or by a session whose person gave their password within the last minutes.
 */
export type RouteProof = "session" | "password";

/**
 * What a right is asked about: the whole hub, a device named in the path (`:id`) or in the body (`device`), or the
 * channels that the body or the query names (`to`), of which at least one device has to be allowed.
 */
export type RouteSubject = "hub" | "path" | "body" | "channels";

/** One call of a route; everything in it was checked. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** There unless the route's right is `none` or `code`. */
  readonly principal: Principal;
  /** There when the route has a subject in its path or body. */
  readonly device: HubDevice;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Who it is to the shares of the hub. */
  readonly asker: Asker;
  /** Aborts when the caller hangs up. */
  readonly signal: AbortSignal;
}

/** What a route answers with, for the API's document. */
export interface RouteAnswer {
  readonly description: string;
  /** Of JSON. */
  readonly schema?: z.ZodType;
  /** Of anything else. */
  readonly mediaType?: string;
}

/** One route, as data: the HTTP surface serves it, checks it, and describes it in the API's document. */
export interface RouteSpec<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** With `:name` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly right: RouteRight;
  readonly proof?: RouteProof;
  /** Of a write that asks for no right (`signed-in`): a screen that is locked to the panel may do it too. */
  readonly panel?: true;
  /** `hub` by default. */
  readonly subject?: RouteSubject;
  /** Served before the first administrator exists. */
  readonly beforeSetup?: true;
  /** It gives the browser a session's cookie: refused where Home Assistant's ingress says who calls (409 `by-ingress`). */
  readonly givesSession?: true;
  /** Most calls a minute of one block of addresses. */
  readonly perMinute?: number;
  /** What a call takes a place of, from its start until its answer. */
  readonly share?: "says";
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** `application/json` by default; others come as text. */
  readonly bodyType?: string;
  /** A bearer token stands in for the header of our page (WHEP: players send no header of ours). */
  readonly bearerWrites?: true;
  /** The token may come as the password of Basic: players take it in their address (`https://x:TOKEN@hub/whep/yard`). */
  readonly basicToken?: true;
  /** It takes a credential of its own (a device's token) and no cookie, so that no page of ours has to have made the call. */
  readonly ownCredential?: true;
  /** Whatever is sent along is not read. */
  readonly unreadBody?: true;
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** What it returns is sent as JSON with the first status of `answers`; undefined: without a body, or sent already. */
  handle(call: Call<z.output<Params>, z.output<Query>, z.output<Body>>): unknown;
}

/** A route whose types are no longer of interest. */
export type Route = RouteSpec<z.ZodType, z.ZodType, z.ZodType>;

const nothing = z.undefined();

/** Types a route's pieces together. */
export function route<
  Params extends z.ZodType = typeof nothing,
  Query extends z.ZodType = typeof nothing,
  Body extends z.ZodType = typeof nothing,
>(spec: RouteSpec<Params, Query, Body>): Route {
  return spec as unknown as Route;
}

/** Parameters of a route about one device. */
export const deviceParams = z.object({ id: z.string().max(128) });

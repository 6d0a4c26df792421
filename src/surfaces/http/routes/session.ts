import { z } from "zod";
import { passwordSchema } from "../../../identity/password.ts";
import type { SetupCode } from "../../../identity/setup-code.ts";
import { addressBlock } from "../../../util/address-block.ts";
import { nameSchema } from "../../../util/name.ts";
import { Buckets } from "../../buckets.ts";
import type { LogInGuard } from "../../log-in-guard.ts";
import { Problem, tooManyTries } from "../../problem.ts";
import { type Call, type Route, route } from "../../route.ts";
import { knownBrowser } from "../browser-cookie.ts";
import type { HttpContext } from "../context.ts";
import { sessionInfo, sessionSchema } from "../session-info.ts";
import { dropCookie, startSession } from "../sign-in.ts";

const setupCode = z.string().max(64);
const setupBody = z.strictObject({ code: setupCode, name: nameSchema, password: passwordSchema });
const typedPassword = z.string().max(256);
const confirmBody = z.strictObject({ password: typedPassword });
const passwordBody = z.strictObject({
  password: typedPassword,
  newPassword: passwordSchema,
  endTokens: z.boolean().default(false),
});
const loginBody = z.strictObject({ name: z.string().max(256), password: typedPassword });

/** Set-up, log-in, log-out, and what people do with their own password. */
export function sessionRoutes(context: HttpContext): readonly Route[] {
  const { audit, users } = context.hub.identity;
  const desk = { context, guard: context.logInGuard };
  const codeTries = new Buckets({ clock: context.hub.clock, size: { tries: 10, perMs: 60_000 } });
  return [
    route({
      method: "GET",
      path: "/api/v1/session",
      summary: "Who is signed in, and what the page needs to know first",
      right: "none",
      beforeSetup: true,
      answers: { 200: { description: "The session", schema: sessionSchema } },
      handle: ({ request }) => sessionInfo(request, context),
    }),
    route({
      method: "POST",
      path: "/api/v1/setup",
      summary: "Makes the first administrator, with the code that the hub printed",
      right: "code",
      givesSession: true,
      beforeSetup: true,
      perMinute: 10,
      body: setupBody,
      answers: { 201: { description: "Signed in; sets the cookie", schema: sessionSchema } },
      handle: (call) => setUp(call, { context, codeTries }),
    }),
    route({
      method: "POST",
      path: "/api/v1/setup/code",
      summary:
        "Whether this is the code that the hub printed, before anybody thinks of a password; a try like any other",
      right: "code",
      beforeSetup: true,
      perMinute: 10,
      body: z.strictObject({ code: setupCode }),
      answers: { 204: { description: "It is" } },
      handle: async ({ body, request }) => {
        checkCode(body.code, { context, codeTries, ip: request.ip });
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/login",
      summary: "Signs in by name and password",
      right: "none",
      givesSession: true,
      body: loginBody,
      answers: { 200: { description: "Signed in; sets the cookie", schema: sessionSchema } },
      handle: (call) => logIn(call, desk),
    }),
    route({
      method: "POST",
      path: "/api/v1/logout",
      summary: "Ends this session; what it has open is closed",
      right: "signed-in",
      proof: "session",
      answers: { 204: { description: "Signed out" } },
      handle: async (call) => {
        await endSession(call, context);
        dropCookie(call);
        audit.record({ actor: call.principal.name, action: "logout" });
        return undefined;
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/session/confirm",
      summary: "Gives the password again; for ten minutes people, tokens and passwords may then be changed",
      right: "signed-in",
      proof: "session",
      body: confirmBody,
      answers: { 204: { description: "It was right" } },
      handle: (call) => confirm(call, desk),
    }),
    route({
      method: "POST",
      path: "/api/v1/session/password",
      summary: "Changes your own password; your other sessions end, your tokens if you say so",
      right: "signed-in",
      proof: "session",
      body: passwordBody,
      answers: { 204: { description: "Changed" } },
      handle: async (call) => {
        await confirm(call, desk);
        const { newPassword: password, endTokens } = call.body;
        await users.changeOwnPassword(call.principal, { password, endTokens });
        const { name } = call.principal;
        audit.record({ actor: name, action: "password-changed", ...(endTokens && { detail: "tokens ended" }) });
      },
    }),
  ];
}

/** Where passwords are checked. */
interface Desk {
  readonly context: HttpContext;
  readonly guard: LogInGuard;
}

async function logIn(call: Call<unknown, unknown, z.infer<typeof loginBody>>, desk: Desk): Promise<unknown> {
  const { request, body } = call;
  const { identity } = desk.context.hub;
  const known = knownBrowser(request, { identity, userId: identity.users.byName(body.name)?.id });
  const attempt = desk.guard.begin({ account: body.name, block: addressBlock(request.ip), known });
  const user = await identity.users.verify(body.name, body.password, attempt.rank);
  if (!user) {
    identity.audit.record({ actor: body.name.slice(0, 64), action: "login-failed", detail: request.ip });
    throw new Problem(401, { code: "wrong-password", detail: "Name and password do not fit." });
  }
  attempt.succeeded();
  await startSession(call, { identity, userId: user.id });
  await endSession(call, desk.context);
  identity.audit.record({ actor: user.name, action: "login", detail: request.ip });
  return sessionInfo(request, desk.context, user.id);
}

/** Checks the password of whoever is signed in; the session counts as fresh from then on. */
async function confirm(call: Call<unknown, unknown, z.infer<typeof confirmBody>>, desk: Desk): Promise<undefined> {
  const { audit, proofs, users } = desk.context.hub.identity;
  const { principal, request } = call;
  const { name } = users.demand(principal.userId);
  const known = `person ${principal.userId}`;
  const attempt = desk.guard.begin({ account: name, block: addressBlock(request.ip), known });
  const user = await users.verify(name, call.body.password, attempt.rank);
  if (user?.id !== principal.userId) {
    audit.record({ actor: principal.name, action: "confirm-failed", detail: request.ip });
    throw new Problem(403, { code: "wrong-password", detail: "This is not your password." });
  }
  attempt.succeeded();
  proofs.prove(principal.credentialId);
}

async function setUp(
  call: Call<unknown, unknown, z.infer<typeof setupBody>>,
  at: Omit<CodeDesk, "ip">,
): Promise<unknown> {
  const { context } = at;
  const { identity } = context.hub;
  const { body, request } = call;
  const code = checkCode(body.code, { ...at, ip: request.ip });
  const user = await identity.users.createFirst(body);
  code[Symbol.dispose]();
  await startSession(call, { identity, userId: user.id });
  identity.audit.record({ actor: user.name, action: "setup", detail: request.ip });
  return sessionInfo(request, context, user.id);
}

/** Where the code of the set-up is checked. */
interface CodeDesk {
  readonly context: HttpContext;
  /** By blocks of addresses, at whichever route the code is given. */
  readonly codeTries: Buckets;
  readonly ip: string;
}

/** The hub's code, when it is the one that was typed; each wrong one is kept in the audit. */
function checkCode(typed: string, { context, codeTries, ip }: CodeDesk): SetupCode {
  const { identity } = context.hub;
  const block = addressBlock(ip);
  const seconds = codeTries.waitSeconds(block);
  if (seconds > 0) throw tooManyTries(seconds);
  codeTries.take(block);
  if (identity.users.hasAdministrator) throw setupDone();
  const code = identity.setupCode;
  if (!code?.valid) {
    const detail = "The set-up code is no longer valid; start the hub again to get a new one.";
    throw new Problem(410, { code: "setup-code-expired", detail });
  }
  if (!code.matches(typed)) {
    identity.audit.record({ actor: "nobody", action: "setup-failed", detail: ip });
    throw new Problem(403, { code: "wrong-code", detail: "This is not the code that the hub printed." });
  }
  return code;
}

function setupDone(): Problem {
  return new Problem(409, { code: "setup-done", detail: "The hub is set up already; log in instead." });
}

/** The session is over whether or not that can be written now. */
export async function endSession(call: Pick<Call, "request">, context: HttpContext): Promise<void> {
  const { principal } = call.request;
  if (principal?.via !== "session") return;
  await context.hub.identity.users.endCredential({
    userId: principal.userId,
    via: "session",
    id: principal.credentialId,
  });
}

import type { Right } from "../src/identity/policy.ts";
import type { Route, RouteProof, RouteRight, RouteSubject } from "../src/surfaces/route.ts";

/**
 * Every route of the API: who may call it, what its right is asked about, and how callers have to prove who they are.
 * Written down a second time on purpose: a new route, or a right that was loosened, fails until it was thought about.
 */
export const routeTable = `
GET /health none
GET /metrics metrics hub
GET /api/v1/openapi.json signed-in
GET /api/v1/asyncapi.json signed-in
GET /api/v1/drivers administer hub
GET /api/v1/mqtt administer hub
GET /api/v1/session none
POST /api/v1/setup code
POST /api/v1/setup/code code
POST /api/v1/login none
POST /api/v1/logout signed-in by session
POST /api/v1/session/confirm signed-in by session
POST /api/v1/session/password signed-in by session
POST /api/v1/session/panel signed-in by session
POST /api/v1/session/panel/leave signed-in
GET /api/v1/device-settings signed-in
GET /api/v1/devices signed-in
POST /api/v1/devices administer hub
PATCH /api/v1/devices/:id administer path
GET /api/v1/devices/:id/options administer hub
PATCH /api/v1/devices/:id/options administer hub
PATCH /api/v1/devices/:id/button administer path
DELETE /api/v1/devices/:id administer path
POST /api/v1/devices/:id/restart administer path
GET /api/v1/arrivals administer hub
POST /api/v1/arrivals/:id administer hub
DELETE /api/v1/arrivals/:id administer hub
PATCH /api/v1/arrivals/:id administer hub
POST /api/v1/devices/:id/token administer hub
DELETE /api/v1/devices/:id/token administer hub
POST /api/v1/probe administer hub
POST /api/v1/discovery administer hub
GET /api/v1/discovery administer hub
DELETE /api/v1/discovery administer hub
POST /api/v1/discovery/streams administer hub
GET /api/v1/devices/:id/snapshot view path
GET /api/v1/users administer hub
POST /api/v1/users administer hub by password
PATCH /api/v1/users/:id administer hub by password
DELETE /api/v1/users/:id administer hub by password
POST /api/v1/users/:id/invitation administer hub by password
DELETE /api/v1/users/:id/invitation administer hub by password
POST /api/v1/invitation none
POST /api/v1/invitation/accept none
GET /api/v1/sessions signed-in by session
DELETE /api/v1/sessions/:id signed-in by session
DELETE /api/v1/sessions signed-in by session
POST /api/v1/proof none
GET /api/streams signed-in
GET /api/v1/tokens signed-in by session
POST /api/v1/tokens signed-in by password
DELETE /api/v1/tokens/:id signed-in by session
GET /api/v1/audit administer hub
GET /api/v1/wall signed-in
PATCH /api/v1/wall signed-in
GET /ca.crt none
GET /ca.svg none
POST /api/v1/say talk channels
POST /api/v1/say/sound talk channels
GET /api/v1/say/hosts administer hub
POST /api/v1/say/hosts administer hub
DELETE /api/v1/say/hosts administer hub
POST /api/v1/say/hosts/offers signed-in
GET /api/v1/chimes signed-in
POST /api/v1/chimes administer hub
DELETE /api/v1/chimes/:name administer hub
GET /api/v1/sounds signed-in
POST /api/v1/sounds administer hub
PATCH /api/v1/sounds/:name administer hub
DELETE /api/v1/sounds/:name administer hub
POST /api/v1/ring talk channels
POST /api/v1/devices/:id/unlock unlock path
POST /api/v1/devices/:id/ptz/move ptz path
POST /api/v1/devices/:id/ptz/stop ptz path
GET /api/v1/devices/:id/ptz/presets ptz path
POST /api/v1/devices/:id/ptz/preset ptz path
POST /api/v1/devices/:id/hook/ring none
GET /api/v1/devices/:id/hook/ring none
POST /api/v1/devices/:id/ring talk path
POST /api/v1/devices/:id/ring/unmute talk path
GET /api/v1/calls signed-in
POST /api/v1/calls signed-in
GET /api/v1/callable signed-in
GET /api/v1/push signed-in by session
POST /api/v1/push signed-in by session
POST /api/v1/push/:subscription/test signed-in by session
DELETE /api/v1/push/:subscription signed-in by session
GET /api/v1/calls/:call signed-in
GET /api/v1/calls/:call/snapshot signed-in
POST /api/v1/calls/:call/confirm signed-in
POST /api/v1/calls/:call/answer signed-in
POST /api/v1/calls/:call/join signed-in
POST /api/v1/calls/:call/decline signed-in
POST /api/v1/calls/:call/end signed-in
GET /api/v1/ringing signed-in
PATCH /api/v1/ringing signed-in
POST /api/v1/stations/:id none
DELETE /api/v1/stations/:id none
POST /api/v1/room-stations/:id none
POST /api/auth/register none
POST /api/auth/login none
POST /api/devices/register none
GET /api/devices none
GET /api/devices/:id/status none
POST /api/pairing/generate none
POST /api/devices/pair none
POST /voice signed-in
PATCH /voice/:voice signed-in
DELETE /voice/:voice signed-in
POST /api/v1/turn-check administer hub
POST /whep/calls/:call signed-in
PATCH /whep/calls/:call/:session signed-in
DELETE /whep/calls/:call/:session signed-in
POST /whep/:id view path
PATCH /whep/:id/:session signed-in
PATCH /whep/:id/:session/rendition signed-in
DELETE /whep/:id/:session signed-in
POST /whip/:id none
PATCH /whip/:id/:session none
DELETE /whip/:id/:session none
`
  .trim()
  .split("\n");

const notRights: readonly RouteRight[] = ["none", "code", "signed-in"];

/** One line of the table, read. */
export interface RouteEntry {
  readonly line: string;
  readonly method: string;
  readonly path: string;
  readonly right: RouteRight;
  /** Undefined for what takes no right. */
  readonly subject: RouteSubject | undefined;
  readonly proof: RouteProof | undefined;
}

/** The table, read. */
export const routeEntries: readonly RouteEntry[] = routeTable.map((line) => {
  const [asked = "", proof] = line.split(" by ");
  const [method = "", path = "", right = "", subject] = asked.split(" ");
  return {
    line,
    method,
    path,
    right: right as RouteRight,
    subject: subject as RouteSubject | undefined,
    proof: proof as RouteProof | undefined,
  };
});

/** What a route itself declares, as a line of the table. */
export function lineOf(route: Route): string {
  const asked = notRights.includes(route.right) ? "" : ` ${route.subject ?? "hub"}`;
  return `${route.method} ${route.path} ${route.right}${asked}${route.proof ? ` by ${route.proof}` : ""}`;
}

/** True for a right that people are given, and not merely a state of being signed in. */
export function isRight(right: RouteRight): right is Right {
  return !notRights.includes(right);
}

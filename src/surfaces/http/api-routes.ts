import type { Route } from "../route.ts";
import type { ApiParts } from "./api-parts.ts";
import type { HttpContext } from "./context.ts";
import { arrivalRoutes } from "./routes/arrivals.ts";
import { auditRoutes } from "./routes/audit.ts";
import { bellHookRoutes } from "./routes/bell-hook.ts";
import { buttonRoutes } from "./routes/button.ts";
import { callHistoryRoutes } from "./routes/call-history.ts";
import { callRoutes } from "./routes/calls.ts";
import { certificateRoutes } from "./routes/certificate.ts";
import { chimeRoutes } from "./routes/chimes.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { discoveryRoutes } from "./routes/discovery.ts";
import { invitationRoutes } from "./routes/invitations.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { panelLockRoutes } from "./routes/panel-lock.ts";
import { ringRoutes } from "./routes/ring.ts";
import { sayRoutes } from "./routes/say.ts";
import { sayHostRoutes } from "./routes/say-hosts.ts";
import { sessionRoutes } from "./routes/session.ts";
import { ownSessionRoutes } from "./routes/sessions.ts";
import { snapshotRoutes } from "./routes/snapshot.ts";
import { soundRoutes } from "./routes/sounds.ts";
import { systemRoutes } from "./routes/system.ts";
import { tokenProofRoutes } from "./routes/token-proof.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { unlockRoutes } from "./routes/unlock.ts";
import { userRoutes } from "./routes/users.ts";
import { wallRoutes } from "./routes/wall.ts";

/** The API's routes; docs/http-contract.md has the table. */
export function apiRoutes(context: HttpContext, parts: ApiParts): readonly Route[] {
  return [
    ...systemRoutes(context, parts),
    ...metricsRoutes(context, parts),
    ...sessionRoutes(context),
    ...panelLockRoutes(context),
    ...deviceRoutes(context),
    ...buttonRoutes(context),
    ...discoveryRoutes(context),
    ...arrivalRoutes(context),
    ...snapshotRoutes(context),
    ...userRoutes(context),
    ...invitationRoutes(context),
    ...ownSessionRoutes(context),
    ...tokenRoutes(context),
    ...tokenProofRoutes(context),
    ...wallRoutes(context),
    ...auditRoutes(context),
    ...certificateRoutes(context),
    ...sayRoutes(context),
    ...sayHostRoutes(context),
    ...chimeRoutes(context),
    ...soundRoutes(context),
    ...ringRoutes(context),
    ...unlockRoutes(context),
    ...bellHookRoutes(context),
    ...callRoutes(context),
    ...callHistoryRoutes(context),
  ];
}

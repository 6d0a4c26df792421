import { mayUse } from "../../hub/reach.ts";
import { onBehalf, readBehalf } from "../../identity/behalf.ts";
import type { Principal } from "../../identity/policy.ts";
import { addressBlock } from "../../util/address-block.ts";
import { tokenOf } from "../credential.ts";
import type { NewSocket } from "../own-port.ts";
import { defineSurface, type Lent } from "../surface.ts";
import { Card } from "./card.ts";
import { streamRoutes } from "./streams.ts";

/** go2rtc's socket, `/api/ws?src=<device>`, for the cards that know it: WebRTC, and the microphone by being heard. */
export default defineSurface({
  name: "go2rtc",
  config: undefined,
  start: async (lent) => ({
    addresses: [],
    routes: streamRoutes(lent),
    sockets: [{ path: "/api/ws", proof: "own", connected: (opened: NewSocket) => connect(lent, opened) }],
    [Symbol.asyncDispose]: async () => {},
  }),
});

/** Whoever shows a token, as Bearer or as the password of Basic, and may see the device; others are told why not. */
function connect({ hub, viewings }: Lent<undefined>, opened: NewSocket): void {
  const { socket, request, address, welcome } = opened;
  const { credentials, policy } = hub.identity;
  const token = tokenOf(request.headers.authorization);
  const owner = token === undefined ? undefined : credentials.find(token);
  const principal = owner?.via === "token" ? forSomebody(owner, request.headers["x-doorward-for"]) : undefined;
  if (!principal) {
    socket.close(1008, "a token is needed");
    return;
  }
  welcome(principal.userId);
  const source = new URL(request.url ?? "", "http://hub").searchParams.get("src") ?? "";
  const device = hub.devices.get(source);
  if (!device || !mayUse(policy, { principal, right: "view", device })) {
    socket.close(1008, "no such stream");
    return;
  }
  const asker = { person: principal.userId, device: device.id, block: addressBlock(address) };
  new Card({ socket, principal, device, asker, hub, viewings });
}

/** A program asks for somebody: they are two at the floor, and may less than the token. Undefined where that is not understood. */
function forSomebody(owner: Principal, header: string | readonly string[] | undefined): Principal | undefined {
  if (header === undefined) return owner;
  const behalf = typeof header === "string" ? readBehalf(header) : undefined;
  return behalf && onBehalf(owner, behalf);
}

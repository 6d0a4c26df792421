import { fromAgent, fromViewer } from "../../protocols/signalling/messages.ts";
import { openFilesLimit, socketsWithin } from "../../util/open-files.ts";
import { listenOnOwnPort, type NewSocket, type OwnPort, urlOf } from "../own-port.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { Accounts } from "./accounts.ts";
import { type AgentLink, Agents } from "./agents.ts";
import { type SignallingConfig, signallingConfig } from "./config.ts";
import { DeviceDesk } from "./device-desk.ts";
import { SignalLink } from "./link.ts";
import { Relay } from "./relay.ts";
import { Rest } from "./rest.ts";
import { restAnswerer, restRoutes } from "./rest-ports.ts";
import { type ViewerLink, Viewers } from "./viewers.ts";
import { Watches } from "./watches.ts";

export default defineSurface({ name: "signalling", config: signallingConfig, start });

/** Viewers and calls of its HTTP beside the agents, on a port of its own. */
const otherSockets = 512;
/** What pages of the sites that `origins` names may call. */
const crossOriginPaths = ["/ws/viewer", "/api/auth/", "/api/devices", "/api/pairing/"];

/**
 * Camera agents beyond the local network, and viewers that speak their protocol: `/ws/device`, `/ws/viewer` and `/api` of
 * seed 002, on the hub's own port, and on one of their own where the configuration names it. Throws FatalError `listen`.
 */
async function start(lent: Lent<SignallingConfig>): Promise<Running> {
  const { hub, config, logInGuard, version } = lent;
  await using opened = new AsyncDisposableStack();
  const { watches, desk, agents, viewers } = openHouse(lent, opened);
  const accounts = new Accounts({ hub, guard: logInGuard });
  const rest = new Rest({ hub, accounts, desk, version, tokenInQuery: config.tokenInQuery });
  const sockets = socketsOf(lent, { agents, viewers });
  const port = opened.use(await ownPort(lent, { sockets, rest }));
  const owned = opened.move();
  return {
    addresses: port ? [`ws://${hostOf(config)}:${port.port}/ws/device`] : [],
    routes: restRoutes(rest),
    sockets: Object.entries(sockets).map(([path, connected]) => ({ path, proof: "own", connected })),
    crossOrigin: crossOriginPaths.map((prefix) => ({ prefix, origins: config.origins })),
    isBusy: () => watches.size > 0,
    metrics: () => [
      gauge("doorward_camera_agents", "Camera agents that are connected.", agents.size),
      gauge("doorward_agent_viewers", "Viewers connected that speak the agents' protocol.", viewers.size),
      gauge("doorward_watch_sessions", "Watch sessions of camera agents.", watches.size),
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function openHouse(lent: Lent<SignallingConfig>, opened: AsyncDisposableStack) {
  const { hub, config, viewings, publishers, iceServers } = lent;
  const watches = opened.use(new Watches(hub));
  const desk: DeviceDesk = new DeviceDesk({ hub, presence: () => agents });
  const agents: Agents = opened.use(
    new Agents({
      hub,
      watches,
      maxAgents: config.maxAgents,
      iceServers: (label) => iceServers(label, config.agentTurnUrls),
      nameOf: (deviceId) => desk.nameOf(deviceId),
      relay: (agent, device) => new Relay({ agent, device, watches, publishers, iceServers }),
    }),
  );
  const viewers = opened.use(new Viewers({ hub, agents, watches, viewings, watch: config.watch, iceServers }));
  return { watches, desk, agents, viewers };
}

type Sockets = Readonly<Record<"/ws/device" | "/ws/viewer", (opened: NewSocket) => void>>;

function socketsOf(
  { hub, config }: Lent<SignallingConfig>,
  to: { readonly agents: Agents; readonly viewers: Viewers },
): Sockets {
  const linkOf = ({ socket, request, address, token }: NewSocket) => {
    const query = config.tokenInQuery ? urlOf(request).searchParams.get("token") : null;
    return { socket, address, token: token ?? query ?? undefined, clock: hub.clock, log: hub.log };
  };
  return {
    "/ws/device": (one) => {
      const link: AgentLink = new SignalLink({ ...linkOf(one), incoming: fromAgent });
      to.agents.connected(link, one.welcome);
    },
    "/ws/viewer": (one) => {
      const link: ViewerLink = new SignalLink({ ...linkOf(one), incoming: fromViewer });
      to.viewers.connected(link, one.welcome);
    },
  };
}

/** The port of its own, where there is one. */
async function ownPort(
  { hub, config }: Lent<SignallingConfig>,
  { sockets, rest }: { readonly sockets: Sockets; readonly rest: Rest },
): Promise<OwnPort | undefined> {
  const { host, port, origins, maxAgents } = config;
  if (port === undefined) return undefined;
  return await listenOnOwnPort({
    host,
    port,
    origins,
    what: "signalling",
    originsSetting: "signalling.origins",
    maxSockets: socketsWithin(maxAgents + otherSockets, openFilesLimit()),
    knows: () => true, // a wrong one is told so by the message of the protocol
    sockets,
    answer: restAnswerer(rest, hub.log),
  });
}

function hostOf({ host }: SignallingConfig): string {
  return host.includes(":") ? `[${host}]` : host;
}

function gauge(name: string, help: string, value: number) {
  return { name, help, type: "gauge", values: [{ value }] } as const;
}

import { fromAgent, fromViewer } from "../../protocols/signalling/messages.ts";
import { listenOnOwnPort, type NewSocket } from "../own-port.ts";
import { defineSurface, type Lent, type Running } from "../surface.ts";
import { Accounts } from "./accounts.ts";
import { type AgentLink, Agents } from "./agents.ts";
import { type SignallingConfig, signallingConfig } from "./config.ts";
import { DeviceDesk } from "./device-desk.ts";
import { SignalLink } from "./link.ts";
import { Relay } from "./relay.ts";
import { Rest } from "./rest.ts";
import { type ViewerLink, Viewers } from "./viewers.ts";
import { Watches } from "./watches.ts";

export default defineSurface({ name: "signalling", config: signallingConfig, start });

/**
 * Camera agents beyond the local network, and viewers that speak their protocol: `/ws/device`, `/ws/viewer` and `/api` of
 * seed 002, on a port of their own. Throws FatalError `listen`.
 */
async function start(lent: Lent<SignallingConfig>): Promise<Running> {
  const { hub, config, viewings, publishers, iceServers, logInGuard, version } = lent;
  await using opened = new AsyncDisposableStack();
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
  const accounts = new Accounts({ hub, guard: logInGuard });
  const rest = new Rest({ hub, accounts, desk, version, tokenInQuery: config.tokenInQuery });
  const linkOf = ({ socket, request, address, token }: NewSocket) => {
    const query = config.tokenInQuery ? new URL(request.url ?? "/", "http://hub").searchParams.get("token") : null;
    return { socket, address, token: token ?? query ?? undefined, clock: hub.clock, log: hub.log };
  };
  const port = opened.use(
    await listenOnOwnPort({
      host: config.host,
      port: config.port,
      origins: config.origins,
      what: "signalling",
      originsSetting: "signalling.origins",
      maxSockets: config.maxAgents + 512,
      knows: () => true, // a wrong one is told so by the message of the protocol
      sockets: {
        "/ws/device": (one) => {
          const link: AgentLink = new SignalLink({ ...linkOf(one), incoming: fromAgent });
          agents.connected(link, one.welcome);
        },
        "/ws/viewer": (one) => {
          const link: ViewerLink = new SignalLink({ ...linkOf(one), incoming: fromViewer });
          viewers.connected(link, one.welcome);
        },
      },
      answer: (request, response) => rest.answer(request, response),
    }),
  );
  const owned = opened.move();
  const name = config.host.includes(":") ? `[${config.host}]` : config.host;
  return {
    addresses: [`ws://${name}:${port.port}/ws/device`],
    metrics: () => [
      gauge("doorward_camera_agents", "Camera agents that are connected.", agents.size),
      gauge("doorward_agent_viewers", "Viewers connected that speak the agents' protocol.", viewers.size),
      gauge("doorward_watch_sessions", "Watch sessions of camera agents.", watches.size),
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function gauge(name: string, help: string, value: number) {
  return { name, help, type: "gauge", values: [{ value }] } as const;
}

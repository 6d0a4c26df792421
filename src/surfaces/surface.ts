import type { FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import type { z } from "zod";
import type { Driver } from "../device/driver.ts";
import type { findDevices } from "../finding/find.ts";
import type { SayText } from "../hub/call-visitor.ts";
import type { Hub } from "../hub/hub.ts";
import type { Principal } from "../identity/policy.ts";
import type { PublishWorker, WebRtcWorker } from "../media/viewer.ts";
import type { Asker } from "./admission.ts";
import type { Bus } from "./bus.ts";
import type { HttpPorts } from "./http/ports.ts";
import type { LogInGuard } from "./log-in-guard.ts";
import type { NewSocket } from "./own-port.ts";
import type { Reached } from "./reached.ts";
import type { Route } from "./route.ts";
import type { HubShares } from "./shares.ts";
import type { IceServer } from "./webrtc/ice-links.ts";
import type { Viewings } from "./webrtc/viewings.ts";

/** What every surface is lent of the house. */
export interface House {
  readonly hub: Hub;
  /** Connects browsers. Its maker disposes it, after the surfaces. */
  readonly webrtc: WebRtcWorker;
  /** Takes in what devices publish by WebRTC. */
  readonly publishers: Pick<PublishWorker, "publish" | "ask">;
  /** Everybody who watches, by whatever surface they came. */
  readonly viewings: Viewings;
  /** Messages over MQTT: a `MessageBus` to all but the surface that connects it. Nobody is there without that one. */
  readonly bus: Bus;
  /** `Link` headers that name the ICE servers for one viewing or microphone, by its id. */
  readonly iceLinks: (id: string) => readonly string[];
  /** The same as data; the TURN server by other addresses where some are given. */
  readonly iceServers: (id: string, turnUrls?: readonly string[]) => readonly IceServer[];
  /** Counts tries of passwords, at whatever door. */
  readonly logInGuard: LogInGuard;
  /** How much of everything one person, device and address may have. */
  readonly shares: HubShares;
  /** The ports of the page, where they were opened before all else. */
  readonly ports?: HttpPorts | undefined;
  /** The certificate of the page, for other surfaces that speak TLS; made when it is first asked for. */
  readonly certificate: () => Promise<{ readonly cert: string; readonly key: string }>;
  readonly drivers: readonly Driver[];
  readonly version: string;
  /** True when the hub shows make-believe devices. */
  readonly demo: boolean;
  /** Folder of the hub's data. */
  readonly dataDir: string;
  /** Folder of the built page. */
  readonly pageDir: string;
  /** Turns text into sound, where an engine is there. */
  readonly say?: SayText | undefined;
  /** Looks for devices on this machine's networks; the real search unless another is given. */
  readonly find?: typeof findDevices | undefined;
}

/** What a surface is lent: the house, its own section of the configuration, and its life. */
export interface Lent<Config> extends House {
  readonly config: Config;
  /** The surfaces that stand before it in the list; HTTP serves their routes. */
  readonly others: readonly Running[];
  /** Ends the surface. */
  readonly signal: AbortSignal;
}

/** Other sites whose pages may call the routes below a path. */
export interface CrossOrigin {
  /** Path with which those routes begin. */
  readonly prefix: string;
  readonly origins: readonly string[];
}

/** One WebSocket, as data: HTTP serves it, and closes it when the hub ends. */
export type SocketRoute = SignedInSocket | OwnProofSocket;

/** A WebSocket for whoever is signed in. */
export interface SignedInSocket {
  readonly path: string;
  readonly proof?: undefined;
  /** What a connection takes a place of, until it closes; none where the surface asks for places by itself. */
  readonly share: "pages" | undefined;
  /** Somebody has connected, who counts as `asker`. The socket is the surface's now. */
  connected(socket: WebSocket, principal: Principal, request: FastifyRequest, asker: Asker): void;
}

/** A WebSocket on which callers say who they are, by a message or a token: no cookie counts there. */
export interface OwnProofSocket {
  readonly path: string;
  readonly proof: "own";
  readonly share?: undefined;
  /** Somebody has connected: a stranger, until they are made welcome. The socket is the surface's now. */
  connected(opened: NewSocket): void;
}

/** One of a surface's own numbers, as `/metrics` shows it. */
export interface Metric {
  /** `doorward_...`; a counter's ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  /** A value for each set of labels; all of one metric have the same labels. */
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** A running surface; it ends with the signal or when disposed. */
export interface Running extends AsyncDisposable {
  /** Where it is to be found, for people; empty for one that HTTP serves. */
  readonly addresses: readonly string[];
  /** What HTTP serves for it on its own port. */
  readonly routes?: readonly Route[];
  /** The WebSockets among it. */
  readonly sockets?: readonly SocketRoute[];
  /** Its own numbers, read when somebody asks for them. */
  readonly metrics?: () => readonly Metric[];
  /** Whether somebody sees, hears or speaks through it now, beside what the hub's floors and calls know of. */
  readonly isBusy?: () => boolean;
  /** What it listens on for the page and the API. */
  readonly reached?: readonly Reached[];
  /** Which other sites may call those routes; none unless the configuration names them. */
  readonly crossOrigin?: CrossOrigin | readonly CrossOrigin[];
}

/** One way in which outsiders reach the hub. */
export interface Surface<
  Name extends string = string,
  Section extends z.ZodType | undefined = z.ZodType | undefined,
  Run extends Running = Running,
> {
  /** The name of its folder, and of its section in the configuration where it has one. */
  readonly name: Name;
  /** Its section, if there is anything to set. One that is optional and absent leaves the surface out. */
  readonly config: Section;
  /** Throws FatalError for what a person must mend, e.g. `listen` for a taken port. */
  start(lent: Lent<ConfigOf<Section>>): Promise<Run>;
}

/** What a surface's section says once it is there. */
type ConfigOf<Section> = Section extends z.ZodType ? NonNullable<z.output<Section>> : undefined;

/** Types a surface's pieces together; the identity function. */
export function defineSurface<const Name extends string, Section extends z.ZodType | undefined, Run extends Running>(
  surface: Surface<Name, Section, Run>,
): Surface<Name, Section, Run> {
  return surface;
}

import type { RawData, WebSocket } from "ws";
import { z } from "zod";
import type { RenditionName } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Principal } from "../../identity/policy.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import type { Asker } from "../admission.ts";
import { notFound, Problem, toProblem } from "../problem.ts";
import { defineSurface } from "../surface.ts";
import type { Viewing, Viewings } from "../webrtc/viewings.ts";
import { type LookerMessage, lookerMessageSchema, type PictureMessage } from "./messages.ts";
import { PictureViewer } from "./picture-viewer.ts";

/** Where pictures are had as they come. */
export const picturesPath = "/api/v1/devices/:id/pictures";

const params = z.object({ id: z.string().max(128) });
const query = z.object({ rendition: z.enum(["main", "sub"]).optional() });
/** Messages that a looker may send at once, and again each second. */
const burst = 100;
/** Who does not close its side loses it. */
const closeMs = 500;

/** Pictures as the camera sends them, for browsers that decode them by themselves: WebRTC does not show them. */
export default defineSurface({
  name: "pictures",
  config: undefined,
  start: async ({ hub, viewings }) => ({
    addresses: [],
    sockets: [
      {
        path: picturesPath,
        share: undefined,
        connected: (socket, principal, request, asker) => {
          const looker = new Looker({ socket, principal, asker, hub, viewings });
          const asked = { ...params.safeParse(request.params).data, ...query.safeParse(request.query).data };
          background(looker.serve(asked), (err) => {
            hub.log.error({ err }, "pictures were not served");
            socket.terminate();
          });
        },
      },
    ],
    [Symbol.asyncDispose]: async () => {},
  }),
});

interface LookerOptions {
  readonly socket: WebSocket;
  readonly principal: Principal;
  readonly asker: Asker;
  readonly hub: Pick<Hub, "devices" | "clock" | "log">;
  readonly viewings: Pick<Viewings, "open">;
}

/** One who looks, from their socket's opening to its end. */
class Looker {
  #viewer: PictureViewer | undefined;
  #viewing: Viewing | undefined;
  #credit = burst;
  #creditUs: number;
  readonly #gone = new AbortController();
  readonly #options: LookerOptions;

  constructor(options: LookerOptions) {
    const { socket, hub } = options;
    this.#options = options;
    this.#creditUs = hub.clock.nowUs();
    socket.once("close", () => this.#gone.abort());
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
  }

  async serve(asked: { readonly id?: string; readonly rendition?: RenditionName | undefined }): Promise<void> {
    try {
      this.#viewing = await this.#open(asked);
    } catch (error) {
      if (!this.#gone.signal.aborted) this.#refuse(error);
      return;
    }
    this.#close(4000, await this.#viewing.closed);
  }

  #open({ id = "", rendition }: { readonly id?: string; readonly rendition?: RenditionName | undefined }) {
    const { principal, asker, hub, socket, viewings } = this.#options;
    const device = hub.devices.get(id);
    if (!device) throw new Problem(404, notFound);
    return viewings.open({
      principal,
      device,
      offerSdp: "",
      asker: { ...asker, device: device.id },
      signal: this.#gone.signal,
      rendition,
      carry: (video) => {
        this.#viewer = new PictureViewer({ socket, clock: hub.clock, video });
        return this.#viewer;
      },
    });
  }

  #refuse(error: unknown): void {
    const { socket, hub } = this.#options;
    const message: PictureMessage = { type: "refused", problem: toProblem(error) };
    if (message.problem.status === 500) hub.log.error({ err: error }, "pictures were not served");
    socket.send(JSON.stringify(message));
    this.#close(4003, "refused");
  }

  #close(code: number, reason: string): void {
    const { socket, hub } = this.#options;
    socket.close(code, reason);
    hub.clock.timer(closeMs, () => socket.terminate());
  }

  #receive(data: RawData, isBinary: boolean): void {
    const message = isBinary ? undefined : parse(data);
    if (!message || !this.#pay(this.#options.hub.clock)) this.#options.socket.close(1008, "not understood");
    else if (message.type === "took") this.#viewer?.took(message.pictures);
    else background(this.#turn(message.rendition), () => {});
  }

  async #turn(name: RenditionName): Promise<void> {
    const { renditions } = this.#viewing ?? {};
    if (!renditions) return;
    await renditions.want(name).catch(() => {}); // What is shown still is said.
    this.#viewer?.say({ type: "rendition", wanted: renditions.wanted, shown: renditions.shown });
  }

  /** A token bucket: what floods is closed. */
  #pay(clock: Pick<Clock, "nowUs">): boolean {
    const nowUs = clock.nowUs();
    this.#credit = Math.min(burst, this.#credit + ((nowUs - this.#creditUs) * burst) / 1e6) - 1;
    this.#creditUs = nowUs;
    return this.#credit >= 0;
  }
}

function parse(data: RawData): LookerMessage | undefined {
  try {
    return lookerMessageSchema.parse(JSON.parse(String(data)));
  } catch {
    return undefined;
  }
}

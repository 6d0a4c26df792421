import type { WebSocket } from "ws";
import type { HubDevice } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Principal } from "../../identity/policy.ts";
import { background } from "../../util/background.ts";
import { DoorwardError, isAbort } from "../../util/errors.ts";
import { Serial } from "../../util/serial.ts";
import type { Asker } from "../admission.ts";
import { describeFloor } from "../sound-floor.ts";
import type { Viewing, Viewings } from "../webrtc/viewings.ts";
import { type CardAnswer, type CardMessage, cardMessageSchema } from "./messages.ts";

/** Options of {@link Card}. */
export interface CardOptions {
  readonly socket: WebSocket;
  readonly principal: Principal;
  readonly device: HubDevice;
  readonly asker: Asker;
  readonly hub: Hub;
  readonly viewings: Viewings;
}

/** Messages of one socket in all: an offer or two, and their candidates. */
const maxMessages = 512;

/**
 * One card that shows one device. go2rtc's own player closes its socket as soon as the picture runs: a viewing that was
 * answered goes on without it, and ends by its own connection.
 */
export class Card {
  #messages = 0;
  #viewing: Viewing | undefined;
  #talks: Disposable | undefined;
  readonly #options: CardOptions;
  readonly #gone = new AbortController();
  readonly #turns = new Serial();

  constructor(options: CardOptions) {
    const { socket } = options;
    this.#options = options;
    socket.on("message", (data, isBinary) => this.#receive(isBinary ? "" : String(data)));
    socket.once("close", () => this.#gone.abort());
  }

  #receive(text: string): void {
    const message = parse(text);
    if (!message || ++this.#messages > maxMessages) {
      this.#options.socket.close(1008, "not understood");
      return;
    }
    background(
      this.#turns.run(() => this.#answer(message)),
      (err) => this.#failed(err),
    );
  }

  async #answer({ type, value }: CardMessage): Promise<void> {
    if (this.#gone.signal.aborted) return;
    if (type === "webrtc/candidate" && typeof value === "string")
      this.#viewing?.viewer.addCandidate({ candidate: value, sdpMid: "0" });
    else if (type === "webrtc/offer" && typeof value === "string") await this.#show(value, 1);
    else if (type === "webrtc") await this.#show((value as { readonly sdp: string }).sdp, 2);
    else this.#tell({ type: "error", value: `${type}: the hub shows cameras by WebRTC` });
  }

  async #show(offerSdp: string, form: 1 | 2): Promise<void> {
    const { viewings, principal, device, asker } = this.#options;
    await this.#leave();
    try {
      const viewing = await viewings.open({
        ...{ principal, device, offerSdp, asker },
        talkBySound: true,
        signal: this.#gone.signal,
      });
      this.#viewing = viewing;
      this.#talks = viewings.onTalk(({ viewing: { id }, state }) => {
        if (id === viewing.id) this.#tell({ type: "error", value: `talk: ${describeFloor(state)}` });
      });
      background(
        viewing.closed.then((reason) => this.#ended(viewing, reason)),
        (err) => this.#failed(err),
      );
      const sdp = viewing.answerSdp;
      this.#tell(
        form === 1 ? { type: "webrtc/answer", value: sdp } : { type: "webrtc", value: { type: "answer", sdp } },
      );
    } catch (error) {
      this.#refused(error);
    }
  }

  /** What is none of our errors is a fault of the hub: its sentence is for the log. */
  #refused(error: unknown): void {
    const isOurs = error instanceof DoorwardError;
    if (!isOurs && !isAbort(error)) this.#options.hub.log.error({ err: error }, "a picture was not opened");
    const why = isOurs ? error.message : "the hub failed at it; its log says why";
    this.#tell({ type: "error", value: `webrtc/offer: ${why}` });
  }

  /** Cards connect anew when their socket closes. */
  #ended(viewing: Viewing, reason: string): void {
    if (this.#viewing !== viewing) return;
    this.#talks?.[Symbol.dispose]();
    this.#options.socket.close(1001, reason.slice(0, 100));
  }

  async #leave(): Promise<void> {
    this.#talks?.[Symbol.dispose]();
    this.#talks = undefined;
    const viewing = this.#viewing;
    this.#viewing = undefined;
    await viewing?.[Symbol.asyncDispose]();
  }

  #tell(message: CardAnswer): void {
    if (!this.#gone.signal.aborted) this.#options.socket.send(JSON.stringify(message));
  }

  #failed(err: unknown): void {
    this.#options.hub.log.error({ err }, "a card was not served");
    this.#options.socket.close(1011);
  }
}

function parse(text: string): CardMessage | undefined {
  try {
    return cardMessageSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

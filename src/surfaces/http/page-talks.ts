import type { Talk } from "../../hub/api.ts";
import { mayUse } from "../../hub/reach.ts";
import type { Principal } from "../../identity/policy.ts";
import { opusFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { AsyncQueue } from "../../util/queue.ts";
import type { HttpContext } from "./context.ts";
import type { PageMessage, TalkMessage } from "./event-messages.ts";

/** Options of {@link PageTalks}. */
export interface PageTalksOptions {
  readonly context: HttpContext;
  readonly principal: Principal;
  readonly tell: (message: TalkMessage) => void;
}

/** One second of 20 ms packets: what is older when it is late is not worth hearing. */
const maxQueuedFrames = 50;

interface Turn {
  readonly talk: Talk;
  readonly end: () => void;
}

/**
 * The turns that one page takes at speakers. The sound is the microphone of a WHEP session of the same person; a turn
 * ends with that session, with the page's socket, or when the page lets go.
 */
export class PageTalks implements Disposable {
  readonly #options: PageTalksOptions;
  readonly #turns = new Map<string, Turn>();

  constructor(options: PageTalksOptions) {
    this.#options = options;
  }

  /** Asks for the floor. The answers go to `tell`. */
  take(message: Extract<PageMessage, { readonly type: "talk-take" }>): void {
    const { context, principal, tell } = this.#options;
    const { identity, devices, talks } = context.hub;
    const device = devices.get(message.device);
    const channel = message.device;
    const turnOf = message.turn === undefined ? {} : { turn: message.turn };
    if (!device || !mayUse(identity.policy, { principal, right: "talk", device })) {
      tell({ type: "talk", channel, ...turnOf, state: "refused", reason: "forbidden" });
      return;
    }
    const viewing = context.viewings.get(message.whep, principal);
    if (!viewing) {
      tell({
        type: "talk",
        channel,
        ...turnOf,
        state: "failed",
        reason: "no picture is open that the microphone belongs to",
      });
      return;
    }
    this.release(channel);
    const frames = new AsyncQueue<Frame>({ max: maxQueuedFrames });
    const microphone = viewing.onMicrophone((frame) => frames.push(frame));
    const end = () => {
      microphone[Symbol.dispose]();
      frames.end();
    };
    const talk = talks.take({
      devices: [device.id],
      talker: { id: principal.userId, name: principal.name },
      priority: this.#priority(message.priority, device),
      queue: message.queue,
      source: { live: true, format: opusFormat, frames },
      onState: (state) => {
        // The answer first: the audit's write waits for the disk.
        tell({ type: "talk", channel, ...turnOf, ...state });
        if (state.state === "granted")
          identity.audit.record({ actor: principal.name, action: "talk", subject: channel });
      },
    });
    const turn = { talk, end };
    this.#turns.set(channel, turn);
    const cancel = () => this.#cancel(channel, turn);
    viewing.closed.then(cancel, cancel);
    const forget = () => this.#forget(channel, turn);
    talk.done.then(forget, forget);
  }

  /** Lets go of a speaker; what was said is still played. */
  release(channel: string): void {
    const turn = this.#turns.get(channel);
    if (!turn) return;
    turn.talk.finish();
    this.#forget(channel, turn);
  }

  [Symbol.dispose](): void {
    for (const [channel, turn] of [...this.#turns]) this.#cancel(channel, turn);
  }

  /** To take a speaker from somebody needs the right to call everybody; without it the turn is an ordinary one. */
  #priority(asked: 0 | 1 | 2, device: Parameters<typeof mayUse>[1]["device"]): 0 | 1 | 2 {
    if (asked === 0) return 0;
    const { context, principal } = this.#options;
    return mayUse(context.hub.identity.policy, { principal, right: "page", device }) ? asked : 0;
  }

  #cancel(channel: string, turn: Turn): void {
    turn.talk.cancel();
    this.#forget(channel, turn);
  }

  #forget(channel: string, turn: Turn): void {
    turn.end();
    if (this.#turns.get(channel) === turn) this.#turns.delete(channel);
  }
}

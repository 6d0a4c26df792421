import type { Ringer } from "../../hub/call-api.ts";
import { partyOfPrincipal } from "../../hub/call-rights.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Principal } from "../../identity/policy.ts";
import { callView } from "../call-view.ts";
import type { CallMessage } from "./messages.ts";

/** Options of {@link PageCalls}. */
export interface PageCallsOptions {
  readonly hub: Hub;
  readonly principal: Principal;
  readonly tell: (message: CallMessage) => void;
}

/** The calls of one page: it rings when its person or station is rung, and is told what becomes of what they may see. */
export class PageCalls implements Disposable {
  readonly #options: PageCallsOptions;
  readonly #held = new DisposableStack();

  constructor(options: PageCallsOptions) {
    this.#options = options;
    const { hub, principal } = options;
    const { calls } = hub;
    this.#held.use(
      calls.onChange(({ call, ...event }) => {
        const view = callView(call, { hub, principal });
        if (!view) return;
        options.tell({ type: "call", ...event, call: view });
        if (event.change === "ringing") this.#time(call.id);
      }),
    );
    this.#held.use(calls.onMuted(() => this.#tellAll()));
    if (calls.list().length > 0 || calls.mutedBells().length > 0) this.#tellAll();
    this.#held.use(calls.addRinger(this.#ringer()));
  }

  /** The page can be heard ringing. */
  confirm(callId: string): void {
    this.#options.hub.calls.confirm(callId, partyOfPrincipal(this.#options.principal).party);
  }

  /** The live picture of a call is seen on the page; of one that the person may not see nothing is believed. */
  picture(callId: string): void {
    const { hub, principal } = this.#options;
    const call = hub.calls.get(callId);
    const takesPart = call?.participants.some(({ party }) => party === partyOfPrincipal(principal).party);
    if (call && (takesPart || hub.callRights.mayPeek(principal, call))) hub.callTimes.picture(callId);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  /** What it is to do stands in the messages about the call: its own party rings in `rung`, or no longer. */
  #ringer(): Ringer {
    const { hub, principal } = this.#options;
    return {
      ...partyOfPrincipal(principal),
      mayAnswer: (call) => hub.callRights.mayAnswer(principal, call),
      ring: () => {},
      stop: () => {},
    };
  }

  #time(callId: string): void {
    const { callTimes, times } = this.#options.hub;
    const tookUs = callTimes.told(callId);
    if (tookUs !== undefined) times.ringToEvent.took(tookUs);
  }

  #tellAll(): void {
    const { hub, principal, tell } = this.#options;
    const views = hub.calls.list().map((call) => callView(call, { hub, principal }));
    const mutedBells = hub.calls.mutedBells().filter(({ from }) => this.#sees(from.deviceId));
    tell({ type: "calls", calls: views.filter((view) => view !== undefined), mutedBells });
  }

  /** Whoever may answer a bell is told that it is muted. */
  #sees(deviceId: string | undefined): boolean {
    const { hub, principal } = this.#options;
    const device = deviceId === undefined ? undefined : hub.devices.get(deviceId);
    return device !== undefined && hub.identity.policy.allows(principal, "talk", device);
  }
}

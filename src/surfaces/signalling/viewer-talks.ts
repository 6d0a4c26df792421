import type { Turn } from "../../hub/api.ts";
import type { Hub } from "../../hub/hub.ts";
import { mayUse } from "../../hub/reach.ts";
import type { Voice } from "../../hub/voices.ts";
import type { Principal } from "../../identity/policy.ts";
import { HubEnd } from "./hub-end.ts";
import type { Watch } from "./watches.ts";

/** Options of {@link ViewerTalks}. */
export interface ViewerTalksOptions {
  readonly hub: Pick<Hub, "identity" | "devices" | "turns" | "voices">;
  readonly principal: Principal;
  /** Tells the viewer how its talk stands. */
  readonly tell: (talk: { readonly session_id: string; readonly state: string; readonly reason?: string }) => void;
}

/** What a viewer of the agents' protocol says in its relayed sessions, under the hub's floor control. Disposing lets go of all. */
export class ViewerTalks implements Disposable {
  readonly #turns = new Map<string, Turn>();
  readonly #options: ViewerTalksOptions;

  constructor(options: ViewerTalksOptions) {
    this.#options = options;
  }

  /** It speaks in this session from now on, as soon as the floor is its own. */
  begin(watch: Watch): void {
    const { hub, principal, tell } = this.#options;
    const { id: session_id, deviceId } = watch;
    const voice = this.#voiceIn(watch);
    if ("reason" in voice) {
      tell({ session_id, state: "refused", ...voice });
      return;
    }
    this.end(session_id);
    const turn = hub.turns.take({
      to: [`device:${deviceId}`],
      talker: { id: principal.userId, name: principal.name },
      priority: 0,
      queue: true,
      source: { live: true, voice: voice.track, lostPackets: () => voice.lostPackets },
      onState: (state) => {
        tell({ session_id, state: state.state, ...("reason" in state && { reason: state.reason }) });
        if (state.state !== "granted") return;
        hub.identity.audit.record({ actor: principal.name, action: "talk", subject: deviceId });
      },
    });
    this.#turns.set(session_id, turn);
    const forget = () => {
      if (this.#turns.get(session_id) === turn) this.#turns.delete(session_id);
    };
    turn.done.then(forget, forget);
  }

  /** The microphone by which it speaks there, or why it cannot. */
  #voiceIn({ deviceId, agent }: Watch): Voice | { readonly reason: string } {
    const { hub, principal } = this.#options;
    const device = hub.devices.get(deviceId);
    if (!device || !mayUse(hub.identity.policy, { principal, right: "talk", device })) return { reason: "forbidden" };
    if (!(agent instanceof HubEnd)) return { reason: "direct: the agent hears this viewer's microphone by itself" };
    return hub.voices.get(agent.voiceId ?? "", principal.userId) ?? { reason: "this session has no microphone" };
  }

  /** It lets go; what it said is still played. */
  end(sessionId: string): void {
    this.#turns.get(sessionId)?.finish();
    this.#turns.delete(sessionId);
  }

  [Symbol.dispose](): void {
    for (const turn of [...this.#turns.values()]) turn.cancel();
    this.#turns.clear();
  }
}

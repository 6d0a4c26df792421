import type { Hearing, Turn, TurnState } from "../../../hub/api.ts";
import type { Hub } from "../../../hub/hub.ts";
import type { Voice } from "../../../hub/voices.ts";
import type { RoomStation } from "../stations.ts";
import { channelsOf, whyNobody } from "../targets.ts";
import { clientFormat } from "./client-speaker.ts";
import type { ClientMessage, HubToldMessage } from "./messages.ts";
import { Microphone } from "./microphone.ts";
import { type ReachOptions, reachOf, type Who } from "./who.ts";

type Press = Extract<ClientMessage, { readonly type: "ptt_start" }>;

/** Who speaks. */
export interface Talker {
  readonly who: Who;
  readonly name: string;
  /** Its device, once it is let in. */
  readonly deviceId: string | undefined;
}

/** Options of {@link ClientTalk}. */
export interface ClientTalkOptions {
  readonly hub: Hub;
  readonly stations: { list(): readonly RoomStation[] };
  /** What the hub itself is called. */
  readonly hubName: string;
  readonly emergency: ReachOptions["emergency"];
  readonly tell: (message: HubToldMessage) => void;
  /** It began, or ended, to speak; or, `anyway`, it believes so and is to be told how it stands. */
  readonly onChange: (tell?: "anyway") => void;
}

interface Talking {
  readonly press: Press;
  readonly microphone: Microphone;
  turn?: Turn;
  granted: boolean;
  over: boolean;
}

/** What one connection says: a press is a turn like any other, with its samples as voice. Its owner disposes it. */
export class ClientTalk implements Disposable {
  readonly #options: ClientTalkOptions;
  #voice: Voice | undefined;
  #talking: Talking | undefined;
  #warned = false;

  constructor(options: ClientTalkOptions) {
    this.#options = options;
  }

  /** True while it holds the floor. */
  get speaking(): boolean {
    return this.#talking?.granted === true && !this.#talking.over;
  }

  /** The button is pressed. Pressed again, it goes on as it was; with another target the talk before ends first. */
  start(press: Press, talker: Talker): void {
    const { onChange } = this.#options;
    const now = this.#talking;
    if (now && this.speaking && now.press.target === press.target && now.press.priority === press.priority) {
      onChange("anyway");
      return;
    }
    this.stop();
    const to = channelsOf(press.target, this.#options);
    const reach = to.length > 0 ? this.#reach(to, { press, talker }) : undefined;
    if (!reach) {
      this.#refuse(sayNobody(press.target, this.#options.hubName));
      return;
    }
    const voice = this.#open(talker);
    const { hub } = this.#options;
    const talking: Talking = {
      press,
      microphone: new Microphone({ voice, clock: hub.clock }),
      granted: false,
      over: false,
    };
    this.#talking = talking;
    this.#warned = false;
    const { principal } = talker.who.kind === "known" ? talker.who : { principal: undefined };
    const turn = hub.turns.take({
      ...reach,
      talker: { id: principal?.userId ?? `device:${talker.deviceId ?? talker.name}`, name: talker.name },
      queue: false,
      source: { live: true, voice: voice.track },
      onState: (state) => this.#state(talking, state, talker),
      onHearing: (hearing) => this.#hearing(talking, hearing),
    });
    talking.turn = turn;
  }

  /** The button is let go: what was said is still heard. The caller tells how it stands. */
  stop(): void {
    const talking = this.#talking;
    this.#talking = undefined;
    if (!talking) return;
    talking.over = true;
    talking.turn?.finish();
  }

  /** Samples of its microphone; without a floor they are nobody's. */
  sound(pcm: Uint8Array): void {
    if (!this.#talking?.granted) return;
    if (this.#talking.microphone.push(pcm) || this.#warned) return;
    this.#warned = true;
    this.#options.tell({
      type: "error",
      message: "Sound is whole samples of 16 bits: a message of an odd number of bytes was left out.",
    });
  }

  [Symbol.dispose](): void {
    const talking = this.#talking;
    this.#talking = undefined;
    if (talking) talking.over = true;
    talking?.turn?.cancel();
    this.#voice?.[Symbol.dispose]();
    this.#voice = undefined;
  }

  #reach(to: ReturnType<typeof channelsOf>, of: { readonly press: Press; readonly talker: Talker }) {
    const { hub, emergency } = this.#options;
    const { who, deviceId: ownId } = of.talker;
    return reachOf({ hub, who, ownId, to, priority: of.press.priority, emergency });
  }

  #open(talker: Talker): Voice {
    const owner = talker.who.kind === "known" ? talker.who.principal.userId : `device:${talker.deviceId ?? ""}`;
    if (this.#voice?.owner !== owner) {
      this.#voice?.[Symbol.dispose]();
      this.#voice = this.#options.hub.voices.open({ owner, format: clientFormat });
    }
    return this.#voice;
  }

  #state(talking: Talking, state: TurnState, talker: Talker): void {
    if (talking.over) return;
    const { tell, hub, onChange } = this.#options;
    switch (state.state) {
      case "granted":
        talking.granted = true;
        onChange("anyway");
        hub.identity.audit.record({ actor: talker.name, action: "talk", subject: talking.press.target ?? "" });
        return;
      case "refused":
        this.#end(talking);
        if (state.reason === "held") {
          this.#busy(state.holder?.name);
          return;
        }
        this.#refuse(sayRefused(state.reason, talking.press.target));
        return;
      case "ending":
        tell({ type: "state", status: "transmitting", ending_s: state.seconds });
        return;
      case "pre-empted":
        this.#end(talking);
        tell({ type: "busy", ...(state.holder && { holder: state.holder.name }) });
        onChange();
        return;
      case "failed":
        this.#end(talking);
        this.#refuse(`Not heard: ${state.reason}`);
        return;
      case "released":
        this.#end(talking);
        onChange();
        return;
    }
  }

  #end(talking: Talking): void {
    talking.over = true;
    if (this.#talking === talking) this.#talking = undefined;
  }

  #hearing(talking: Talking, hearing: readonly Hearing[]): void {
    if (talking.over) return;
    const { hub, tell } = this.#options;
    const devices = hearing.map(({ deviceId, state, reason }) => ({
      name: hub.devices.get(deviceId)?.name ?? deviceId,
      state,
      ...(reason !== undefined && { reason }),
    }));
    tell({ type: "hearing", devices });
  }

  #busy(holder: string | undefined): void {
    this.#options.tell({ type: "busy", ...(holder !== undefined && { holder }) });
    this.#options.onChange();
  }

  /** The client shows itself speaking since the press: it is told that it does not, and why. */
  #refuse(message: string): void {
    const { tell, onChange } = this.#options;
    tell({ type: "error", message });
    onChange("anyway");
  }
}

/** Why a press, or a call, reaches nobody. */
export function sayNobody(target: string | undefined, hubName: string): string {
  if (target === undefined || target.trim() === "") return "Choose whom to speak to first.";
  const isHub = target.trim().toLowerCase() === hubName.toLowerCase();
  return isHub ? `${target} ${whyNobody(target, { hubName })}.` : `Nobody that you may speak to is called ${target}.`;
}

function sayRefused(
  reason: "do-not-disturb" | "no-speaker" | "offline" | "nobody" | "queue-full",
  target = "",
): string {
  switch (reason) {
    case "do-not-disturb":
      return `${target} does not want to be disturbed.`;
    case "no-speaker":
      return `${target} has no loudspeaker.`;
    case "offline":
      return `${target} is not there.`;
    case "queue-full":
      return "Too much waits to be said already.";
    case "nobody":
      return "Nobody is there to hear it.";
  }
}

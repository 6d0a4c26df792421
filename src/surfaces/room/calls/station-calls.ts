import type { HubDevice } from "../../../hub/api.ts";
import type { ArrivalKind } from "../../../hub/arrival-kinds.ts";
import type { CallInfo, CallParty, PartyId } from "../../../hub/call-info.ts";
import { type ChannelId, membersOf } from "../../../hub/channel.ts";
import type { Hub } from "../../../hub/hub.ts";
import { mayUse } from "../../../hub/reach.ts";
import type { Speech } from "../../../media/speech.ts";
import type { RoomPriority } from "../../../protocols/room/packet.ts";
import { isAllRooms } from "../../../protocols/room/topics.ts";
import { Listeners } from "../../../util/listeners.ts";
import type { RoomStation, RoomStations } from "../stations.ts";
import { gatedSpeech } from "./gated-speech.ts";
import { Silence } from "./silence.ts";

/** Options of {@link StationCalls}. */
export interface StationCallsOptions {
  readonly hub: Pick<
    Hub,
    "calls" | "callRights" | "devices" | "house" | "identity" | "reception" | "personCalled" | "clock" | "log"
  >;
  readonly stations: Pick<RoomStations, "list" | "onChange">;
  /** What the hub itself is called among the stations. */
  readonly hubName: string;
  /** After so long a silence a station that has no button to hang up leaves its call. */
  readonly hangUpAfterMs: number;
}

/** Where somebody can press a button to answer; everything else that is called is spoken through at once. */
const answering: ReadonlySet<string> = new Set<ArrivalKind>(["room", "room-web", "page"]);

/**
 * Room stations as parties of calls. Their call button makes one, or ends the one that they are in. A station that knows
 * nothing of calls (`calls` of {@link RoomStation} is not true) answers by talking while it is rung, hears the others only
 * while they speak, since it could not talk otherwise, and leaves after a long silence. Its owner disposes it.
 */
export class StationCalls implements Disposable {
  readonly #options: StationCallsOptions;
  readonly #held = new DisposableStack();
  /** Those that made their call over MQTT, where all have heard of it. */
  readonly #pressed = new Set<string>();
  #pressing: PartyId | undefined;
  /** Stations that speak in their call at the moment, by device. */
  readonly #talking = new Map<string, number>();
  /** Of each station in a call that does not know of it, by device. */
  readonly #silences = new Map<string, Silence>();
  /** Stations that said last that they talk. */
  readonly #transmitting = new Set<string>();
  readonly #refusals: Listeners<{ readonly deviceId: string; readonly why: string }>;

  constructor(options: StationCallsOptions) {
    this.#options = options;
    const { hub, stations } = options;
    this.#refusals = new Listeners((err) => hub.log.error({ err }, "listener of stations' calls failed"));
    this.#held.use(hub.calls.onChange(({ call }) => this.#follow(call)));
    this.#held.use(stations.onChange((station) => this.#seen(station)));
  }

  /** The call in which a station takes part now: it made it, or answered it. */
  callOf(deviceId: string): CallInfo | undefined {
    return this.#options.hub.calls.list().find((call) => takesPart(call, `device:${deviceId}`));
  }

  /** True for a call that a station made by its button: whoever listens over MQTT has heard of it. */
  isPressed(callId: string): boolean {
    return this.#pressed.has(callId);
  }

  /** True while what is played at a station is, or may be, its call. */
  isTalking(deviceId: string): boolean {
    return this.callOf(deviceId)?.state === "answered";
  }

  /** Calls `listener` when a station wanted to call and no call came of it, with why. */
  onRefused(listener: (news: { readonly deviceId: string; readonly why: string }) => void): Disposable {
    return this.#refusals.add(listener);
  }

  /** A station wanted to call somebody whom nobody knows. Gives the sentence back. */
  refuse(deviceId: string, why: string): string {
    this.#refusals.emit({ deviceId, why });
    return why;
  }

  /**
   * The call button of a station: calls, or hangs up when it is in a call or makes one. A sentence where that came to nothing;
   * undefined otherwise.
   */
  press(deviceId: string, to: readonly (ChannelId | PartyId)[]): string | undefined {
    const { hub } = this.#options;
    const from = this.#partyOf(deviceId);
    const before = this.callOf(deviceId);
    if (before) {
      this.hangUp(deviceId);
      return undefined;
    }
    const allowed = this.#allowed(deviceId, to);
    if (allowed.length === 0) return this.refuse(deviceId, `${from.name} may not talk there`);
    using _answering = this.#answerAt(from.party, allowed);
    const { call, reason } = this.#whilePressing(from.party, () => hub.calls.call({ from, to: allowed }));
    if (!call) return this.refuse(deviceId, `not called: ${reason ?? "unreachable"}`);
    this.#audit("call", { deviceId, call });
    return call.state === "ended" ? `not called: ${call.endReason}` : undefined;
  }

  #whilePressing<Made>(party: PartyId, make: () => Made): Made {
    this.#pressing = party;
    try {
      return make();
    } finally {
      this.#pressing = undefined;
    }
  }

  /** A station leaves the call that it is in, or gives up the one that it makes. */
  hangUp(deviceId: string): void {
    const call = this.callOf(deviceId);
    if (!call) return;
    this.#options.hub.calls.end(call.id, this.#partyOf(deviceId));
    this.#audit("call-ended", { deviceId, call });
  }

  /** What rings at a station and may be answered there. */
  ringingAt(deviceId: string): CallInfo | undefined {
    const { calls, callRights, reception } = this.#options.hub;
    const call = calls.list().find((one) => one.state === "ringing" && ringsAt(one, `device:${deviceId}`));
    if (!call || reception.isOpen) return call;
    const principal = reception.principalUnder(deviceId);
    return principal && callRights.mayAnswer(principal, call) ? call : undefined;
  }

  /** A station answers what rings there; false when nothing does, or another was faster. */
  answer(deviceId: string): boolean {
    const { hub } = this.#options;
    const call = this.ringingAt(deviceId);
    if (!call || hub.calls.answer(call.id, this.#partyOf(deviceId)).state !== "done") return false;
    this.#audit("call-answered", { deviceId, call });
    return true;
  }

  /** A station declines what rings there. */
  decline(deviceId: string): void {
    const { hub } = this.#options;
    const call = this.ringingAt(deviceId);
    if (!call || hub.calls.decline(call.id, this.#partyOf(deviceId)).state !== "done") return;
    this.#audit("call-declined", { deviceId, call });
  }

  /**
   * A station begins to talk. True: what it says is for its call alone. Who is rung answers by that, and who calls and does
   * not wait for an answer speaks to the room as ever: nobody rings any more. An emergency is one in a call, too.
   */
  talks(deviceId: string, priority: RoomPriority): boolean {
    if (priority === 2) return false;
    const own = this.callOf(deviceId);
    if (own?.state === "answered") return true;
    if (this.#stationOf(deviceId)?.calls) return false;
    if (own) {
      this.hangUp(deviceId);
      return false;
    }
    return !this.#speaksToOthers(deviceId) && this.answer(deviceId);
  }

  /** A station says something in its call until the handle is disposed. */
  speaks(deviceId: string): Disposable {
    this.#talking.set(deviceId, (this.#talking.get(deviceId) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        const left = (this.#talking.get(deviceId) ?? 1) - 1;
        if (left > 0) this.#talking.set(deviceId, left);
        else this.#talking.delete(deviceId);
        this.#silences.get(deviceId)?.heard();
      },
    };
  }

  /** What of a speech is sent to a station: of its call, while it knows nothing of calls, only where somebody speaks. */
  heardAt(deviceId: string, speech: Speech): Speech {
    const isCall = speech.live && speech.priority === 1 && this.isTalking(deviceId);
    if (!isCall || this.#stationOf(deviceId)?.calls) return speech;
    return gatedSpeech(speech, {
      held: () => this.#isSpeaking(deviceId),
      onSound: () => this.#silences.get(deviceId)?.heard(),
    });
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    for (const silence of this.#silences.values()) silence[Symbol.dispose]();
  }

  /** A talk to another station is not heard here: that it began is told over MQTT. */
  #seen({ id, deviceId, state, online }: RoomStation): void {
    const before = this.#transmitting.has(id);
    if (state !== "transmitting" || !online) this.#transmitting.delete(id);
    else this.#transmitting.add(id);
    if (!before && this.#transmitting.has(id) && deviceId !== undefined) this.talks(deviceId, 0);
  }

  /** What somebody says to a room that does not call them is no answer. */
  #speaksToOthers(deviceId: string): boolean {
    const talksTo = this.#stationOf(deviceId)?.talksTo?.toLowerCase();
    if (talksTo === undefined || isAllRooms(talksTo)) return false;
    const caller = this.ringingAt(deviceId)?.from.name;
    return ![this.#options.hubName, caller].some((name) => name?.toLowerCase() === talksTo);
  }

  #follow(call: CallInfo): void {
    if (call.state === "ended") this.#pressed.delete(call.id);
    else if (call.from.party === this.#pressing) this.#pressed.add(call.id);
    for (const [deviceId, silence] of this.#silences) {
      if (this.isTalking(deviceId)) continue;
      silence[Symbol.dispose]();
      this.#silences.delete(deviceId);
    }
    if (call.state !== "answered") return;
    for (const { deviceId } of call.participants) if (deviceId !== undefined) this.#listen(deviceId);
  }

  #listen(deviceId: string): void {
    const { hub, hangUpAfterMs } = this.#options;
    const station = this.#stationOf(deviceId);
    if (!station || station.calls || this.#silences.has(deviceId) || hangUpAfterMs === 0) return;
    const onSilence = () => {
      hub.log.info({ device: deviceId }, `nobody says anything to ${station.name}: it leaves its call`);
      this.hangUp(deviceId);
    };
    const speaks = () => this.#isSpeaking(deviceId);
    this.#silences.set(deviceId, new Silence({ clock: hub.clock, afterMs: hangUpAfterMs, speaks, onSilence }));
  }

  #isSpeaking(deviceId: string): boolean {
    return this.#talking.has(deviceId) || this.#stationOf(deviceId)?.state === "transmitting";
  }

  /** Whom a station may call: devices through which it may talk, and people, if there is one such device. */
  #allowed(deviceId: string, to: readonly (ChannelId | PartyId)[]): readonly (ChannelId | PartyId)[] {
    const { hub } = this.#options;
    const people = to.filter((one): one is PartyId => one.startsWith("person:"));
    const channels = to.filter((one): one is ChannelId => !one.startsWith("person:"));
    const members = membersOf(channels, hub.house()).filter((id) => id !== deviceId);
    const allowed = members.filter((id) => this.#mayTalk(deviceId, id));
    const talks = people.length > 0 && hub.devices.list().some(({ id }) => this.#mayTalk(deviceId, id));
    const rooms = allowed.length === members.length ? channels : allowed.map((id): ChannelId => `device:${id}`);
    return [...(members.length > 0 ? rooms : []), ...(talks ? people : [])];
  }

  #mayTalk(deviceId: string, to: string): boolean {
    const { reception, devices, identity } = this.#options.hub;
    const device = devices.get(to);
    if (!device || device.id === deviceId) return false;
    const principal = reception.principalUnder(deviceId);
    if (!principal) return reception.isOpen;
    return mayUse(identity.policy, { principal, right: "talk", device });
  }

  /** A door or a camera that is called alone answers at once: nobody there could, and it may have to be connected to. */
  #answerAt(caller: PartyId, to: readonly (ChannelId | PartyId)[]): Disposable | undefined {
    const { hub } = this.#options;
    const [only = "", ...more] = to;
    const device = only.startsWith("device:") ? hub.devices.get(only.slice("device:".length)) : undefined;
    if (!device || more.length > 0 || answering.has(device.info().kind)) return undefined;
    const party = partyOf(device);
    return hub.calls.addRinger({
      ...party,
      mayAnswer: () => false,
      ring: (call) => {
        if (call.from.party === caller) hub.calls.answer(call.id, party);
      },
      stop: () => {},
    });
  }

  #partyOf(deviceId: string): CallParty {
    const { hub } = this.#options;
    return partyOf(hub.devices.get(deviceId) ?? { id: deviceId, name: this.#stationOf(deviceId)?.name ?? deviceId });
  }

  #stationOf(deviceId: string): RoomStation | undefined {
    return this.#options.stations.list().find((station) => station.deviceId === deviceId);
  }

  #audit(
    action: "call" | "call-answered" | "call-declined" | "call-ended",
    { deviceId, call }: { readonly deviceId: string; readonly call: CallInfo },
  ): void {
    const called = call.rung.map(({ name }) => name).join(", ");
    const subject = action === "call" ? called : (call.from.deviceId ?? call.from.name);
    this.#options.hub.identity.audit.record({ actor: deviceId, action, subject, detail: `call ${call.id}` });
  }
}

function takesPart({ participants }: CallInfo, party: PartyId): boolean {
  return participants.some((one) => one.party === party);
}

function ringsAt({ rung }: CallInfo, party: PartyId): boolean {
  return rung.some((one) => one.party === party && (one.state === "told" || one.state === "ringing"));
}

function partyOf({ id, name }: Pick<HubDevice, "id" | "name">): CallParty {
  return { party: `device:${id}`, name, deviceId: id };
}

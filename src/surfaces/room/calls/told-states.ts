import type { CallEvent } from "../../../hub/call-api.ts";
import type { Hub } from "../../../hub/hub.ts";
import { type StationCallNews, type StationCallWish, stationCallTimes } from "../../../protocols/room/calls.ts";
import { roomTopicOf } from "../../../protocols/room/topics.ts";
import { every } from "../../../util/every.ts";
import type { MessageBus } from "../../bus.ts";
import type { RoomStation, RoomStations } from "../stations.ts";
import type { StationCalls } from "./station-calls.ts";

/** Options of {@link ToldStates}. */
export interface ToldStatesOptions {
  readonly hub: Pick<Hub, "calls" | "clock">;
  readonly bus: Pick<MessageBus, "command">;
  readonly calls: StationCalls;
  readonly stations: Pick<RoomStations, "list" | "onChange" | "onReport">;
  /** Where a station that is at `address` sends to who speaks to the hub; undefined while that is not known. */
  readonly hubFrom: (address: string | undefined) => string | undefined;
}

const maxName = 64;

/** Tells stations that know of calls how theirs stand, and does what they want of them. Its owner disposes it. */
export class ToldStates implements Disposable {
  readonly #options: ToldStatesOptions;
  readonly #held = new DisposableStack();
  /** What each was told last, in which of its lives, and the last call of its own that is over. */
  readonly #told = new Map<
    string,
    { readonly text: string; readonly starts: number; readonly over: string | undefined }
  >();

  constructor(options: ToldStatesOptions) {
    const { hub, stations, calls } = options;
    this.#options = options;
    this.#held.use(hub.calls.onChange((event) => this.#lookAll(event)));
    this.#held.use(stations.onChange((station) => this.#look(station)));
    this.#held.use(
      stations.onReport(({ id, report }) => {
        if (report.kind === "call") this.#do(id, report.wish);
      }),
    );
    this.#held.use(calls.onRefused(({ deviceId, why }) => this.#refuse(deviceId, why)));
    this.#held.use(every(hub.clock, stationCallTimes.repeatS * 1000, () => this.#repeat()));
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  #lookAll(event: CallEvent): void {
    for (const station of this.#options.stations.list()) this.#look(station, event);
  }

  #look(station: RoomStation, event?: CallEvent): void {
    const { id, deviceId, starts, online } = station;
    if (!station.calls || deviceId === undefined || !online) {
      this.#told.delete(id);
      return;
    }
    const news = this.#newsOf(deviceId, station.address);
    const end = news.state === "idle" && event && this.#endOf(event);
    const before = this.#told.get(id);
    // Who called is told why it is over, also where it rang nobody and so never began.
    const own = end && event.call.from.deviceId === deviceId ? end.id : undefined;
    const text = JSON.stringify(news);
    if (before?.text === text && before.starts === starts && (own === undefined || before.over === own)) return;
    this.#told.set(id, { text, starts, over: own ?? before?.over });
    this.#say(id, { ...news, ...end });
  }

  /** Why a station rings or talks no more: the call is over, or somebody else has answered. */
  #endOf({ call: then, reason }: CallEvent): Pick<StationCallNews, "id" | "why" | "who"> | undefined {
    const call = this.#options.hub.calls.get(then.id) ?? then;
    if (call.state === "ringing") return undefined;
    const who = call.endedBy ?? call.answeredBy;
    return {
      id: call.id,
      why: reason ?? call.endReason ?? call.state,
      ...(who && { who: who.name.slice(0, maxName) }),
    };
  }

  /** Nothing came of its call. */
  #refuse(deviceId: string, why: string): void {
    const station = this.#options.stations.list().find((one) => one.deviceId === deviceId);
    if (station?.calls) this.#say(station.id, { ...this.#newsOf(deviceId, station.address), why: why.slice(0, 128) });
  }

  #repeat(): void {
    for (const [id, { text }] of this.#told) {
      const news = JSON.parse(text) as StationCallNews;
      if (news.state !== "idle") this.#say(id, news);
    }
  }

  #say(station: string, news: StationCallNews): void {
    this.#options.bus.command(roomTopicOf({ kind: "command", station, what: "call" }), JSON.stringify(news));
  }

  #newsOf(deviceId: string, address: string | undefined): StationCallNews {
    const { calls, hubFrom } = this.#options;
    const own = calls.callOf(deviceId);
    const ringing = own ? undefined : calls.ringingAt(deviceId);
    if (ringing) return { state: "ringing", id: ringing.id, who: ringing.from.name.slice(0, maxName) };
    if (!own) return { state: "idle" };
    if (own.state === "ringing") return { state: "calling", id: own.id, who: namesOf(own.rung) };
    const to = hubFrom(address);
    const others = own.participants.filter((one) => one.deviceId !== deviceId);
    return { state: "answered", id: own.id, who: namesOf(others), ...(to !== undefined && { to }) };
  }

  #do(stationId: string, wish: StationCallWish): void {
    const { calls, stations } = this.#options;
    const station = stations.list().find(({ id }) => id === stationId);
    const deviceId = station?.calls ? station.deviceId : undefined;
    if (deviceId === undefined) return;
    if (wish.do === "hangup" && calls.callOf(deviceId)?.id === wish.id) calls.hangUp(deviceId);
    if (calls.ringingAt(deviceId)?.id !== wish.id) return;
    if (wish.do === "answer") calls.answer(deviceId);
    if (wish.do === "decline") calls.decline(deviceId);
  }
}

function namesOf(who: readonly { readonly name: string }[]): string {
  return who
    .map(({ name }) => name)
    .join(", ")
    .slice(0, maxName);
}

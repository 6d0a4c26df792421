import type { CallChange, CallEndReason, CallInfo, CallParty, PartyId } from "./call-info.ts";
import type { CallRefusal, StopReason } from "./call-steps.ts";
import type { ChannelId } from "./channel.ts";

/** Somebody or something that can be rung: a page, a panel, a room station, a door client, a push subscription, Home Assistant. */
export interface Ringer extends CallParty {
  readonly party: PartyId;
  /** May whoever it stands for answer this call? Asked also before they are rung by default. */
  mayAnswer(call: CallInfo): boolean;
  /** Begin to ring. Say `confirm` once it can be heard. */
  ring(call: CallInfo): void;
  /** Be silent at once; `call` says who answered or ended it. */
  stop(call: CallInfo, why: StopReason): void;
}

/** Something that happened to a call. */
export interface CallEvent {
  readonly call: CallInfo;
  readonly change: CallChange;
  readonly by?: CallParty;
  /** Why it ended; `gone` where `by` did not hang up, but was not there any more. */
  readonly reason?: string;
}

/** Somebody presses a bell. */
export interface BellPress {
  /** Id of the device. */
  readonly from: string;
  readonly bell?: string | undefined;
  /** The device's own name for this press. */
  readonly pressId?: string | undefined;
  /** Whom it rings; as the device's settings say when absent. */
  readonly to?: readonly (ChannelId | PartyId)[] | undefined;
}

/** Somebody calls somebody. */
export interface CallWish {
  readonly from: CallParty;
  readonly to: readonly (ChannelId | PartyId)[];
}

/** What became of a press or a wish to call. */
export interface CallStart {
  readonly call?: CallInfo;
  readonly state: "ringing" | "joined" | "muted" | "refused";
  readonly reason?: CallRefusal;
}

/** What became of an answer, a decline, an end. */
export interface CallResult {
  readonly call?: CallInfo;
  readonly state: "done" | "refused";
  readonly reason?: CallRefusal;
  /** Who was faster, or ended it. */
  readonly by?: CallParty;
}

/** A bell that is muted because nobody answers it. */
export interface MutedBell {
  readonly from: CallInfo["from"];
  /** Wall-clock milliseconds. */
  readonly untilMs: number;
}

/**
 * How it stands with somebody whom one may call: `free`, `busy` (in a call), `quiet` (do-not-disturb or quiet hours), `away`
 * (nothing of theirs is there).
 */
export const availabilities = ["free", "busy", "quiet", "away"] as const;

/** One of {@link availabilities}. */
export type Availability = (typeof availabilities)[number];

/** Somebody can be rung now, or can be no longer. */
export interface PresenceChange {
  readonly who: CallParty;
  readonly present: boolean;
}

/** All calls of the hub. The policy (may they?) is asked by the surface before. */
export interface HubCalls {
  /** The calls that ring or are answered. */
  list(): readonly CallInfo[];
  /** A call that runs, or ran a short while ago. */
  get(id: string): CallInfo | undefined;
  /** A bell was pressed. */
  ring(press: BellPress): CallStart;
  /** Somebody calls people, devices, areas. */
  call(wish: CallWish): CallStart;
  /** This one can be heard ringing now. */
  confirm(id: string, party: PartyId): void;
  answer(id: string, by: CallParty): CallResult;
  /** Takes part in a call that somebody else answered. */
  join(id: string, by: CallParty): CallResult;
  /**
   * Everybody falls silent, unless another group is next; `forSelf`: only they do. `reply` is said at the door and ends it.
   */
  decline(
    id: string,
    by: CallParty,
    how?: { readonly reply?: string | undefined; readonly forSelf?: boolean | undefined },
  ): CallResult;
  /** Hangs up, cancels, or, with a `reason`, ends it for everybody. */
  end(id: string, by: CallParty | undefined, reason?: CallEndReason): CallResult;
  /** The door of a device was opened, by whomever: unless its settings say otherwise it rings no longer. */
  opened(deviceId: string, by?: CallParty): void;
  /** Somebody can be rung until the handle is disposed; calls that ring already ring them, too. */
  addRinger(ringer: Ringer): Disposable;
  /** Who can be rung now: their page, panel, station or phone is there. */
  present(): readonly CallParty[];
  /** Calls `listener` when somebody can be rung who could not before, or can be no longer. */
  onPresence(listener: (change: PresenceChange) => void): Disposable;
  /** How it stands with somebody at this moment. */
  availability(party: CallParty): Availability;
  onChange(listener: (event: CallEvent) => void): Disposable;
  /** The bells that are muted now because nobody answers them. */
  mutedBells(): readonly MutedBell[];
  /** Lets a muted bell of a device ring again. */
  unmute(deviceId: string): void;
  /** Called when a bell is muted or rings again. */
  onMuted(listener: (bells: readonly MutedBell[]) => void): Disposable;
}

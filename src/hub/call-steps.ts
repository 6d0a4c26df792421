import type { CallChange, CallEndReason, CallInfo, CallParty, PartyId } from "./call-info.ts";

/** A moment: monotonic for what is waited for, wall clock for what is shown. */
export interface Instant {
  readonly us: number;
  readonly wallMs: number;
}

/** Somebody who is to be rung, and why they are not, if so. */
export interface CallTarget extends CallParty {
  readonly hindered?: "busy" | "quiet";
}

/** Who is rung at one time of a call. */
export interface CallStep {
  /** Milliseconds after the first ring. */
  readonly afterMs: number;
  readonly targets: readonly CallTarget[];
  /** `instead`: those before fall silent. `besides`: they go on ringing. */
  readonly how: "instead" | "besides";
}

/** A new call. Plain data: it may come from anywhere. */
export interface CallRequest {
  readonly id: string;
  /** A bell's press finds the call of the same bell; a person who calls has none. */
  readonly kind: "ring" | "call";
  readonly from: CallInfo["from"];
  readonly pressId?: string | undefined;
  readonly to: CallInfo["to"];
  readonly steps: readonly CallStep[];
  /** How long it rings in all. */
  readonly ringMs: number;
  readonly cameraId?: string | undefined;
  readonly lock: boolean;
}

/** Why somebody falls silent. */
export type StopReason = CallEndReason | "answered" | "passed" | "gone" | "declined" | "quiet";

/** What follows from a step; in order. */
export type CallEffect =
  /** Begin to ring them. */
  | { readonly type: "ring"; readonly callId: string; readonly party: PartyId }
  /** They ring no longer. */
  | {
      readonly type: "stop";
      readonly callId: string;
      readonly party: PartyId;
      readonly why: StopReason;
      readonly by?: CallParty;
    }
  /** Tell everybody. */
  | {
      readonly type: "changed";
      readonly call: CallInfo;
      readonly change: CallChange;
      readonly by?: CallParty;
      readonly reason?: string;
    }
  /** The bell is muted from now on. */
  | { readonly type: "muted"; readonly bell: string; readonly untilWallMs: number };

/** What became of a wish. */
export type CallOutcome =
  | { readonly state: "ringing" | "joined" | "done"; readonly call: CallInfo; readonly effects: readonly CallEffect[] }
  | {
      readonly state: "muted" | "refused";
      readonly reason: CallRefusal;
      readonly call?: CallInfo;
      readonly by?: CallParty;
      readonly effects: readonly CallEffect[];
    };

/** Why a wish about a call is refused. */
export type CallRefusal =
  /** There is no such call any more. */
  | "over"
  /** Somebody else has answered. */
  | "answered"
  /** It is not answered yet, so nobody can join. */
  | "ringing"
  /** They are in another call. */
  | "busy"
  /** Nobody who is called can be reached, or wants to be. */
  | "unreachable"
  | "quiet"
  /** They do not take part in it. */
  | "stranger"
  /** One calls oneself. */
  | "oneself"
  | "muted"
  | "too-many";

/** Options of {@link CallMachine}. */
export interface CallMachineOptions {
  /** Presses of one bell within this time are one; 3000 ms. */
  readonly bounceMs?: number;
  /** A bell that rings `muteAfter` times in `muteWithinMs` with no answer is muted for `muteForMs`; 10 in 10 min for 10 min. */
  readonly muteAfter?: number;
  readonly muteWithinMs?: number;
  readonly muteForMs?: number;
  /** Calls at one time; 64. */
  readonly maxCalls?: number;
  /** Who takes part in one call; 16. */
  readonly maxParticipants?: number;
}

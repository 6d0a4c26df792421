import type { OpenableLock } from "./lock-settings.ts";

/** A command that opens a door at a station, as somebody writes it. */
export interface LockCommand {
  readonly command: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Commands by which programs ask a station to open its door: they mean one thing. */
export const openingCommands: readonly string[] = ["unlock", "open", "open_door", "unlock_door"];

/** Fields of a command's payload that say which door of several is meant; any other says nothing about that. */
export const lockFields = ["lock", "door", "gate", "relay", "output", "channel"] as const;

/** The locks of door stations by their commands: which wishes mean the same one, however they are written. */
export class LockWords {
  #commands: ReadonlySet<string> = new Set(openingCommands);

  /** Takes up what the configuration says. */
  follow(commands: readonly string[]): void {
    this.#commands = new Set(commands);
  }

  /** True for a command that opens a door of a station whose settings name this lock. */
  opens(command: string, own: LockCommand | undefined): boolean {
    return this.#commands.has(command) || command === own?.command;
  }

  /**
   * One text for one lock of a station. Commands that mean "open the door" are one word; which door is said by some fields
   * of the payload, and by none is meant the one that the station's settings name (`own`).
   */
  key(stationId: string, wish: LockCommand, own: LockCommand | undefined): string {
    const word = this.#word(wish.command);
    const named = whichOf(wish.payload);
    const isOwn = named.length === 0 && own !== undefined && this.#word(own.command) === word;
    return JSON.stringify([stationId, word, isOwn ? whichOf(own.payload) : named]);
  }

  #word(command: string): string {
    return this.#commands.has(command) ? "unlock" : command;
  }
}

/** The command of a lock that a station opens by itself. */
export function ownCommand(lock: OpenableLock | undefined, stationId: string): LockCommand | undefined {
  if (lock?.by !== "station" || (lock.device ?? stationId) !== stationId) return undefined;
  return lock;
}

/** True for a payload that says which door is meant. */
export function namesDoor(payload: LockCommand["payload"]): boolean {
  return whichOf(payload).length > 0;
}

/** `{ door: 2 }` and `{ door: "2", by: "Anna" }` are one. */
function whichOf(payload: LockCommand["payload"]): readonly (readonly [string, string])[] {
  return lockFields.flatMap((field) => {
    const value = payload[field];
    const isSaid = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return isSaid ? [[field, String(value).trim().toLowerCase()] as const] : [];
  });
}

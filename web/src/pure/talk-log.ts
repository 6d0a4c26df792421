import type { Hearing } from "../../../src/hub/api.ts";
import type { DeviceInfo } from "../../../src/hub/state.ts";

/** One talk, as far as this page saw it. Times are wall-clock milliseconds. */
export interface Talked {
  readonly turnId: string;
  readonly name: string;
  readonly priority: 0 | 1 | 2;
  readonly sinceMs: number;
  /** Absent while it lasts. */
  readonly untilMs?: number;
  /** The devices that it was heard through, or meant for. */
  readonly deviceIds: readonly string[];
  /** Who heard it, where this page spoke itself. */
  readonly heard?: readonly Hearing[];
}

/** What of a device the log looks at. */
export type LoggedDevice = Pick<DeviceInfo, "id" | "speaker">;

const kept = 50;

/** Who spoke to whom while this page was open, newest first: made of who holds which speaker. */
export class TalkLog {
  #talks: readonly Talked[] = [];

  get talks(): readonly Talked[] {
    return this.#talks;
  }

  /** Looks at all devices anew. */
  see(devices: readonly LoggedDevice[], nowMs: number): void {
    const holding = new Map<string, { talk: Talked; ids: string[] }>();
    for (const { id, speaker } of devices) {
      const holder = speaker?.holder;
      if (!holder) continue;
      const { turnId, name, priority, sinceMs } = holder;
      const one = holding.get(turnId) ?? { talk: { turnId, name, priority, sinceMs, deviceIds: [] }, ids: [] };
      one.ids.push(id);
      holding.set(turnId, one);
    }
    const before = this.#talks.map((talk): Talked => {
      const now = holding.get(talk.turnId);
      if (!now) return talk.untilMs === undefined ? { ...talk, untilMs: nowMs } : talk;
      const { untilMs: _, ...lasting } = talk;
      return { ...lasting, deviceIds: [...new Set([...talk.deviceIds, ...now.ids])] };
    });
    const known = new Set(before.map(({ turnId }) => turnId));
    const begun = [...holding.values()].filter(({ talk }) => !known.has(talk.turnId));
    const fresh = begun.map(({ talk, ids }): Talked => ({ ...talk, deviceIds: ids }));
    this.#talks = [...fresh.sort((a, b) => b.sinceMs - a.sinceMs), ...before].slice(0, kept);
  }

  /** This page's own talk ended: who had heard it. */
  said(own: { readonly name: string; readonly sinceMs: number; readonly heard: readonly Hearing[] }): void {
    const at = this.#talks.findIndex(
      ({ name, sinceMs }) => name === own.name && Math.abs(sinceMs - own.sinceMs) < 3000,
    );
    const talk = this.#talks[at];
    if (talk) this.#talks = this.#talks.with(at, { ...talk, heard: own.heard });
  }
}

import type { Frame } from "../../media/frame.ts";
import type { Reader } from "../../media/reader.ts";
import type { Track } from "../../media/track.ts";
import { PacketTrack } from "../../protocols/rtp/packet-track.ts";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** A client's share of a track's packets; cutting ends with the last share. */
export interface PacketShare extends Disposable {
  readonly packets: PacketTrack;
}

interface Shared {
  readonly packets: PacketTrack;
  readonly reader: Reader;
  shares: number;
}

/** Options of {@link SharedPackets}. */
export interface SharedPacketsOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** Cuts each watched track into RTP packets once, however many clients read it. */
export class SharedPackets {
  readonly #shared = new Map<Track, Shared>();
  readonly #options: SharedPacketsOptions;

  constructor(options: SharedPacketsOptions) {
    this.#options = options;
  }

  /** Tracks that are cut now. */
  get size(): number {
    return this.#shared.size;
  }

  /** A share of the track, which begins with the group of pictures that the hub keeps. Its owner disposes it. */
  share(track: Track): PacketShare {
    const shared = this.#shared.get(track) ?? this.#begin(track);
    shared.shares++;
    const held = new DisposableStack();
    held.defer(() => {
      shared.shares--;
      if (shared.shares > 0 || this.#shared.get(track) !== shared) return;
      this.#shared.delete(track);
      shared.reader[Symbol.dispose]();
    });
    return { packets: shared.packets, [Symbol.dispose]: () => held.dispose() };
  }

  #begin(track: Track): Shared {
    let pumping = false;
    const reader = track.read({
      start: "gop",
      onReady: () => {
        if (pumping) return;
        pumping = true;
        // Not inside the writer's call: it must return at once.
        queueMicrotask(() => {
          pumping = false;
          this.#pump(shared);
        });
      },
    });
    const group = takeAll(reader);
    const last = group.at(-1);
    const latencyUs = last && track.lastFrameUs !== undefined ? Math.max(0, track.lastFrameUs - last.timestampUs) : 0;
    const packets = new PacketTrack({ codec: track.format.codec, clock: this.#options.clock, latencyUs });
    const shared: Shared = { packets, reader, shares: 0 };
    this.#shared.set(track, shared);
    for (const frame of group) this.#write(packets, { ...frame, replay: true });
    return shared;
  }

  #pump({ reader, packets }: Shared): void {
    for (const frame of takeAll(reader)) this.#write(packets, { ...frame, replay: false });
  }

  #write(packets: PacketTrack, frame: Frame & { readonly replay: boolean }): void {
    try {
      packets.write(frame);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.log.debug({ err: error }, "a frame could not be cut into packets");
    }
  }
}

function takeAll(reader: Reader): Frame[] {
  const frames: Frame[] = [];
  for (let frame = reader.take(); frame; frame = reader.take()) frames.push(frame);
  return frames;
}

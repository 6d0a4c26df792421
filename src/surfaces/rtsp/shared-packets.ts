import { kindOf } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { readFromGroup, takeAll } from "../../media/group-reader.ts";
import type { Reader } from "../../media/reader.ts";
import type { Track } from "../../media/track.ts";
import { PacketTrack } from "../../protocols/rtp/packet-track.ts";
import { createPacketizer, type Packetizer } from "../../protocols/rtp/packetize.ts";
import type { Clock } from "../../util/clock.ts";
import { Counted } from "../../util/counted.ts";
import { WireError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** A client's share of a track's packets; cutting ends with the last share. */
export interface PacketShare extends Disposable {
  readonly packets: PacketTrack;
}

interface Cut {
  readonly packets: PacketTrack;
  readonly reader: Reader;
  readonly packetize: Packetizer;
}

/** Options of {@link SharedPackets}. */
export interface SharedPacketsOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/** Cuts each watched track into RTP packets once, however many clients read it. */
export class SharedPackets {
  readonly #cut = new Counted<Track, Cut>({
    open: (track) => this.#begin(track),
    close: ({ reader }) => reader[Symbol.dispose](),
  });
  readonly #options: SharedPacketsOptions;

  constructor(options: SharedPacketsOptions) {
    this.#options = options;
  }

  /** Tracks that are cut now. */
  get size(): number {
    return this.#cut.size;
  }

  /** A share of the track, which begins with the group of pictures that the hub keeps. Its owner disposes it. */
  share(track: Track): PacketShare {
    const share = this.#cut.share(track);
    return { packets: share.thing.packets, [Symbol.dispose]: () => share[Symbol.dispose]() };
  }

  #begin(track: Track): Cut {
    const { reader, group, latencyUs } = readFromGroup(track, { pump: () => this.#pump(cut) });
    const { codec } = track.format;
    const packets = new PacketTrack({ kind: kindOf(codec), clock: this.#options.clock, latencyUs });
    const cut: Cut = { packets, reader, packetize: createPacketizer(codec) };
    for (const frame of group) this.#write(cut, { ...frame, replay: true });
    return cut;
  }

  #pump(cut: Cut): void {
    for (const frame of takeAll(cut.reader)) this.#write(cut, { ...frame, replay: false });
  }

  #write({ packets, packetize }: Cut, frame: Frame & { readonly replay: boolean }): void {
    try {
      const { data, ...when } = frame;
      packets.write({ ...when, payloads: packetize(data) });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.log.debug({ err: error }, "a frame could not be cut into packets");
    }
  }
}

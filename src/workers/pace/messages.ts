import type { RoomGroupKey } from "../../protocols/room/authentic.ts";
import type { RoomPriority } from "../../protocols/room/packet.ts";

/** Where packets go: one station, or a group through one network interface. */
export interface Destination {
  readonly address: string;
  readonly port: number;
  /** Address of the interface through which a group is sent to; the system's choice unless told. */
  readonly interface?: string;
}

/** How the packets of one talk are written. */
export interface TalkWriting {
  /** 16 hexadecimal digits. */
  readonly sender: string;
  readonly priority: RoomPriority;
  /** The first packet's; later talks to the same stations have to begin further on. */
  readonly sequence: number;
  /** Key under which the packets are signed, which hub and station share. Without it and `group` they are plain. */
  readonly key?: Uint8Array;
  /** The group's key, under which they are signed as well. */
  readonly group?: RoomGroupKey;
  readonly silence: Uint8Array;
  readonly leadIn: number;
  readonly trailOut: number;
}

/** What the thread is told. */
export type ToPace =
  | {
      readonly type: "begin";
      readonly talk: number;
      readonly to: readonly Destination[];
      readonly writing: TalkWriting;
    }
  | { readonly type: "packet"; readonly talk: number; readonly opus: Uint8Array | undefined }
  | { readonly type: "retarget"; readonly talk: number; readonly to: readonly Destination[] }
  | { readonly type: "rekey"; readonly talk: number; readonly group: RoomGroupKey }
  | { readonly type: "finish"; readonly talk: number }
  | { readonly type: "cut"; readonly talk: number }
  | { readonly type: "close" };

/** What the thread is given when it starts. */
export interface PaceData {
  /** Where it sleeps between two ticks; `Atomics.notify` wakes it for a message that cannot wait. */
  readonly bed: Int32Array<SharedArrayBuffer>;
}

/** What the thread tells. */
export type FromPace =
  /** All of a talk was sent. */
  | { readonly type: "over"; readonly talk: number; readonly sent: number; readonly dropped: number }
  /** Packets to a destination could not be sent; told once a second at most. */
  | { readonly type: "trouble"; readonly address: string; readonly message: string };

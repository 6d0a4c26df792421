/**
 * The only currency of media inside the hub. Video: one access unit in Annex B with 4-byte start codes, in which a key
 * frame begins with its parameter sets, or one JPEG file. Audio: one packet (Opus, AAC) or one block of samples (G.711, PCM).
 * A frame is immutable once written, and so are its bytes, as long as anybody may hold them: readers share them.
 */
export interface Frame {
  /** May be from {@link frameMemory}: a track that alone keeps the frame gives them back. */
  readonly data: Uint8Array;
  /** Presentation time on the hub's monotonic clock, microseconds, non-decreasing within a track. */
  readonly timestampUs: number;
  /** When it is shown, on the same clock, where pictures come in another order (B pictures) and their source says so. */
  readonly shownUs?: number;
  /** Video: decoding may start here (H.264 IDR; H.265 IDR or CRA; any JPEG). Audio: always true. */
  readonly key: boolean;
  /** When the device took it, ms since 1970 by the device's own wall clock; absent where it does not say. */
  readonly capturedMs?: number;
  /** How long it lasts in microseconds; known for sound. */
  readonly durationUs?: number;
}

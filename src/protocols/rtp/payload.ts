/**
 * What follows the RTP header in one packet of a frame. Made once per track and shared by all its readers: nobody
 * writes into it.
 */
export interface RtpPayload {
  readonly payload: Uint8Array;
  readonly marker: boolean;
  /** Added to the frame's RTP timestamp; 0 except for long blocks of samples that take several packets. */
  readonly timestampOffset: number;
}

export { createOpusDecoder, type OpusDecoder, type OpusDecoderOptions } from "./decoder.ts";
export { createOpusEncoder, type OpusEncoder, type OpusEncoderOptions } from "./encoder.ts";
export { opusPacketDurationUs } from "./packet.ts";

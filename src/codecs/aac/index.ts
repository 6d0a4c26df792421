export { type AdtsFrame, readAdts, writeAdts } from "./adts.ts";
export { type AacConfig, makeAacConfig, parseAacConfig } from "./config.ts";

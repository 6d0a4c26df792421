export { type FormatSource, formatFromPayload } from "./format.ts";
export {
  type MediaDirection,
  type MediaSection,
  type PayloadMapping,
  parseSdp,
  type SessionDescription,
} from "./parse.ts";

export { applyGain } from "./gain.ts";
export { isSilent, rmsLevel } from "./level.ts";
export { bytesOf, pcmBytes, samplesOf, silence } from "./samples.ts";

export * from "./depacketize.ts";
export * from "./packet.ts";
export * from "./packetize.ts";
export * from "./reorder.ts";
export * from "./rtcp.ts";
export * from "./rtcp-write.ts";
export * from "./sync.ts";

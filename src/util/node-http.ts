/**
 * What the hub uses of node:http. Not by `import`, which reads everything that the module exports: with its `WebSocket` comes
 * all of undici, 25 ms of a start and 14 MB of memory (Node 24). A test holds that nobody imports it otherwise.
 */
export const { createServer, request } = process.getBuiltinModule("node:http");

import { findEngine } from "../../src/workers/webrtc/engine/program.ts";

/** The children that can serve viewers here: the same tests run over each. Without Go there is only the one in TypeScript. */
export const engines: readonly ("node" | "native")[] = findEngine() ? ["node", "native"] : ["node"];

if (engines.length === 1) console.error('the native engine is not tested: it is not built ("npm run engine" needs Go)');

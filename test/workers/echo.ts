// A child for process.test.ts: says back what it hears, and dies when it is told to.
import { serveParent } from "../../src/workers/process.ts";

const post = serveParent<{ readonly say: Uint8Array } | { readonly die: number }, { readonly said: Uint8Array }>({
  onMessage: (message) => ("die" in message ? process.exit(message.die) : post({ said: message.say })),
});

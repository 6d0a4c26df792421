import { spawn } from "node:child_process";
import { MessageSplitter } from "./message.ts";
import { fromEngine, wireVersion } from "./wire.ts";

/**
 * Starts an engine, hears that it is ready, and ends it. Gives what it locked itself into, e.g. "landlock". Throws Error
 * when it does not start or speaks another version of the language.
 */
export async function probeEngine(program: string): Promise<string> {
  const child = spawn(program, [], { stdio: ["pipe", "pipe", "ignore"], env: {}, windowsHide: true });
  const ready = Promise.withResolvers<string>();
  const splitter = new MessageSplitter();
  child.once("error", ready.reject);
  child.once("exit", (code, signal) => ready.reject(new Error(`${program} ended: ${signal ?? `exit code ${code}`}`)));
  child.stdout.on("data", (chunk: Buffer) => {
    for (const message of splitter.push(chunk)) {
      if (message.code !== fromEngine.ready.code) continue;
      const version = message.u8();
      message.short();
      if (version === wireVersion) ready.resolve(message.text());
      else ready.reject(new Error(`${program} speaks version ${version}, the hub ${wireVersion}`));
    }
  });
  try {
    return await ready.promise;
  } finally {
    child.stdin.on("error", () => {}).end();
  }
}

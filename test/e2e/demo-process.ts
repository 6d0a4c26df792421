import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = join(import.meta.dirname, "../..");

/** Runs the demo as a person does, and gives the address that it prints. */
export async function startDemo(folder: string): Promise<{ readonly address: string } & AsyncDisposable> {
  const files = ["--config", join(folder, "doorward.yaml"), "--data", join(folder, "data")];
  const args = [join(root, "bin/doorward.js"), "demo", ...files, "--http-port", "0", "--https-port", "0"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const stop = async () => {
    const ended = once(child, "exit");
    child.kill("SIGINT");
    await ended;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const [address] = /http:\/\/localhost\S+#\/setup\?code=\S+/.exec(line) ?? [];
    if (!address) continue;
    child.stdout.resume();
    return { address, [Symbol.asyncDispose]: stop };
  }
  throw new Error("the demo ended before it printed its address");
}

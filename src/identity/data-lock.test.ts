import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { lockDataFolder } from "./data-lock.ts";

function tempFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "doorward-lock-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

describe("lock of the data folder", () => {
  it("lets one hub in, and the next when that one has ended", () => {
    using folder = tempFolder();
    {
      using _lock = lockDataFolder(folder.path);
      assert.throws(() => lockDataFolder(folder.path), {
        code: "in-use",
        message: new RegExp(`another hub runs on ${folder.path} \\(process ${process.pid}\\): end it first`),
      });
    }
    using _next = lockDataFolder(folder.path);
  });

  it("is free again when the process that held it was killed", async () => {
    using folder = tempFolder();
    const module = new URL("./data-lock.ts", import.meta.url).href;
    const script = `import { lockDataFolder } from ${JSON.stringify(module)};
      globalThis.lock = lockDataFolder(${JSON.stringify(folder.path)});
      console.log("locked"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    assert.throws(() => lockDataFolder(folder.path), { code: "in-use", message: new RegExp(`process ${child.pid}`) });
    child.kill("SIGKILL");
    await once(child, "exit");
    using _lock = lockDataFolder(folder.path);
  });

  it("says which folder cannot be used", () => {
    assert.throws(() => lockDataFolder("/proc/nowhere"), {
      code: "store",
      message: /\/proc\/nowhere.*may this user write/,
    });
  });
});

import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the engine was found. */
export interface EngineProgram {
  readonly path: string;
  /** Changes when another program stands there. */
  readonly version: string;
}

const fileName = process.platform === "win32" ? "doorward-engine.exe" : "doorward-engine";

/** Name of the npm package that holds the engine for this machine. */
export const enginePackage = `doorward-engine-${process.platform}-${process.arch}`;

/**
 * The engine for this machine: built in the checkout, or out of its npm package. Looked for again at each call, so that one
 * that has just been built serves the next start of the worker. Undefined when there is none.
 */
export function findEngine(): EngineProgram | undefined {
  const path = [inCheckout(), inPackage()].find((one) => one !== undefined && existsSync(one));
  if (path === undefined) return undefined;
  const { mtimeMs, size } = statSync(path);
  return { path, version: `${path} ${mtimeMs} ${size}` };
}

function inCheckout(): string {
  return fileURLToPath(new URL(`../../../../native/engine/build/${fileName}`, import.meta.url));
}

function inPackage(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${enginePackage}/package.json`);
    return join(dirname(manifest), "bin", fileName);
  } catch {
    return undefined;
  }
}

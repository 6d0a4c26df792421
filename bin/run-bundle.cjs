// Runs the hub's bundle (scripts/bundle.mjs). Node's own loader would keep what V8 has compiled of each file, which it reads from its
// cache, for as long as the program runs, and the outermost code of each: 3 MB. Here both are gone once a file has run.
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { basename, dirname, join } = require("node:path");
const { pathToFileURL } = require("node:url");
const { Script } = require("node:vm");
const { crc32 } = require("node:zlib");

/** Bundles of which what was compiled is kept. */
const kept = 3;
/** A command that says not that it has started has by then. */
const startedMs = 30_000;
/** Behind what was compiled: its checksum. */
const sumBytes = 4;

/**
 * Runs `entry` and what it loads of the files beside it, each of which is CommonJS. What V8 has compiled of them when the program
 * has started is written below `cache` and read there at its next start. A program tells that by the event "doorward:started" of
 * `process`, which carries two functions: one that does once what the next start is to have compiled as well, called where anything
 * is to be written, and one that is called when all is done. One that tells nothing has started after half a minute, or at its end.
 *
 * `cache` is Node's own, with a folder for each V8 and its settings: V8 takes nothing that was compiled under others, and the hub
 * changes some once it has started. Without a cache, or where nobody may write, all is compiled each time.
 */
function runBundle(entry, cache) {
  const folder = dirname(entry);
  // The entry names the other files, and these have names that tell what is in them.
  const compiled = new Compiled(cache && join(cache, `bundle-${crc32(readFileSync(entry)).toString(16)}`));
  const nodes = createRequire(entry);
  const loaded = new Map();
  const load = (name) => {
    const before = loaded.get(name);
    if (before) return before.exports;
    const module = { exports: {} };
    loaded.set(name, module);
    const path = join(folder, name);
    try {
      compiled.script(path).runInThisContext()(module.exports, require, module, path, folder);
    } catch (error) {
      // Whoever asks for it again hears of it again.
      loaded.delete(name);
      throw error;
    }
    return module.exports;
  };
  const require = (id) => (id.startsWith("./") ? load(id.slice(2)) : nodes(id));
  load(basename(entry));
}

/** What V8 has made of the files of one bundle in earlier runs. */
class Compiled {
  #folder;
  #missing = new Map();
  #isKept = false;

  constructor(folder) {
    this.#folder = folder;
    if (!folder) return;
    const write = () => this.#write();
    process.once("doorward:started", (prepare, done) => this.#started(prepare).then(done, done));
    process.once("exit", write);
    setTimeout(write, startedMs).unref();
  }

  /** The program in a file: a function of what CommonJS gives to each. */
  script(path) {
    const text = readFileSync(path, "latin1").replace(/^#!.*/, "");
    const cachedData = this.#read(path);
    const script = new Script(`(function (exports, require, module, __filename, __dirname) {\n${text}\n})`, {
      filename: pathToFileURL(path).href,
      lineOffset: -1,
      cachedData,
    });
    const isMissing = !cachedData || script.cachedDataRejected;
    if (this.#folder && !this.#isKept && isMissing) this.#missing.set(path, script);
    return script;
  }

  async #started(prepare) {
    if (this.#missing.size > 0) await prepare();
    this.#write();
  }

  #read(path) {
    if (!this.#folder) return undefined;
    try {
      const bytes = readFileSync(this.#place(path));
      const compiled = bytes.subarray(0, -sumBytes);
      // V8 would run what a power cut left of it.
      return bytes.readUInt32LE(compiled.length) === crc32(compiled) ? compiled : undefined;
    } catch {
      return undefined;
    }
  }

  #place(path) {
    return join(this.#folder, `${basename(path)}.compiled`);
  }

  /** Once: what is loaded later is let go of like everything else. */
  #write() {
    const missing = [...this.#missing];
    this.#missing.clear();
    this.#isKept = true;
    if (missing.length === 0) return;
    try {
      mkdirSync(this.#folder, { recursive: true });
      for (const [path, script] of missing) {
        const aside = `${this.#place(path)}.${process.pid}`;
        const compiled = script.createCachedData();
        const sum = Buffer.alloc(sumBytes);
        sum.writeUInt32LE(crc32(compiled));
        writeFileSync(aside, Buffer.concat([compiled, sum]));
        renameSync(aside, this.#place(path));
      }
      removeOld(dirname(this.#folder));
    } catch {
      // Nobody may write here, or the disk is full: the next start compiles it again.
    }
  }
}

function removeOld(cache) {
  const folders = readdirSync(cache).filter((name) => name.startsWith("bundle-"));
  const writtenMs = (name) => statSync(join(cache, name)).mtimeMs;
  folders.sort((a, b) => writtenMs(b) - writtenMs(a));
  for (const name of folders.slice(kept)) rmSync(join(cache, name), { recursive: true, force: true });
}

module.exports = { runBundle };

// Makes few files of the hub and the libraries that it uses. Node then resolves and reads dozens of modules at a start
// instead of a thousand. Beside sources: in node_modules/.cache, for bin/bundle.cjs; with "--package": dist/bundle, of dist.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { constants, setPriority } from "node:os";
import { isAbsolute, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleFolder, stateOf } from "../bin/bundle.cjs";
import { root } from "../bin/node24.cjs";

/** Native, or in processes of their own: loaded from where they are installed. */
const external = [/^node-datachannel/, /^node-av/, /^@homebridge\/ciao/];
/** Look for their own files by __dirname, but only where they are asked for what we do not use (threads that write logs). */
const findsItsFiles = ["pino", "thread-stream"];
/** Parts of libraries that the hub never calls, by who asks for them: of these there is a word in the bundle, and no more. */
const unused = [
  ["@fastify/static", "glob"],
  ["fastify", "light-my-request"],
  ["fastify", "@fastify/ajv-compiler"],
  ["fastify", "@fastify/fast-json-stringify-compiler"],
  ["@fastify/websocket", "duplexify"],
  ["mime", "./types/other"],
];
/** Modules of Node that libraries load and the hub seldom needs, by who asks for them: they come with their first use. */
const seldomUsed = [
  ["fastify", "node:http2"],
  ["fastify", "node:https"],
  ["ws", "https"],
  ["ws", "tls"],
];
/** A running hub loads parts of its bundle later than at its start: those that may still run stay. */
const kept = 3;

/**
 * Makes it in `folder`, of the entry and all that it imports. Gives the files of which something is in it, absolute; `onLoad`
 * hears of each file before it is read, also of those of which nothing is needed.
 */
export async function makeBundle({ entry, folder, onLoad = () => {} }) {
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({
    input: { index: entry },
    platform: "node",
    external,
    plugins: [hearOf(onLoad), places(folder), standIns()],
    onLog: (_level, log) => {
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
    },
  });
  const { output } = await bundle.write({
    dir: folder,
    format: "cjs",
    // In a script of node:vm, import() is experimental, and Node says so to whoever runs the hub.
    dynamicImportInCjs: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
    // V8 keeps a file's text, one byte a character, or two as soon as one of them needs it.
    minify: { compress: true, mangle: { toplevel: false }, codegen: { removeWhitespace: true, asciiOnly: true } },
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name]-[hash].cjs",
  });
  await bundle.close();
  for (const { type, fileName } of output) if (type === "chunk") mustBeAscii(join(folder, fileName));
  return output.flatMap((one) => Object.keys(one.modules ?? {})).filter((id) => isAbsolute(id) && existsSync(id));
}

function hearOf(onLoad) {
  return {
    name: "hear-of",
    load: (id) => {
      if (isAbsolute(id)) onLoad(id);
      return undefined;
    },
  };
}

/** A module that looks for something beside its own file goes on finding it there. */
function places(folder) {
  return {
    name: "places",
    transform(code, id) {
      const name = /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1];
      if (/\b__(dirname|filename)\b/.test(withoutComments(code)) && name && !findsItsFiles.includes(name))
        throw new Error(`${id} looks for files beside it: it has to stay outside of the bundle`);
      if (!code.includes("import.meta.url")) return undefined;
      const from = JSON.stringify(relative(folder, id).split(sep).join("/"));
      return { code: code.replaceAll("import.meta.url", `new URL(${from}, import.meta.url).href`), map: null };
    },
  };
}

/** In place of what is unused or seldom used. */
function standIns() {
  const mark = "\0stand-in:";
  return {
    name: "stand-ins",
    resolveId: (source, importer = "") =>
      [...unused, ...seldomUsed].some(
        ([who, what]) => what === source && importer.includes(join("node_modules", who, sep)),
      )
        ? `${mark}${source}`
        : undefined,
    load: (id) => {
      if (!id.startsWith(mark)) return undefined;
      const name = id.slice(mark.length);
      return isBuiltin(name) ? comesLater(name) : isLeftOut(name);
    },
  };
}

/** Whatever would be called of it says so. */
const isLeftOut = (name) =>
  `module.exports = new Proxy(() => {}, { get: (_, part) => () => {
     throw new Error(\`${name} is left out of the bundle: \${String(part)}\`); } });`;

const comesLater = (name) =>
  `module.exports = new Proxy({}, { get: (_, part) => process.getBuiltinModule("${name}")[part] });`;

function withoutComments(code) {
  return code.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

function mustBeAscii(file) {
  const found = /[^\x00-\x7f]/.exec(readFileSync(file, "utf8"));
  if (found) throw new Error(`${file} has "${found[0]}" at ${found.index}, for which V8 would keep twice as much`);
}

/**
 * Notes what stands for all that a bundle is made of: our sources, and for the libraries what npm writes when it changes them;
 * each as it was before it was read, so that what is written meanwhile counts as written since.
 */
export function inputsOf(program) {
  const npms = ["package.json", "package-lock.json", join("node_modules", ".package-lock.json")];
  const inputs = Object.fromEntries(npms.map((file) => [file, stateOf(join(program, file))]));
  const onLoad = (id) => {
    const file = relative(program, id);
    if (!file.includes("node_modules")) inputs[file] ??= stateOf(id);
  };
  return { inputs, onLoad };
}

/** Makes it aside, and names it when it is whole. */
async function bundleSources() {
  const cache = join(root, bundleFolder);
  const name = Date.now().toString(36);
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  try {
    const { inputs, onLoad } = inputsOf(root);
    await makeBundle({ entry: join(root, "src", "cli", "index.ts"), folder, onLoad });
    const madeOf = { entry: join(name, "index.cjs"), inputs };
    const aside = join(folder, "made-of.json");
    writeFileSync(aside, JSON.stringify(madeOf));
    renameSync(aside, join(cache, "made-of.json"));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  removeOld(cache);
}

function removeOld(cache) {
  const made = readdirSync(cache).filter((name) => statSync(join(cache, name)).isDirectory());
  for (const name of made.sort().slice(0, -kept)) rmSync(join(cache, name), { recursive: true, force: true });
}

/** Of what was built for npm. The licences of what went into it lie beside it. */
async function bundlePackage() {
  const folder = join(root, "dist", "bundle");
  rmSync(folder, { recursive: true, force: true });
  const files = await makeBundle({ entry: join(root, "dist", "cli", "index.js"), folder });
  const libraries = files.flatMap((file) => /^.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file) ?? []);
  writeFileSync(
    join(folder, "LICENSES"),
    [...new Set(libraries)]
      .sort()
      .map(licenceOf)
      .join(`${"-".repeat(80)}\n`),
  );
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? readFileSync(join(folder, file), "utf8") : `Licence: ${license}\n`;
  return `${name} ${version}\n\n${text.trimEnd()}\n`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // Nobody waits for it, and a hub that is just starting needs the processor.
  if (process.argv.includes("--aside")) setPriority(constants.priority.PRIORITY_LOW);
  await (process.argv.includes("--package") ? bundlePackage() : bundleSources());
}

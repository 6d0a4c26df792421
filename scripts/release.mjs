// Makes the packed set of a release in release/: the package itself, and the engine for each platform in a package of its
// own, which npm picks by os and cpu (optionalDependencies, as with Node's own binary); no install script anywhere.
// Arguments are platforms to make instead of all, e.g. linux-x64. It publishes nothing.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { node24, root } from "../bin/node24.cjs";
import { buildEngine, findGo, programName } from "./engine.mjs";

const platforms = ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64"];
const out = join(root, "release");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const wanted = process.argv.slice(2);
const unknown = wanted.filter((one) => !platforms.includes(one));
if (unknown.length > 0) fail(`there is no engine for ${unknown.join(", ")}: ${platforms.join(", ")}`);
if (!findGo()) fail("Go is not installed (https://go.dev/dl)");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const licences = enginesLicences();
for (const platform of wanted.length > 0 ? wanted : platforms) packEngine(platform);
packProgram();
rmSync(join(out, "stage"), { recursive: true });
for (const file of readdirSync(out)) console.log(join(out, file));

function engineName(platform) {
  return `doorward-engine-${platform}`;
}

function packEngine(target) {
  const [platform, arch] = target.split("-");
  const folder = join(out, "stage", engineName(target));
  mkdirSync(join(folder, "bin"), { recursive: true });
  const trouble = buildEngine(join(folder, "bin", programName(platform)), { platform, arch });
  if (trouble) fail(`the engine for ${target} was not built: ${trouble}`);
  const own = {
    name: engineName(target),
    version: manifest.version,
    description: `Doorward's WebRTC engine for ${target}. It comes with the package doorward where it fits.`,
    license: "MIT",
    os: [platform],
    cpu: [arch],
    files: ["bin", "LICENSES"],
    preferUnplugged: true,
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(own, undefined, 2)}\n`);
  writeFileSync(join(folder, "README.md"), `# ${own.name}\n\n${own.description}\n`);
  writeFileSync(join(folder, "LICENSES"), licences);
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  pack(folder);
}

/** The package as npm makes it, with the engines of its own version beside it. */
function packProgram() {
  const { status } = spawnSync(node24(), [join(root, "scripts", "build.mjs")], { cwd: root, stdio: "inherit" });
  if (status !== 0) fail("the package was not built");
  const stage = join(out, "stage");
  const file = pack(root, stage);
  execFileSync("tar", ["-xzf", join(stage, file), "-C", stage]);
  const engines = Object.fromEntries(platforms.map((one) => [engineName(one), manifest.version]));
  const full = { ...manifest, optionalDependencies: { ...manifest.optionalDependencies, ...engines } };
  writeFileSync(join(stage, "package", "package.json"), `${JSON.stringify(full, undefined, 2)}\n`);
  pack(join(stage, "package"));
}

function pack(folder, destination = out) {
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  const args = [...first, "pack", "--ignore-scripts", "--silent", "--pack-destination", destination];
  return execFileSync(command, args, { cwd: folder, encoding: "utf8" }).trim().split("\n").at(-1);
}

/** Licences of all that is linked into the engine. */
function enginesLicences() {
  const env = { ...process.env, GOTOOLCHAIN: "local" };
  const list = (args) => execFileSync(findGo(), args, { cwd: join(root, "native", "engine"), encoding: "utf8", env });
  const modules = list(["list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Dir}}{{end}}", "."]).split("\n");
  const folders = [...new Set(modules)].map((line) => line.split(" ")).filter(([, dir]) => dir);
  const all = [["Go", list(["env", "GOROOT"]).trim()], ...folders].flatMap(([name, dir]) => {
    const file = join(dir, "LICENSE");
    return existsSync(file) ? [`${name}\n\n${readFileSync(file, "utf8")}`] : [];
  });
  return all.join(`\n${"-".repeat(80)}\n\n`);
}

function fail(text) {
  console.error(`doorward: ${text}`);
  process.exit(1);
}

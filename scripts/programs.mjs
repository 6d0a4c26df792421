// Programs that the tests use, and the Debian packages that hold them.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../bin/node24.cjs";

const programs = {
  ffmpeg: "ffmpeg",
  chromium: "chromium",
  "gst-launch-1.0": "gstreamer1.0-tools",
  "espeak-ng": "espeak-ng",
  sox: "sox",
  ip: "iproute2",
  strace: "strace",
  mosquitto_sub: "mosquitto-clients",
  turnserver: "coturn",
  make: "make",
  gcc: "gcc",
};

const libraries = [
  "mosquitto",
  "gstreamer1.0-plugins-base",
  "gstreamer1.0-plugins-good",
  "gstreamer1.0-plugins-bad",
  "gstreamer1.0-plugins-ugly",
  "gstreamer1.0-libav",
  "gstreamer1.0-nice",
  "gir1.2-gst-rtsp-server-1.0",
  "gir1.2-gst-plugins-bad-1.0",
  "python3-gi",
  "python3-zeroconf",
];

/** What the folders of native code list for themselves. */
function nativeLists() {
  const native = join(root, "native");
  const folders = existsSync(native) ? readdirSync(native) : [];
  return folders.map((name) => join(native, name, "test", "packages.txt")).filter((file) => existsSync(file));
}

/** Debian packages that the tests need and this machine has not. */
export function missingPrograms() {
  const missing = Object.entries(programs)
    .filter(([program]) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0)
    .map(([, name]) => name);
  const listed = nativeLists().flatMap((file) => readFileSync(file, "utf8").split("\n"));
  const names = [...libraries, ...listed.map((line) => line.replace(/#.*/, "").trim()).filter((line) => line !== "")];
  const known = spawnSync("dpkg-query", ["-W", "-f", `$\{Package} $\{db:Status-Status}\n`], { encoding: "utf8" });
  const installed = new Set(
    (known.stdout ?? "")
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  const packages = names.filter((name) => !installed.has(name));
  return [...new Set([...missing, ...packages])];
}

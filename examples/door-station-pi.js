// A door station on a Raspberry Pi: a bell button and a relay on GPIO lines, a USB microphone and loudspeaker by ALSA.
//
//   sudo apt install gpiod alsa-utils        npm install doorward
//   node door-station-pi.js --host hub.lan   (at first the hub's page asks whether it may come in)
//
// --fake does the same on any machine: Enter is the bell, the relay is a line of text, the microphone hums.
// Wiring: the button between GPIO 17 and ground; the relay's input at GPIO 27.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  chooseSound,
  DoorCommandError,
  noLoudspeaker,
  openLoudspeaker,
  openMicrophone,
  samplesMicrophone,
  startDoorStation,
  systemClock,
} from "doorward/door";

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8765" },
    name: { type: "string", default: "front-door" },
    button: { type: "string", default: "17" },
    relay: { type: "string", default: "27" },
    token: { type: "string", default: "door-station.token" },
    fake: { type: "boolean", default: false },
  },
});
const chip = "gpiochip0";
const openMs = 3000;

const station = startDoorStation({
  host: values.host,
  port: Number(values.port),
  clientId: values.name,
  token: ownToken(values.token),
  sound: { ...(values.fake ? fakeSound() : realSound()), sampleRateHz: 16_000, channels: 1, frameMs: 40 },
  commands: { unlock },
  onState: (state) => console.log(state.state === "connected" ? "connected" : `${state.reason}: ${state.message}`),
  onStream: ({ type, origin }) => console.log(`${origin} ${type === "began" ? "listens and speaks" : "has ended"}`),
});

const bell = values.fake ? createInterface({ input: process.stdin }) : buttonLines();
bell.on("line", () => {
  console.log("ring");
  station.ring();
});
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => station[Symbol.asyncDispose]().then(() => process.exit(0)));
// The hub will never take it as it is (a wrong name, for example): the message says why.
station.ended.catch((error) => {
  console.error(error.message);
  process.exit(1);
});

/** Opens the door: `signal` says when it must not be opened any more. */
async function unlock({ origin, signal }) {
  if (signal.aborted) throw new DoorCommandError("expired");
  console.log(`${origin} opens the door`);
  if (!values.fake) await relay();
  return { open_ms: openMs };
}

/** libgpiod 2: on, off again after a while. The command is answered when it is on. */
async function relay() {
  const child = spawn("gpioset", ["--chip", chip, "--toggle", `${openMs}ms,0`, `${values.relay}=1`]);
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => code && reject(new Error(`gpioset ended with ${code}`)));
  });
  await Promise.race([failed, setTimeout(150)]);
}

/** A line for each press; `gpiomon` keeps a bouncing contact quiet. */
function buttonLines() {
  const args = ["--bias=pull-up", "--edges=falling", "--debounce-period=10ms", "--chip", chip, values.button];
  return createInterface({ input: spawn("gpiomon", args, { stdio: ["ignore", "pipe", "inherit"] }).stdout });
}

function realSound() {
  const { record, play } = chooseSound("auto", { devices: {} });
  const how = { clock: systemClock, onTrouble: (why) => console.error(why) };
  return {
    microphone: openMicrophone({ command: record, ...how }),
    loudspeaker: openLoudspeaker({ command: play, ...how }),
  };
}

function fakeSound() {
  const hum = Int16Array.from({ length: 16_000 }, (_, i) => 6000 * Math.sin((2 * Math.PI * 440 * i) / 16_000));
  return {
    microphone: samplesMicrophone(new Uint8Array(hum.buffer), systemClock, { again: true }),
    loudspeaker: noLoudspeaker,
  };
}

/** The station makes its token by itself and keeps it: an administrator lets it in once. */
function ownToken(path) {
  if (existsSync(path)) return readFileSync(path, "utf8").trim();
  const token = `dwd_own_${randomBytes(32).toString("base64url")}`;
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return token;
}

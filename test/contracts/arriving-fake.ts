import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface, type Interface } from "node:readline";
import { splitAnnexB } from "../../src/codecs/annexb.ts";
import { ParameterSetKeeper } from "../../src/codecs/video-format.ts";
import type { Device, Speaker } from "../../src/device/driver.ts";
import type { ArrivalKind } from "../../src/hub/arrival-kinds.ts";
import { systemClock } from "../../src/util/clock.ts";
import { DoorwardError } from "../../src/util/errors.ts";
import { every } from "../../src/util/every.ts";
import { clip } from "../rtsp.ts";
import type { ArrivalFixture, ArrivalHouse, ArrivingCall, ArrivingPeer } from "./arrivals.ts";

/**
 * A scripted device that calls, and the smallest surface that lets it in, over TCP. The device says `yard <token> <wish>`; the
 * hub answers `ok` or the code of its refusal. Then the device writes the numbers of the pictures of a clip, a line each. The
 * hub writes a line for each block of speech and `end` behind the last, which the device answers with `heard`.
 */
export async function startArrivingFake(
  kind: ArrivalKind,
  house: Pick<ArrivalHouse, "reception">,
  onSpoken: () => void = () => {},
): Promise<ArrivalFixture> {
  const callers = new Set<Socket>();
  let letGoMs = 0;
  let spoken = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {}); // "close" follows
    callers.add(socket);
    socket.once("close", () => callers.delete(socket));
    serve(socket, { kind, house, letGoMs: () => letGoMs }).catch((error: unknown) => {
      socket.end(`${error instanceof DoorwardError ? error.code : "fault"}\n`);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    call: (how) =>
      call(port, {
        ...how,
        onSpoken: () => {
          spoken++;
          onSpoken();
        },
      }),
    connections: () => callers.size,
    letGo: (ms) => {
      letGoMs = ms;
    },
    spoken: () => spoken,
    [Symbol.asyncDispose]: async () => {
      for (const socket of callers) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The hub's side of one connection: until the device hangs up or its loan ends, whichever is first. */
async function serve(
  socket: Socket,
  how: { readonly kind: ArrivalKind; readonly house: Pick<ArrivalHouse, "reception">; readonly letGoMs: () => number },
): Promise<void> {
  const { kind, house, letGoMs } = how;
  const hungUp = new AbortController();
  socket.once("close", () => hungUp.abort());
  const lines = linesOf(socket)[Symbol.asyncIterator]();
  const [id = "", token = "", wish] = String((await lines.next()).value).split(" ");
  const arrival = { kind, id, address: "192.168.1.7", ...(token !== "" && { token }) };
  house.reception.check(arrival);
  if (wish === "nonsense") throw new DoorwardError("it cannot be served", { code: "bad-offer" });
  const device = await house.reception.admit(arrival, hungUp.signal);
  const heard = new EventTarget();
  const leave = async () => {
    await systemClock.sleep(letGoMs());
    socket.destroy();
  };
  device.signal.addEventListener("abort", () => leave().catch(() => socket.destroy()), { once: true });
  device.offerSpeaker(speakerAt(socket, heard));
  socket.write("ok\n");
  await receive(lines, { device, heard });
}

async function receive(
  lines: AsyncIterator<string>,
  how: { readonly device: Device; readonly heard: EventTarget },
): Promise<void> {
  const { device, heard } = how;
  const { accessUnits, codec } = clip();
  const keeper = new ParameterSetKeeper(codec);
  const track = device.publish(keeper.format);
  device.ready();
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    if (line.value === "heard") heard.dispatchEvent(new Event("heard"));
    if (!/^\d+$/.test(line.value)) continue;
    const unit = keeper.prepare(splitAnnexB(accessUnits[Number(line.value) % accessUnits.length]!));
    if (!unit) continue;
    track.updateFormat(keeper.format);
    track.write({ ...unit, timestampUs: device.clock.nowUs() });
  }
}

function speakerAt(socket: Socket, heard: EventTarget): Speaker {
  return {
    formats: [{ kind: "audio", codec: "pcma", sampleRateHz: 8000, channels: 1 }],
    echoCancelling: false,
    play: async ({ frames, signal }) => {
      for await (const _block of frames) {
        if (signal.aborted) return;
        socket.write("sound\n");
        await new Promise((resolve) => setImmediate(resolve));
      }
      const answered = once(heard, "heard", { signal });
      socket.write("end\n");
      await answered;
    },
  };
}

/** What fails at a socket's reader is told by the socket's end. */
function linesOf(socket: Socket): Interface {
  return createInterface(socket).on("error", () => {});
}

/** The device's side. */
async function call(port: number, how: ArrivingCall & { readonly onSpoken: () => void }): Promise<ArrivingPeer> {
  const { token = "", nonsense, signal, onSpoken } = how;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // "close" follows
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  signal?.addEventListener("abort", () => socket.destroy(), { once: true });
  socket.write(`yard ${token} ${nonsense ? "nonsense" : "picture"}\n`);
  const lines = linesOf(socket).on("line", (line) => {
    if (line === "sound") onSpoken();
    if (line === "end") socket.write("heard\n");
  });
  const answered = new Promise<string>((resolve) => lines.once("line", resolve));
  const word = (await Promise.race([answered, ended])) ?? "hung-up";
  if (word !== "ok") {
    socket.destroy();
    await ended;
    throw new DoorwardError(`not let in: ${word}`, { code: word });
  }
  let picture = 0;
  const sending = every(systemClock, 10, () => socket.write(`${picture++}\n`));
  socket.once("close", () => sending[Symbol.dispose]());
  if (signal?.aborted) socket.destroy();
  return { ended, hangUp: () => socket.destroy() };
}

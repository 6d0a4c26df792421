import { parseArgs } from "node:util";
import { backendUrl } from "./agent/backend-url.ts";
import { parseCapture } from "./agent/capture-arguments.ts";
import { runAgent } from "./agent/run.ts";
import { parseSoundPlace } from "./agent/sound.ts";
import { readCertificate } from "./certificate-file.ts";
import { type Command, UsageError } from "./command.ts";

const usage = `usage: doorward agent --backend URL --device-id NAME [--source ADDRESS] [options]

A camera agent on any machine that reaches the hub, also from behind a router: it calls the hub (or the backend whose protocol
it speaks), waits, and sends picture and sound only while somebody watches, unchanged where the camera sends H.264.

  --backend URL          wss://HOST:8443 of a hub; ws://HOST:8000 of an original backend; /ws/device is meant there
                         (default: $BACKEND_URL, else ws://localhost:8000/ws/device)
  --whip URL             publishes all the time by WHIP instead, to https://HOST:8443/whip/NAME of a hub or any other server;
                         its token is $DOORWARD_TOKEN
  --ca FILE              known by the certificate authority in this file (PEM); Doorward's own is at /ca.crt of its page
  --device-id NAME       its name at the hub (default: $DEVICE_ID, else one that is made once and kept)
  --name TEXT            what people are to call it
  --source ADDRESS       what it shows: test (default: a made-up picture), /dev/video0, rtsp://user:password@camera/path, any
                         other address of a camera that "doorward probe" takes, a media file, or capture:KIND:NAME for
                         another kind of device that FFmpeg films with (capture:lavfi:testsrc2,realtime)
  --size WIDTHxHEIGHT    of what is encoded here: what is filmed by a device and is not H.264 (default: 1280x720)
  --fps NUMBER           pictures a second of it (default: 30)
  --bitrate MIN-MAX      kbit/s of it; between these it follows what the viewers bear (default: 300-2500)
  --mic [PLACE]          its microphone: default (that of the sound system), alsa:DEVICE, pulse:DEVICE, pipewire:DEVICE,
                         file:FILE.wav, or test for a tone. Without it the sound is that of the source
  --speaker [PLACE]      its loudspeaker, by which the hub speaks there: as for --mic; file:FILE.wav writes down what is heard
  --echo-cancel          keeps the loudspeaker out of the microphone (PulseAudio)
  --leave-out NAMES      network interfaces whose addresses nobody is told, * for any part of a name: docker*,br-*,veth*
  --state FILE           where its name and token are kept (default: ~/.local/state/doorward/agent.json);
                         $DOORWARD_TOKEN goes before

exit code: 0 ended as asked, 1 could not run, 2 wrong usage
`;

/** `doorward agent`. */
export const command: Command = {
  name: "agent",
  summary: "be a camera agent: show a camera at a hub elsewhere, from behind any router",
  usage,
  run: async (args, context) => {
    const { values } = parseArgs({
      args: withPlaces(args),
      options: {
        backend: { type: "string" },
        ca: { type: "string" },
        "device-id": { type: "string" },
        whip: { type: "string" },
        name: { type: "string" },
        source: { type: "string", default: "test" },
        size: { type: "string", default: "1280x720" },
        fps: { type: "string", default: "30" },
        bitrate: { type: "string", default: "300-2500" },
        mic: { type: "string" },
        speaker: { type: "string" },
        "echo-cancel": { type: "boolean", default: false },
        "leave-out": { type: "string", default: "" },
        state: { type: "string" },
      },
    });
    const backend = backendUrl(values.backend ?? process.env["BACKEND_URL"] ?? "ws://localhost:8000");
    const ca = values.ca === undefined ? undefined : readCertificate(values.ca);
    const whip = values.whip === undefined ? undefined : whipUrl(values.whip);
    if (whip && values.speaker !== undefined)
      throw new UsageError("--speaker goes with --backend: WHIP brings no sound back");
    const { name, state, mic, speaker } = values;
    const leaveOut = values["leave-out"].split(",").filter((one) => one !== "");
    const source = parseCapture(values.source, values) ?? values.source;
    const sound = {
      microphone: mic === undefined ? undefined : parseSoundPlace("--mic", mic),
      loudspeaker: speaker === undefined ? undefined : parseSoundPlace("--speaker", speaker),
      echoCancel: values["echo-cancel"],
    };
    return await runAgent(
      {
        backend,
        whip,
        ca,
        deviceId: values["device-id"] ?? process.env["DEVICE_ID"],
        name,
        source,
        state,
        sound,
        leaveOut,
      },
      context,
    );
  },
};

function whipUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError(`--whip ${text} is no address: it begins with https:// or http://`);
}

/** `--mic` and `--speaker` alone mean what the machine itself takes. */
function withPlaces(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => {
    const alone = (args[i + 1] ?? "--").startsWith("--");
    return /^--(mic|speaker)$/.test(arg) && alone ? [arg, "default"] : [arg];
  });
}

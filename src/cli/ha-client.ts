import { doorLimits } from "../protocols/door/limits.ts";
import type { Command } from "./command.ts";
import { runDoorClient } from "./door/client.ts";
import { parseClientArguments } from "./door/client-arguments.ts";

const usage = `usage: doorward ha-client --host HUB --client-id NAME [--mic] [options]

A client of door stations: hears of their bells, speaks and listens, gives commands. At Doorward's hub, or at the host of the
Home Assistant intercom that speaks the same protocol. It registers again whenever the connection is lost, and asks for the
sound again then.

  --host HOST            the hub's machine (default: 127.0.0.1)
  --port N               its port for door stations (default: ${doorLimits.port.value})
  --client-id NAME       its name (default: ha-client-1)
  --tls                  speak TLS
  --ca FILE              with the certificate authority in this file (PEM); Doorward's own is at /ca.crt of its page
                         $DOORWARD_TOKEN is shown to the hub: a person's token, made on its page or by "doorward token add"
  --station ID           which station is meant, where there are several

  --no-auto-start        ask for no sound
  --stream-id ID         how the stream is to be called
  --mic                  speak by the machine's microphone; without it, it only listens
  --sample-rate HZ       8000 to 48000 (default: 16000)
  --channels N           1 (default) or 2
  --frame-ms N           sound sent at a time, 10 to 400 (default: 40); more costs delay
  --sound SYSTEM         alsa, pulse, pipewire or none (default: what runs here)
  --microphone DEVICE    as the sound system calls it; also --mic-device
  --loudspeaker DEVICE   the same; also --speaker-device
  --echo-cancel          PulseAudio's echo cancelling, set up now and undone at exit
  --in FILE              speak this in place of the microphone: WAV of that rate and channels; also --source-file
  --out FILE             write what is heard in place of playing it; also --sink-file
  --tone                 speak a tone: --tone-frequency HZ (440), --tone-amplitude 0..1 (0.2)
  --mute                 play nothing

  --mqtt HOST[:PORT]     sound only between "start" and "stop" on a topic of this broker; mqtts://HOST for TLS
  --mqtt-user NAME       at that broker; its password is $DOORWARD_MQTT_PASSWORD
  --topic TOPIC          that topic (default: intercom)

  --command NAME         give this command, print the answer (JSON) and end; may be repeated
  --payload JSON         what belongs to it (default: {})
  --run-for MS           end after so long (default: never)
  --json                 at the end, what was counted, as one line of JSON on stderr

exit code: 0 ended as asked, 1 could not run or a command failed, 2 wrong usage
`;

/** `doorward ha-client`. */
export const command: Command = {
  name: "ha-client",
  summary: "be a client of door stations: hear bells, speak, give commands",
  usage,
  run: (args, context) => runDoorClient(parseClientArguments(args), context),
};

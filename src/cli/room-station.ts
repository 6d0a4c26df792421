import { transport } from "../protocols/room/constants.ts";
import type { Command } from "./command.ts";
import { parseStationArguments } from "./room-station/arguments.ts";
import { runStation } from "./room-station/run.ts";

const usage = `usage: doorward room-station --name ROOM --hub URL [options]
       doorward room-station --name ROOM [--mqtt HOST[:PORT]] [options]

A station of the room intercom on any Linux machine: its microphone talks to other rooms by the push of a button, its
loudspeaker plays what they say. With --hub it asks Doorward to be let in, once, and takes everything else from there; with
--mqtt it works with any hub of this intercom, and with none.

  --name ROOM            name of its room
  --hub URL              Doorward's address, e.g. http://192.168.1.5:8480
  --mqtt HOST[:PORT]     the broker, where the hub does not tell it (port 1883); mqtts://HOST for TLS
  --user NAME            at that broker; its password is $DOORWARD_MQTT_PASSWORD
  --mqtt-version V       3.1.1 (default) or 5
  --discovery            describe itself to Home Assistant; Doorward's hub does that by itself
  --group ADDRESS        multicast group that is sent to (default: the hub's, or ${transport.group.value})
  --port N               UDP port of sound (default: the hub's, or ${transport.port.value})
  --interface NAME       network interface, by name or address (default: the first one)
  --peer ROOM=ADDRESS    another station, where there is no MQTT; may be repeated

  --sound SYSTEM         alsa, pulse, pipewire or none (default: what runs here)
  --microphone DEVICE    as the sound system calls it (default: its own choice)
  --loudspeaker DEVICE   the same
  --echo-cancel          PulseAudio's echo cancelling, set up now and undone at exit
  --button KIND          key (space or Enter: once to talk, once more to end), gpio:LINE or gpio:CHIP/LINE (a button
                         to ground; while it is held); default: key in a terminal. It answers what rings, and hangs up
  --target ROOM          whom to talk to (default: as set last, at first All Rooms)
  --priority N           0 normal, 1 high, 2 emergency (default: as set last)
  --volume N             0 to 100 (default: as set last, at first 80)
  --state FILE           what is kept, and the token (default: ~/.local/state/doorward/ROOM.json)

  --in FILE              speak this instead of the microphone: WAV, 16 kHz, mono, 16 bits; - for samples from stdin
  --out FILE             write what is heard instead of playing it; - for samples to stdout
  --talk-at MS           press the button after so long
  --talk-for MS          and let it go after so long (default 5000)
  --call-at MS           call the target after so long: a room, or whomever the hub knows by that name
  --answer-after MS      answer what rings after so long
  --hang-up-at MS        hang up, or decline what rings, after so long
  --run-for MS           end after so long (default: never)
  --json                 at the end, what was counted, as one line of JSON on stderr

exit code: 0 ended as asked, 1 could not run, 2 wrong usage
`;

/** `doorward room-station`. */
export const command: Command = {
  name: "room-station",
  summary: "be a station of the room intercom on this machine",
  usage,
  run: (args, context) => runStation(parseStationArguments(args), context),
};

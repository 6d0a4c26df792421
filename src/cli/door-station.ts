import { doorLimits } from "../protocols/door/limits.ts";
import type { Command } from "./command.ts";
import { runDoorStation } from "./door/station.ts";
import { parseStationArguments } from "./door/station-arguments.ts";

const usage = `usage: doorward door-station --host HUB --client-id NAME --mic [options]

A door station on any Linux machine: a bell, a microphone, a loudspeaker and a door opener, at Doorward's hub or at the host of
the Home Assistant intercom that speaks the same protocol. It registers again whenever the connection is lost.

  --host HOST            the hub's machine (default: 127.0.0.1)
  --port N               its port for door stations (default: ${doorLimits.port.value})
  --client-id NAME       its name, and the id of its device at the hub (default: intercom-1)
  --tls                  speak TLS
  --ca FILE              with the certificate authority in this file (PEM); Doorward's own is at /ca.crt of its page
  --no-token             show no token: for a hub that knows the station by its address
  --state FILE           where its token is kept, which it makes by itself (default:
                         ~/.local/state/doorward/door-NAME.json); $DOORWARD_DOOR_TOKEN goes before

  --mic                  sound by the machine's microphone and loudspeaker
  --sample-rate HZ       8000 to 48000 (default: 16000)
  --channels N           1 (default) or 2
  --frame-ms N           sound sent at a time, 10 to 400 (default: 40); more costs delay
  --sound SYSTEM         alsa, pulse, pipewire or none (default: what runs here)
  --microphone DEVICE    as the sound system calls it (default: its own choice)
  --loudspeaker DEVICE   the same
  --echo-cancel          PulseAudio's echo cancelling, set up now and undone at exit
  --in FILE              speak this in place of the microphone: WAV of that rate and channels; - for samples from stdin
  --out FILE             write what is heard in place of playing it; - for samples to stdout

  --button KIND          the bell: key (space or Enter), gpio:LINE or gpio:CHIP/LINE (a button to ground); default: key in
                         a terminal. The signal SIGUSR2 rings, too
  --bell NAME            name of the bell, where the door has several
  --ring                 ring once, as soon as it is registered
  --ring-at MS           the same so long after
  --relay KIND           what "unlock" switches: gpio:LINE, gpio:CHIP/LINE, or print (only say it)
  --relay-ms MS          for how long (default: 3000)
  --on COMMAND=PROGRAM   run a program for a command; it finds $DOORWARD_ORIGIN and $DOORWARD_PAYLOAD (JSON), and what it
                         prints is the answer; may be repeated

  --run-for MS           end after so long (default: never)
  --json                 at the end, what was counted, as one line of JSON on stderr

exit code: 0 ended as asked, 1 could not run, 2 wrong usage
`;

/** `doorward door-station`. */
export const command: Command = {
  name: "door-station",
  summary: "be a door station on this machine: bell, sound and door opener",
  usage,
  run: (args, context) => runDoorStation(parseStationArguments(args), context),
};

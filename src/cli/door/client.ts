import { DoorCommandError, type RunningDoorClient, startDoorClient } from "../../endpoints/door/index.ts";
import { followStartStop } from "../../endpoints/door/start-stop.ts";
import { samplesMicrophone } from "../../endpoints/machine/files.ts";
import type { SoundForm } from "../../endpoints/machine/sound-form.ts";
import { background } from "../../util/background.ts";
import { messageOf } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import type { CommandContext } from "../command.ts";
import { openSound } from "../open-sound.ts";
import type { DoorClientArguments } from "./client-arguments.ts";
import { countersText, stateTeller, tellOf } from "./common.ts";
import { untilOver } from "./until-over.ts";

/** A station that is not there yet, or has gone, is asked for sound again so often. */
const soundAgainMs = 3000;

/** Runs a client of doors until Ctrl+C, as long as it is told, or until its commands are answered. */
export async function runDoorClient(args: DoorClientArguments, context: CommandContext): Promise<number> {
  const { clock, log, stderr, stdout } = context;
  const tell = tellOf("ha-client", context);
  const { records, plays, tone, form } = args;
  await using opened = await openSound({ ...args.sound, records, plays }, { form, clock, tell });
  const microphone = tone ? samplesMicrophone(toneSamples(tone, form), clock, { form }) : opened.microphone;
  const counted = { events: 0, sent: 0, received: 0, lost: 0 };
  const state = stateTeller(args, tell);
  const work = new Commands(args, { tell, stdout });
  await using client = startDoorClient({
    ...args.address,
    clientId: args.clientId,
    token: process.env["DOORWARD_TOKEN"],
    sound: { microphone, loudspeaker: opened.loudspeaker, ...form },
    onState: (now) => {
      state(now);
      if (now.state === "connected") background(work.begin(client), (error) => tell(messageOf(error)));
    },
    onEvent: ({ event, payload, station }) => {
      counted.events++;
      const from = station === undefined ? "" : ` at ${station}`;
      tell(`${event}${from}${Object.keys(payload).length > 0 ? ` ${JSON.stringify(payload)}` : ""}`);
    },
    onStations: (stations) => {
      tell(
        stations.map(({ id, online }) => `${id} is ${online ? "there" : "away"}`).join(", ") || "there are no stations",
      );
    },
    onTrouble: (reason, details) => tell(`the hub says ${reason} ${JSON.stringify(details)}`),
    onAudioEnded: ({ streamId, counters }) => {
      for (const key of ["sent", "received", "lost"] as const) counted[key] += counters[key];
      tell(`sound ${streamId} has ended: ${countersText(counters)}`);
    },
    clock,
    log,
  });
  const onTick = () => {
    if (client.isConnected) background(work.listen(client), (error) => tell(messageOf(error)));
  };
  using _again = args.commands.length === 0 ? every(clock, soundAgainMs, onTick) : undefined;
  await using _broker = args.mqtt && openBroker(args.mqtt, { work, client, tell });
  const ended = args.commands.length > 0 ? Promise.race([client.ended, work.done]) : client.ended;
  await untilOver({ ended, runForMs: args.runForMs, context });
  if (client.audio && client.isConnected) await client.stopAudio().catch((error) => tell(messageOf(error)));
  if (args.json) stderr.write(`${JSON.stringify({ id: args.clientId, ...counted })}\n`);
  return work.failed ? 1 : 0;
}

interface ClientOutput {
  readonly tell: (text: string) => void;
  readonly stdout: CommandContext["stdout"];
}

/** What is done at each registration: sound is opened, and at the first one the commands of the command line are given. */
class Commands {
  readonly done: Promise<void>;
  failed = false;
  readonly #args: DoorClientArguments;
  readonly #out: ClientOutput;
  readonly #done = Promise.withResolvers<void>();
  #given = false;
  #asking = false;
  #wanted: boolean;
  #trouble = "";

  constructor(args: DoorClientArguments, out: ClientOutput) {
    this.#args = args;
    this.#wanted = args.autoStart;
    this.#out = out;
    this.done = this.#done.promise;
  }

  /** `start` and `stop` of MQTT: sound is kept open between the two. */
  wants(sound: boolean): void {
    this.#wanted = sound;
  }

  async begin(client: RunningDoorClient): Promise<void> {
    const { commands } = this.#args;
    if (commands.length === 0) await this.listen(client);
    if (this.#given) return;
    this.#given = true;
    for (const command of commands) await this.#give(client, command);
    this.#done.resolve();
  }

  /** Asks for sound, unless it has it or is not to. */
  async listen(client: RunningDoorClient): Promise<void> {
    const { station, streamId } = this.#args;
    const { tell } = this.#out;
    if (!this.#wanted || client.audio || this.#asking) return;
    this.#asking = true;
    try {
      const audio = await client.startAudio({ station, streamId });
      tell(`sound ${audio.streamId} goes both ways`);
      this.#trouble = "";
    } catch (error) {
      const trouble = `no sound: ${messageOf(error)}; it is asked for again`;
      if (trouble !== this.#trouble) tell(trouble);
      this.#trouble = trouble;
    } finally {
      this.#asking = false;
    }
  }

  async #give(client: RunningDoorClient, command: string): Promise<void> {
    const { payload, station } = this.#args;
    const { tell, stdout } = this.#out;
    try {
      const answer = await client.command(command, payload, { station });
      stdout.write(`${JSON.stringify(answer)}\n`);
    } catch (error) {
      if (!(error instanceof DoorCommandError)) throw error;
      this.failed = true;
      tell(`${command} failed: ${messageOf(error)}`);
    }
  }
}

function openBroker(
  mqtt: NonNullable<DoorClientArguments["mqtt"]>,
  how: { readonly work: Commands; readonly client: RunningDoorClient; readonly tell: (text: string) => void },
): AsyncDisposable {
  const { work, client, tell } = how;
  const onTrouble = (error: unknown) => tell(messageOf(error));
  return followStartStop({
    ...mqtt,
    password: process.env["DOORWARD_MQTT_PASSWORD"],
    onStart: () => {
      work.wants(true);
      if (client.isConnected) background(work.listen(client), onTrouble);
    },
    onStop: () => {
      work.wants(false);
      if (client.audio) background(client.stopAudio(), onTrouble);
    },
    onState: (state) => tell(`the broker: ${state}`),
  });
}

/** A minute of a tone, s16le. */
function toneSamples(tone: { readonly frequencyHz: number; readonly amplitude: number }, form: SoundForm): Uint8Array {
  const { sampleRateHz, channels } = form;
  const samples = new Int16Array(60 * sampleRateHz * channels);
  for (let i = 0; i < samples.length; i++) {
    const seconds = Math.floor(i / channels) / sampleRateHz;
    samples[i] = Math.round(32_767 * tone.amplitude * Math.sin(2 * Math.PI * tone.frequencyHz * seconds));
  }
  return new Uint8Array(samples.buffer);
}

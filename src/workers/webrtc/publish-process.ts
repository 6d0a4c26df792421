import type { Clock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { WorkerProcess } from "../process.ts";
import { machineUs } from "./child/time.ts";
import type { FromPublishChild, ToPublishChild } from "./messages.ts";
import { startNodeChild } from "./node-link.ts";
import { SharedTracks } from "./shared-tracks.ts";

/** Options of `createPublishWorker`. */
export interface PublishWorkerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The one UDP port of all publishers; any free one by default. */
  readonly udpPort?: number;
  readonly iceServers?: readonly string[];
  readonly announceAddresses?: readonly string[];
  readonly leaveOutInterfaces?: readonly string[];
}

/** What the child says of its peers. */
export type PublishNews = Exclude<FromPublishChild, { readonly type: "trouble" }>;

/** Options of {@link openPublishProcess}. */
export interface PublishProcessOptions extends PublishWorkerOptions {
  /** For the log and for errors: `publish worker`. */
  readonly name: string;
  readonly onMessage: (message: PublishNews) => void;
  /** The child is gone, with all its peers; it starts again when it is needed. */
  readonly onLost: (error: RecoverableError) => void;
}

/** The child that takes in what peers publish, or publishes to them, and the tracks that it is given. */
export function openPublishProcess(options: PublishProcessOptions): {
  readonly process: WorkerProcess<ToPublishChild, FromPublishChild>;
  readonly tracks: SharedTracks;
} {
  const { name, clock, log, onMessage, onLost } = options;
  const process: WorkerProcess<ToPublishChild, FromPublishChild> = new WorkerProcess({
    ...{ name, module: () => startNodeChild(), clock, log },
    onStart: () => process.post(configuration(options)),
    onMessage: (message) => {
      if (message.type === "trouble") log.warn({}, `${name}: ${message.message}`);
      else onMessage(message);
    },
    onLost: () => {
      tracks.reset();
      onLost(new RecoverableError(`the ${name} ended`, { code: "worker-lost" }));
    },
  });
  const tracks = new SharedTracks({ post: (message, onSent) => process.post(message, onSent), log });
  return { process, tracks };
}

function configuration(options: PublishProcessOptions): ToPublishChild {
  const { clock, udpPort = 0, iceServers = [], announceAddresses = [], leaveOutInterfaces = [] } = options;
  const clockOffsetUs = machineUs() - clock.nowUs();
  return { type: "configure", clockOffsetUs, udpPort, iceServers, announceAddresses, leaveOutInterfaces };
}

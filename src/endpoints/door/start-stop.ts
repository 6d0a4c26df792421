import { connect } from "mqtt";
import { networkReason } from "../../util/network-reason.ts";

/** Options of {@link followStartStop}. */
export interface StartStopOptions {
  /** mqtt://host:port or mqtts://host:port. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly topic: string;
  readonly onStart: () => void;
  readonly onStop: () => void;
  /** The broker is there, or not and why; told when that changes. */
  readonly onState: (state: string) => void;
}

const againMs = 5000;

/**
 * Hears `start` and `stop` on a topic (MQTT 5), as the Home Assistant intercom's phone service does; what the broker had kept is
 * no command. The connection is made again whenever it is lost. Ends when disposed.
 */
export function followStartStop(options: StartStopOptions): AsyncDisposable {
  const { url, username, password, topic, onStart, onStop, onState } = options;
  let last = "";
  const tell = (state: string) => {
    if (state !== last) onState(state);
    last = state;
  };
  const client = connect(url, {
    protocolVersion: 5,
    clean: true,
    reconnectPeriod: againMs,
    connectTimeout: 10_000,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  });
  client.on("connect", () => {
    client.subscribe(topic, { qos: 1 }, (error) =>
      tell(error ? `${topic} cannot be heard: ${error.message}` : "connected"),
    );
  });
  client.on("error", (error) => tell(networkReason(error)));
  const lost = () => tell(last === "connected" || last === "" ? "the connection was lost" : last);
  client.on("close", lost);
  client.on("message", (_topic, payload, { retain }) => {
    if (retain) return;
    const word = payload.subarray(0, 16).toString("utf8").trim();
    if (word === "start") onStart();
    else if (word === "stop") onStop();
  });
  return {
    [Symbol.asyncDispose]: async () => {
      client.off("close", lost);
      await client.endAsync(true);
    },
  };
}

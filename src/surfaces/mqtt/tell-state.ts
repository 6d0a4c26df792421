import type { Faults } from "../../util/faults.ts";
import type { Log } from "../../util/log.ts";
import type { ConnectionState } from "./connect.ts";

const fault = "mqtt";
const messages = "Room stations and Home Assistant are not reached: no connection to the MQTT broker";

/** Tells people how the connection to the broker is: in the log, on /health and on the page. */
export function tellState(faults: Faults, log: Log): (state: ConnectionState) => void {
  let told: string | undefined;
  const tell = (what: string, say: () => void) => {
    if (told !== what) say();
    told = what;
  };
  return (state) => {
    if (state.state === "connected") {
      faults.clear(fault);
      tell("connected", () => log.info({ version: state.version === 5 ? "5" : "3.1.1" }, "MQTT: connected"));
    } else if (state.state === "thrown-out") {
      const what = "Another program uses the hub's MQTT client id: each throws the other out";
      const advice =
        "Find out whether a second hub runs with a copy of this one's data. The hub tries again each minute or two.";
      faults.raise(fault, { what, advice });
      tell(what, () => log.error({}, `MQTT: ${what}`));
    } else {
      faults.raise(fault, {
        what: messages,
        advice: `The hub tries again by itself. The broker: ${state.why}. Check it, and "mqtt" in the configuration.`,
      });
      tell(state.why, () => log.warn({}, `MQTT: no connection to the broker: ${state.why}`));
    }
  };
}

import type { BackendState } from "../../endpoints/agent/index.ts";
import { signallingLimits } from "../../protocols/signalling/limits.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** Options of {@link toldState}. */
export interface ToldStateOptions {
  readonly deviceId: string;
  readonly backend: string;
  /** A code by which somebody lets the agent in, where the backend gives one. */
  readonly pairingCode: () => Promise<string | undefined>;
  readonly tell: (text: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Tells people how the connection stands: what only they can mend is said once, with a code by which they may let the agent
 * in; another code follows when that one counts no more.
 */
export function toldState(options: ToldStateOptions): (state: BackendState) => void {
  const { deviceId, backend, tell, clock, log } = options;
  let codeUntilUs = 0;
  const showCode = async () => {
    const code = await options.pairingCode();
    if (code) tell(`an administrator lets it in on the hub's page, or pairs it by the code ${code}`);
  };
  return (state) => {
    if (state.state === "connected") {
      codeUntilUs = 0;
      tell(`${deviceId} is connected to ${backend}`);
      return;
    }
    const { why, retryMs, person, news } = state;
    if (news) tell(`${why}; again in ${Math.ceil(retryMs / 1000)} s${person ? ", and until somebody mends it" : ""}`);
    if (!person || clock.nowUs() < codeUntilUs) return;
    codeUntilUs = clock.nowUs() + signallingLimits.pairingMs * 1000;
    background(showCode(), (error) => log.debug({ err: error }, `no pairing code: ${messageOf(error)}`));
  };
}

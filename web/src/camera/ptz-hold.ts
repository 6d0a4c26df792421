import { call } from "../api.ts";
import { randomId } from "../pure/random-id.ts";

/** How a camera is to turn, each from -1 to 1: to the right, up, closer. */
export interface PtzVector {
  readonly pan?: number;
  readonly tilt?: number;
  readonly zoom?: number;
}

/** The hub stops the camera a second after the last word. */
const againMs = 400;

/**
 * One press of a button that turns a camera: it turns until `end`, or until the hub hears nothing more. Words of a hold that is
 * over move nothing, in whatever order they arrive.
 */
export class PtzHold {
  readonly #device: string;
  readonly #vector: PtzVector;
  readonly #onFault: (error: unknown) => void;
  readonly #hold = randomId();
  readonly #over = new AbortController();

  constructor(options: {
    readonly device: string;
    readonly vector: PtzVector;
    readonly onFault: (error: unknown) => void;
  }) {
    this.#device = options.device;
    this.#vector = options.vector;
    this.#onFault = options.onFault;
    void this.#turn();
  }

  /** Lets go. */
  end(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#say("stop", {}).catch(this.#onFault);
  }

  async #turn(): Promise<void> {
    try {
      while (!this.#over.signal.aborted) {
        const begunMs = performance.now();
        await this.#say("move", this.#vector);
        const restMs = againMs - (performance.now() - begunMs);
        if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
      }
    } catch (error) {
      if (this.#over.signal.aborted) return;
      this.#onFault(error);
      this.end();
    }
  }

  async #say(what: "move" | "stop", body: object): Promise<void> {
    await call("POST", `/api/v1/devices/${encodeURIComponent(this.#device)}/ptz/${what}`, {
      body: { hold: this.#hold, ...body },
    });
  }
}

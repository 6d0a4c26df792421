import { WireError } from "../../util/errors.ts";

/**
 * Header fields of one RTSP message, in order. Names compare without regard to case, and a field may occur more than once
 * (`WWW-Authenticate` does).
 */
export class RtspHeaders implements Iterable<readonly [name: string, value: string]> {
  readonly #fields: (readonly [string, string])[] = [];

  constructor(fields: Readonly<Record<string, string | number | undefined>> = {}) {
    for (const [name, value] of Object.entries(fields)) if (value !== undefined) this.add(name, String(value));
  }

  /** True for what may be the name of a field. */
  static isName(name: string): boolean {
    return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
  }

  /** Value of the first field called `name`. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#fields.find(([field]) => field.toLowerCase() === wanted)?.[1];
  }

  /** Values of all fields called `name`. */
  all(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#fields.filter(([field]) => field.toLowerCase() === wanted).map(([, value]) => value);
  }

  /** Adds a field. Throws WireError for a name or value that would break the message apart. */
  add(name: string, value: string): void {
    if (!RtspHeaders.isName(name)) throw new WireError("rtsp header: name is no token");
    if (/[\r\n\0]/.test(value)) throw new WireError(`rtsp header: line break in ${name}`);
    this.#fields.push([name, value]);
  }

  /** True when `name` is there. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#fields[Symbol.iterator]();
  }
}

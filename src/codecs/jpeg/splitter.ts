/** Longest picture. */
const maxBytes = 8 * 1024 * 1024;

/**
 * Finds JPEG files in a stream of bytes, whatever lies between them, by their own segments: the boundaries and lengths
 * that cameras write around them are often wrong, and a picture may hold a smaller one in its header.
 */
export class JpegSplitter {
  #buffer: Buffer = Buffer.alloc(0);
  /** How far it was looked at. */
  #at = 0;
  #where: "between" | "header" | "scan" = "between";

  /** Takes bytes as they come; gives the pictures that end in them. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    const found: Uint8Array[] = [];
    for (let end = this.#advance(); end !== undefined; end = this.#advance()) {
      if (end > 0) found.push(Uint8Array.from(this.#buffer.subarray(0, end)));
      this.#drop(end > 0 ? end : 2);
    }
    if (this.#buffer.length > maxBytes) this.#drop(this.#buffer.length);
    return found;
  }

  /** Length of the picture that is complete; 0 for what was none; undefined when more bytes are needed. */
  #advance(): number | undefined {
    for (;;) {
      const step = this.#step();
      if (step !== "on") return step;
    }
  }

  #step(): "on" | number | undefined {
    if (this.#where === "between") return this.#seek();
    return this.#where === "header" ? this.#header() : this.#scan();
  }

  #seek(): "on" | undefined {
    const start = this.#buffer.indexOf(Buffer.of(0xff, 0xd8, 0xff));
    if (start < 0) {
      this.#drop(Math.max(0, this.#buffer.length - 2));
      return undefined;
    }
    this.#drop(start);
    this.#at = 2;
    this.#where = "header";
    return "on";
  }

  #header(): "on" | number | undefined {
    const [at, bytes] = [this.#at, this.#buffer];
    if (bytes.length < at + 4) return undefined;
    if (bytes[at] !== 0xff) return 0;
    const kind = bytes[at + 1]!;
    if (kind === 0xff) this.#at++;
    else if (kind < 0xc0 || (kind >= 0xd0 && kind <= 0xd9)) return 0;
    else {
      this.#at += 2 + Math.max(2, bytes.readUInt16BE(at + 2));
      if (kind === 0xda) this.#where = "scan";
    }
    return "on";
  }

  #scan(): "on" | number | undefined {
    const at = this.#buffer.indexOf(0xff, this.#at);
    const kind = at < 0 ? undefined : this.#buffer[at + 1];
    this.#at = at < 0 ? Math.max(this.#at, this.#buffer.length) : at;
    if (kind === undefined) return undefined;
    if (kind === 0xd9) return at + 2;
    // Escaped bytes and restart markers belong to the picture; anything else is a header within it.
    if (kind === 0 || (kind >= 0xd0 && kind <= 0xd7)) this.#at += 2;
    else if (kind === 0xff) this.#at++;
    else this.#where = "header";
    return "on";
  }

  #drop(bytes: number): void {
    this.#buffer = this.#buffer.subarray(bytes);
    this.#at = 0;
    this.#where = "between";
  }
}

/** Longest picture. */
const maxBytes = 8 * 1024 * 1024;
const firstBytes = 64 * 1024;

/**
 * Finds JPEG files in a stream of bytes, whatever lies between them, by their own segments: the boundaries and lengths
 * that cameras write around them are often wrong, and a picture may hold a smaller one in its header.
 */
export class JpegSplitter {
  /** Room for more than is held, so that a picture is copied a few times and not with each piece of it. */
  #room: Buffer = Buffer.alloc(0);
  /** What is held of it. */
  #buffer: Buffer = this.#room;
  #copiedBytes = 0;
  /** How far it was looked at. */
  #at = 0;
  #where: "between" | "header" | "scan" = "between";

  /** How many bytes were copied so far to hold them. */
  get copiedBytes(): number {
    return this.#copiedBytes;
  }

  /** Takes bytes as they come; gives the pictures that end in them. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#append(chunk);
    const found: Uint8Array[] = [];
    for (let end = this.#advance(); end !== undefined; end = this.#advance()) {
      if (end > 0) found.push(Uint8Array.from(this.#buffer.subarray(0, end)));
      this.#drop(end > 0 ? end : 2);
    }
    if (this.#buffer.length > maxBytes) this.#drop(this.#buffer.length);
    return found;
  }

  /** Behind what is held, where there is room; else all moves to the front of twice the room it needs. */
  #append(chunk: Uint8Array): void {
    const held = this.#buffer.length;
    const end = held + chunk.length;
    const begin = this.#buffer.byteOffset - this.#room.byteOffset;
    if (begin + end <= this.#room.length) {
      this.#room.set(chunk, begin + held);
      this.#buffer = this.#room.subarray(begin, begin + end);
    } else {
      const room = Buffer.alloc(Math.max(firstBytes, 2 * end));
      room.set(this.#buffer);
      room.set(chunk, held);
      this.#room = room;
      this.#buffer = room.subarray(0, end);
      this.#copiedBytes += held;
    }
    this.#copiedBytes += chunk.length;
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

import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { UsageError } from "../command.ts";

const shortest = 8;

/** Options of {@link askPassphrase}. */
export interface PassphraseOptions {
  /** A file whose first line it is. */
  readonly file: string | undefined;
  /** A new one is asked for twice. */
  readonly isNew: boolean;
  readonly signal: AbortSignal;
}

/** The passphrase of a backup, from a file or from whoever sits at the terminal. Throws UsageError. */
export async function askPassphrase({ file, isNew, signal }: PassphraseOptions): Promise<string> {
  if (file !== undefined) return checked((await readFile(file, "utf8")).split(/\r?\n/)[0] ?? "", isNew);
  if (process.stdin.isTTY !== true)
    throw new UsageError("there is no terminal to ask for the passphrase: give --passphrase-file");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  using _closed = { [Symbol.dispose]: () => terminal.close() };
  const ask = async (words: string) => {
    process.stderr.write(words);
    const answer = await terminal.question("", { signal });
    process.stderr.write("\n");
    return answer;
  };
  const passphrase = checked(await ask("Passphrase: "), isNew);
  if (isNew && (await ask("Again: ")) !== passphrase) throw new UsageError("the two are not the same");
  return passphrase;
}

function checked(passphrase: string, isNew: boolean): string {
  if (isNew && passphrase.length < shortest)
    throw new UsageError(`the passphrase needs at least ${shortest} characters`);
  if (passphrase === "") throw new UsageError("the passphrase is empty");
  return passphrase;
}

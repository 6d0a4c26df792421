/** Makes a bundle of `entry` in `folder`; gives the files that are in it. `onLoad` hears of each file before it is read. */
export function makeBundle(options: {
  readonly entry: string;
  readonly folder: string;
  readonly onLoad?: (file: string) => void;
}): Promise<readonly string[]>;
/** Notes the state of what a program's bundle is made of: npm's files at once, and each file that `onLoad` hears of. */
export function inputsOf(program: string): {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly onLoad: (file: string) => void;
};

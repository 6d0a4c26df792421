/** Where the bundle lies beside sources, from the project's folder. */
export const bundleFolder: string;
/** Path of the command line's entry: the fresh bundle, else the sources or what was built of them. */
export function entryOf(root: string, environment?: Readonly<Record<string, string | undefined>>): string;
/** Entry of the bundle in a checkout; undefined when there is none or it was made of other files. */
export function freshBundle(root: string): string | undefined;
/** Bytes of a file and when it was written; empty where there is none. */
export function stateOf(path: string): readonly number[];

/** Where the bundle lies beside sources, from the project's folder. */
export const bundleFolder: string;
/** Path of the command line's entry: the fresh bundle, else the sources or what was built of them. */
export function entryOf(root: string, environment?: Readonly<Record<string, string | undefined>>): string;
/** Entry of the bundle in a checkout; undefined when there is none or it was made of other files. */
export function freshBundle(root: string): string | undefined;
/** Size and time of a file, as text. */
export function stateOf(path: string): string;

/**
 * Lets `work` go on with nobody waiting for it. Its failure goes to `onError`, from the very beginning: a promise that
 * somebody means to look at later ends the process when it fails before.
 */
export function background(work: PromiseLike<unknown>, onError: (error: unknown) => void): void {
  work.then(undefined, onError);
}

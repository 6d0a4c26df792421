/** Tasks one after the other, in the order in which they were asked for; one that fails stops none of the next. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Runs `task` once every earlier one has ended, and gives what it gives. A task that waits for another of the same
   * queue waits for ever: let the outer one call what the inner one does.
   */
  run<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}

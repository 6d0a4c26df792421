import { background } from "../util/background.ts";

/** Options of {@link tee}. */
export interface TeeOptions {
  readonly count: number;
  /** How far the fastest branch may be ahead of the slowest, in items. */
  readonly maxAhead: number;
}

interface Branch<T> {
  readonly items: T[];
  open: boolean;
}

/**
 * Splits one pulled stream into `count` branches that each see every item. The source is pulled when the fastest branch
 * wants more, but never more than `maxAhead` items before the slowest branch that is still reading; a branch that
 * returns early no longer counts. An error of the source reaches every branch.
 */
export function tee<T>(source: AsyncIterable<T>, options: TeeOptions): AsyncIterable<T>[] {
  const branches: Branch<T>[] = Array.from({ length: options.count }, () => ({ items: [], open: true }));
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  let pulling = false;
  let changed = Promise.withResolvers<void>();

  const notify = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const hasRoom = () => branches.every(({ open, items }) => !open || items.length < options.maxAhead);

  const pull = async () => {
    if (pulling || ended || !hasRoom()) return;
    pulling = true;
    try {
      const { done, value } = await iterator.next();
      if (done) ended = true;
      else for (const branch of branches) if (branch.open) branch.items.push(value);
    } catch (error) {
      failure = { error };
      ended = true;
    } finally {
      pulling = false;
      notify();
    }
  };

  const leave = async (branch: Branch<T>) => {
    branch.open = false;
    branch.items.length = 0;
    notify();
    if (branches.some(({ open }) => open)) return;
    ended = true;
    await iterator.return?.();
  };

  async function* read(branch: Branch<T>): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const item = branch.items.shift();
        if (item !== undefined) {
          notify();
          yield item;
        } else if (failure) throw failure.error;
        else if (ended) return;
        else {
          const wait = changed.promise;
          background(pull(), (error) => {
            failure = { error };
          });
          await wait;
        }
      }
    } finally {
      await leave(branch);
    }
  }

  return branches.map((branch) => read(branch));
}

export interface WorkQueue {
  add(task: () => Promise<void>): void;
  isBusy(): boolean;
  /** Resolves when nothing waits. */
  done(): Promise<void>;
}

/** More don't wait; what they were for comes again with the next connection. */
const MOST = 10_000;

/** One task after another; one that fails is told, and the next goes on. */
export function workQueue(failed: (error: unknown) => void): WorkQueue {
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  return {
    add(task) {
      if (waiting >= MOST) {
        failed(new RangeError("too much work waits"));
        return;
      }
      waiting += 1;
      last = last
        .then(task)
        .catch(failed)
        .finally(() => {
          waiting -= 1;
        });
    },
    isBusy: () => waiting > 0,
    async done() {
      let awaited: Promise<void>;
      do {
        awaited = last;
        await awaited;
      } while (awaited !== last);
    },
  };
}

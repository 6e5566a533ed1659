export interface WorkQueue {
  /** Tasks of one lane follow one another; lanes don't wait for one another. */
  add(lane: string, task: () => Promise<void>): void;
  isBusy(): boolean;
  /** Resolves when nothing waits, in all lanes or in those that are asked about. */
  done(isAsked?: (lane: string) => boolean): Promise<void>;
}

/** More don't wait, in all lanes together; what they were for comes again with the next connection. */
const MOST = 10_000;

/** A task that fails is told with its lane, and the next goes on. `did`: one of that lane hasn't failed. */
export function workQueue(
  failed: (error: unknown, lane: string) => void,
  did: (lane: string) => void = () => {},
): WorkQueue {
  const lanes = new Map<string, Promise<void>>();
  let waiting = 0;
  return {
    add(lane, task) {
      if (waiting >= MOST) {
        failed(new RangeError("too much work waits"), lane);
        return;
      }
      waiting += 1;
      const turn = (lanes.get(lane) ?? Promise.resolve())
        .then(task)
        .then(
          () => did(lane),
          (error: unknown) => failed(error, lane),
        )
        .finally(() => {
          waiting -= 1;
          if (lanes.get(lane) === turn) lanes.delete(lane);
        });
      lanes.set(lane, turn);
    },
    isBusy: () => waiting > 0,
    async done(isAsked = () => true) {
      for (;;) {
        const asked = [...lanes].flatMap(([lane, turn]) => (isAsked(lane) ? [turn] : []));
        if (asked.length === 0) return;
        await Promise.all(asked);
      }
    },
  };
}

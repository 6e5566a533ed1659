/** Lets a few through at once, some wait, and sends the rest away. */
export interface Gate {
  /** Resolves with the task's result; `full`: too many wait already; `late`: `deadline` came while it waited. */
  pass<T>(task: () => Promise<T>, deadline: AbortSignal): Promise<T | "full" | "late">;
}

export function createGate(atOnce: number, waiting: number): Gate {
  let inside = 0;
  const queue = new Set<() => void>();

  function enter(deadline: AbortSignal): Promise<"inside" | "full" | "late"> {
    if (inside < atOnce) {
      inside += 1;
      return Promise.resolve("inside");
    }
    if (queue.size >= waiting) {
      return Promise.resolve("full");
    }
    return new Promise((resolve) => {
      const letIn = () => {
        deadline.removeEventListener("abort", giveUp);
        resolve("inside");
      };
      const giveUp = () => {
        queue.delete(letIn);
        resolve("late");
      };
      queue.add(letIn);
      deadline.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Whoever waits longest takes the place over; so `inside` stays as it is. */
  function leave(): void {
    const [next] = queue;
    if (next === undefined) {
      inside -= 1;
    } else {
      queue.delete(next);
      next();
    }
  }

  return {
    async pass(task, deadline) {
      const entered = await enter(deadline);
      if (entered !== "inside") {
        return entered;
      }
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}

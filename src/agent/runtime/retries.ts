/** What has to be done on a connection, again and again while it lasts, less and less often: the server's disk or one's own may have failed it. */
export interface Retries {
  /** On a new connection this is what is done again. */
  begin(work: () => void): void;
  /** After a while; asked for meanwhile, once. */
  later(): void;
  end(): void;
}

/** @param first milliseconds to the first time; each next takes twice as long, `longest` at most. */
export function retries({ first, longest }: { readonly first: number; readonly longest: number }): Retries {
  let work: (() => void) | null = null;
  let timer: NodeJS.Timeout | undefined;
  let wait = first;
  return {
    begin(next) {
      [work, wait] = [next, first];
    },
    later() {
      if (work === null || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        work?.();
      }, wait).unref();
      wait = Math.min(longest, wait * 2);
    },
    end() {
      clearTimeout(timer);
      [work, timer] = [null, undefined];
    },
  };
}

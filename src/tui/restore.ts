/** A row that the terminal finds wider than we do (it knows an emoji's parts only) is cut off, and does not push the rest down. */
export const CUT_ROWS = "\u001b[?7l";
export const WRAP_ROWS = "\u001b[?7h";

/** Bracketed paste off, cursor shown, rows wrapped, the screen before ours. */
const AS_IT_WAS = `\u001b[?2004l\u001b[?25h${WRAP_ROWS}\u001b[?1049l`;

/** What has to be done to the end of a screen, beyond its own. */
export interface Ending {
  readonly stdout: NodeJS.WriteStream;
  /** Ends the drawing and the reading of keys; called before anything is restored. */
  readonly unmount: () => void;
  /** The process is told to end, or the terminal is gone. */
  readonly onEnd: () => void;
}

/**
 * Sees to it that the terminal is left as it was however this process ends: by a signal, an exit, an error that nobody
 * caught. Returns what does it now.
 */
export function restoreAtEnd({ stdout, unmount, onEnd }: Ending): () => void {
  let restored = false;
  const restore = (): void => {
    if (restored) return;
    restored = true;
    process.off("exit", restore).off("uncaughtExceptionMonitor", restore);
    process.off("SIGTERM", onEnd).off("SIGINT", onEnd).off("SIGHUP", onEnd);
    try {
      unmount();
      stdout.write(AS_IT_WAS);
    } catch {
      // The terminal has been closed: nothing is left to restore.
    }
  };
  // The monitor runs before Node prints the error, which would else vanish with our screen.
  process.on("exit", restore).on("uncaughtExceptionMonitor", restore);
  process.on("SIGTERM", onEnd).on("SIGINT", onEnd).on("SIGHUP", onEnd);
  // Writing fails when the terminal was closed; reading does, too (`keys/keyboard`), and SIGHUP says the same where it isn't ignored.
  stdout.on("error", onEnd);
  return restore;
}

/**
 * `net`: sockets and their bounds: listeners, what the first bytes tell, connections of lines and of frames. Nothing here
 * knows what a message means.
 */

/**
 * Why a connection is closed: `ended` and `destroyed` by us; `left` by the peer, in order; `slow-reader` when it didn't take what
 * we sent; `reset` by the peer or its kernel; `timeout` when the peer can't be reached any more; `failed` for what else
 * the system may say.
 */
export type CloseReason = "ended" | "destroyed" | "left" | "slow-reader" | "reset" | "timeout" | "failed";

/** The reason that a socket's error tells; without an error, the peer left. */
export function reasonOf(error: Error | null): CloseReason {
  if (error === null) return "left";
  switch ((error as NodeJS.ErrnoException).code) {
    case "ECONNRESET":
    case "ECONNABORTED":
    case "EPIPE":
      return "reset";
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "EHOSTDOWN":
    case "ENETUNREACH":
    case "ENETDOWN":
      return "timeout";
    default:
      return "failed";
  }
}

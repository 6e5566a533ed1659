/**
 * How `pad` gets to a server from this machine, and what stands in the way. Where programs have the tailnet's addresses to
 * themselves that is plain TCP; beside a tailscaled in userspace mode only tailscaled itself gets there.
 */
import type { Surroundings } from "../../args/command.ts";
import type { ConnectionEnd, Open, ServerAddress } from "../../client/index.ts";

/** To be spread into the options of `connect`. */
export interface Reach {
  readonly open?: Open;
}

/** Never rejects, and asks nobody by itself: the way is looked for with each attempt to connect. */
export async function reach(server: ServerAddress, surroundings: Surroundings): Promise<Reach> {
  void server;
  void surroundings;
  return {};
}

/**
 * One or two sentences about the state of this machine's Tailscale where that may be why the server could not be reached;
 * null where it has nothing to do with it, or can't be told. Takes a second at most; never rejects.
 */
export async function explainUnreachable(
  end: ConnectionEnd,
  server: ServerAddress,
  surroundings: Surroundings,
): Promise<string | null> {
  void end;
  void server;
  void surroundings;
  return null;
}

/** The tailnet login of this machine's owner; null: tagged, or no tailscaled says so within a second. Never rejects. */
export async function ownLogin(surroundings: Surroundings): Promise<string | null> {
  void surroundings;
  return null;
}

/**
 * `cli/chatting`: `pad chat` without the full screen: line by line on a terminal, or through pipes, on the same view-models as
 * the full screen.
 */

import type { ProcessContext } from "../../args/command.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { visibleLine } from "../../text/visible.ts";
import { isThisMachine, ownLogin } from "../reach/index.ts";

/**
 * What somebody should know who has a login in the tailnet and connects on the server's own machine, where who-is knows nobody: no
 * line, or one.
 */
export async function aboutBeingLocal(
  name: string,
  { host }: ServerAddress,
  context: ProcessContext,
): Promise<readonly string[]> {
  const login = isThisMachine(host) ? await ownLogin(context) : null;
  if (login === null || login === "") return [];
  const me = visibleLine(name);
  return [
    `This is the server's own machine, where anybody who is logged in counts as "local": you are ${me} by name and key, and not ${visibleLine(login)} as on your other machines. On a machine that is yours alone, padserve serve --trust-local changes that (never behind tailscale serve).`,
  ];
}

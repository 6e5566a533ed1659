/**
 * `cli/chatting`: `pad chat` without the full screen: line by line on a terminal, or through pipes, on the same view-models as
 * the full screen.
 */

import type { ProcessContext } from "../../args/command.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import type { SealedChat } from "../../client/index.ts";
import { visibleLine } from "../../text/visible.ts";
import { whenReader } from "../sealed/whereabouts.ts";
import { isThisMachine, ownLogin } from "../reach/index.ts";

/**
 * What somebody should know who has a login in the tailnet and connects on the server's own machine, where who-is knows nobody: no
 * line, or one, when the server has said whom it takes us for. Never rejects.
 */
export async function aboutBeingLocal(
  chat: SealedChat,
  { host }: ServerAddress,
  context: ProcessContext,
): Promise<readonly string[]> {
  if (!isThisMachine(host) || !(await isNameOnly(chat, context.stop))) return [];
  const login = await ownLogin(context);
  if (login === null || login === "") return [];
  const me = visibleLine(chat.me);
  return [
    `This is the server's own machine, where anybody who is logged in counts as "local": you are ${me} by name and key, and not ${visibleLine(login)} as on your other machines. On a machine that is yours alone, padserve serve --trust-local changes that (never behind tailscale serve).`,
  ];
}

/** With --trust-local one is a person here, too. */
async function isNameOnly(chat: SealedChat, stop: AbortSignal): Promise<boolean> {
  await chat.online();
  const room = chat.conversations.find(({ kind }) => kind === "sealed-room");
  if (room === undefined || !(await whenReader(chat, room, stop))) return false;
  const reply = await chat.members(room.id);
  return reply.kind === "answered" && reply.value.some(({ isSelf, kind }) => isSelf && kind === "name");
}

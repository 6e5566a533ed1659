import { longestText, type PadClient } from "../client/classic/index.ts";
import type { Outcome } from "../client/index.ts";
import { isSameId } from "../view/chat/conversations.ts";
import { OPEN_ROOM } from "../view/chat/snapshot.ts";

/** Whom a message is for, as the client library has it: `ALL`, in any case, is everybody. */
export function addressee(words: string): string {
  return isSameId(words, OPEN_ROOM) ? OPEN_ROOM : words;
}

/** Says a text to an addressee. One that is too long stays here: a server would close the connection over it. */
export async function say(client: PadClient, to: string, text: string): Promise<Outcome> {
  if (Buffer.byteLength(text) > longestText(to)) return { kind: "not-sent", why: "too-long" };
  return to === OPEN_ROOM ? client.broadcast(text) : client.send(to, text);
}

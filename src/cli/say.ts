import { longestText, type PadClient } from "../client/classic/index.ts";
import { isSameName, OPEN_ROOM_NAME, type Outcome } from "../client/index.ts";

/** Whom a message is for, as the client library has it: `ALL`, in any case, is everybody. */
export function addressee(words: string): string {
  return isSameName(words, OPEN_ROOM_NAME) ? OPEN_ROOM_NAME : words;
}

/** Says a text to an addressee. One that is too long stays here: a server would close the connection over it. */
export async function say(client: PadClient, to: string, text: string): Promise<Outcome> {
  if (Buffer.byteLength(text) > longestText(to)) return { kind: "not-sent", why: "too-long" };
  return to === OPEN_ROOM_NAME ? client.broadcast(text) : client.send(to, text);
}

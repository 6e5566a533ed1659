import { isWord } from "../../wire/classic/blanks.ts";
import { sealBroadcast } from "../../wire/classic/broadcast-cipher.ts";
import { encodeClientLine } from "../../wire/classic/client-lines.ts";
import { sealPad } from "../../wire/classic/pad.ts";
import {
  bansAnswer,
  broadcastAnswer,
  helpAnswer,
  infoAnswer,
  listAnswer,
  orderAnswer,
  serverInfoAnswer,
} from "./answers.ts";
import type { AnswerReader } from "./blocks.ts";
import { directAnswer, presenceAnswer } from "./direct-proof.ts";
import type { Answered, HelpEntry, PublicInfo, ServerInfo, Taken } from "../outcomes.ts";

/** What to send, given the connection's key, and how to read what comes back. Used once. */
export interface Command<T> {
  readonly lines: (key: Uint8Array) => string;
  readonly answer: AnswerReader<T>;
}

/** Whether a message or an order can be addressed to it: one word, and not the open room. */
export function isRecipient(id: string): boolean {
  return isWord(id) && id !== "ALL";
}

export function broadcast(text: string): Command<Taken> {
  return {
    lines: (key) => encodeClientLine({ kind: "broadcast", payload: sealBroadcast(key, text) }),
    answer: broadcastAnswer(),
  };
}

/** `to` is a recipient. */
export function direct(ownId: string, to: string, text: string): Command<Taken> {
  return {
    lines: () => encodeClientLine({ kind: "direct", to, body: sealPad(text) }) + encodeClientLine({ kind: "list" }),
    answer: directAnswer(ownId),
  };
}

export function signOfLife(ownId: string): Command<Taken> {
  return plain("list", presenceAnswer(ownId));
}

/** `target` is a recipient. */
export function order(kind: "kick" | "ban" | "unban", target: string): Command<Taken> {
  return { lines: () => encodeClientLine({ kind, words: [target] }), answer: orderAnswer(kind) };
}

export const list = (): Command<Answered<readonly string[]>> => plain("list", listAnswer());
export const info = (): Command<Answered<PublicInfo>> => plain("info", infoAnswer());
export const help = (): Command<Answered<readonly HelpEntry[]>> => plain("help", helpAnswer());
export const serverInfo = (): Command<Answered<ServerInfo>> => plain("server-info", serverInfoAnswer());
export const listBans = (): Command<Answered<readonly string[]>> => plain("list-bans", bansAnswer());

function plain<T>(kind: "list" | "info" | "help" | "server-info" | "list-bans", answer: AnswerReader<T>): Command<T> {
  return { lines: () => encodeClientLine({ kind }), answer };
}

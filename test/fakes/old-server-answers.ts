/** What the fake of the original's servers answers, line by line. Part of `fake-old-server.ts`. */
import type { Socket } from "node:net";
import { openBroadcast } from "../../src/wire/classic/broadcast-cipher.ts";
import { sharedKey } from "../../src/wire/classic/key-exchange.ts";
import type { KeyPair } from "../../src/wire/classic/key-exchange.ts";
import { sealPad } from "../../src/wire/classic/pad.ts";

export interface OldClient {
  id: string;
  readonly socket: Socket;
  key: Uint8Array | null;
  /** Inside CLIENTPUBKEY … END CLIENTPUBKEY: what came so far. */
  keyHex: string | null;
  readonly say: (text: string) => void;
}

export interface OldServerState {
  readonly generation: 1 | 2 | 3;
  readonly pair: KeyPair;
  readonly publicKey: string;
  readonly clients: Map<string, OldClient>;
  readonly banned: Set<string>;
  operator: string;
}

export function answerLine(state: OldServerState, client: OldClient, line: string): void {
  if (client.keyHex !== null) {
    readKey(state, client, client.keyHex, line);
    return;
  }
  const [, ...args] = line.split(" ");
  switch (verbOf(state, line)) {
    case "REGISTER":
      return register(state, client, args);
    case "CLIENTPUBKEY":
      client.keyHex = "";
      return;
    case "SEND":
      return send(state, client, args);
    case "LIST":
      return client.say(state.generation === 1 ? `${ids(state)}LISTED\n` : marked(ids(state)));
    case "INFO":
      return client.say(infoText(state));
    case "SERVERHELP":
      return client.say(helpText(state, client));
    case "KICK":
    case "BAN":
    case "UNBAN":
    case "LISTBANS":
    case "SERVERINFO":
      return operatorCommand(state, client, line);
    default:
      return client.say(`ERROR Unknown command: ${line}\n`);
  }
}

const VERBS = {
  1: ["REGISTER", "CLIENTPUBKEY", "SEND", "LIST", "INFO", "SERVERHELP"],
  2: ["REGISTER", "KICK", "BAN", "UNBAN", "LISTBANS", "CLIENTPUBKEY", "SEND", "LIST", "INFO", "SERVERHELP"],
  3: ["REGISTER", "KICK", "BAN", "UNBAN", "LISTBANS", "CLIENTPUBKEY", "SEND", "LIST", "SERVERINFO", "SERVERHELP"],
} as const;

/** Generation 1 looks at how the line begins, so LISTBANS is LIST to it; the others look at the first word. */
function verbOf({ generation }: OldServerState, line: string): string | undefined {
  return VERBS[generation].find((verb) => (generation === 1 ? line.startsWith(verb) : line.split(" ")[0] === verb));
}

function register(state: OldServerState, client: OldClient, args: readonly string[]): void {
  const [id] = args;
  if (id === undefined || args.length !== 1) return client.say("ERROR Invalid REGISTER command\n");
  if (state.banned.has(id)) {
    client.say("ERROR You are banned from this server\n");
    client.socket.end();
    return;
  }
  if (state.generation > 1 && state.clients.has(id)) return client.say("ERROR Client name already registered\n");
  const first = state.generation > 1 && state.clients.size === 0;
  if (first) state.operator = id;
  client.id = id;
  state.clients.set(id, client);
  client.say(first ? "REGISTERED as operator\n" : "REGISTERED\n");
  client.say(`PUBLICKEY\n${state.publicKey}\nEND PUBLICKEY\n`);
}

function readKey(state: OldServerState, client: OldClient, hex: string, line: string): void {
  client.keyHex = line === "END CLIENTPUBKEY" ? null : hex + line;
  if (client.keyHex !== null) return;
  client.key = sharedKey(state.pair, Buffer.from(hex, "hex"));
  if (state.generation > 1) client.say("CLIENTPUBKEY_RECEIVED\n");
}

function send(state: OldServerState, client: OldClient, args: readonly string[]): void {
  const [to, field] = args;
  if (to === undefined || field === undefined || args.length !== 2) return client.say("ERROR Invalid SEND command\n");
  if (to === "ALL") return broadcast(state, client, field);
  const recipient = state.clients.get(to);
  if (recipient !== undefined) return recipient.say(`MESSAGE from ${client.id}: ${field}\n`);
  // As in the original: who is no longer known isn't told.
  if (state.clients.has(client.id)) client.say("ERROR Recipient not found\n");
}

function broadcast(state: OldServerState, client: OldClient, payload: string): void {
  if (client.key === null) return client.say("ERROR Shared secret not established\n");
  const opened = openBroadcast(client.key, payload);
  if (!opened.ok) return client.say("ERROR Decryption failed\n");
  for (const [id, other] of state.clients) {
    if (id !== client.id) other.say(`BROADCAST from ${client.id}: ${sealPad(opened.text)}\n`);
  }
  client.say("BROADCAST SENT\n");
}

function operatorCommand(state: OldServerState, client: OldClient, line: string): void {
  const [verb = "", ...args] = line.split(" ");
  const targeted = verb === "KICK" || verb === "BAN" || verb === "UNBAN";
  if (targeted && args.length === 0) return client.say(`ERROR Invalid ${verb} command\n`);
  if (client.id !== state.operator) return client.say("ERROR Not authorized as operator\n");
  if (targeted && args.length !== 1) return client.say(`ERROR Usage: ${verb} <clientID>\n`);
  return client.say(obey(state, verb, args[0] ?? ""));
}

function obey(state: OldServerState, verb: string, id: string): string {
  const target = state.clients.get(id);
  switch (verb) {
    case "KICK":
      if (id === state.operator) return "ERROR Cannot kick the operator\n";
      if (target === undefined) return `ERROR Client ${id} not found\n`;
      throwOut(state, target, "KICKED You have been kicked by the operator\n");
      return `SUCCESS Kicked client ${id}\n`;
    case "BAN":
      if (id === state.operator) return "ERROR Cannot ban the operator\n";
      state.banned.add(id);
      if (target !== undefined) throwOut(state, target, "BANNED You have been banned by the operator\n");
      return `SUCCESS Banned client ${id}\n`;
    case "UNBAN":
      return state.banned.delete(id)
        ? `SUCCESS Unbanned client ${id}\n`
        : `ERROR Client ${id} not found in banned list\n`;
    case "LISTBANS":
      return marked(
        state.banned.size === 0
          ? "No clients are currently banned\n"
          : [...state.banned].map((name) => `BANNED ${name}\n`).join(""),
      );
    default:
      return "SERVERINFO Server: oldbox\nSERVERINFO Tailscale IP(s): 100.64.0.1, fd7a:115c:a1e0::1\n";
  }
}

function throwOut(state: OldServerState, target: OldClient, words: string): void {
  state.clients.delete(target.id);
  target.say(words);
  target.socket.end();
}

const marked = (text: string): string => `BEGIN_RESPONSE\n${text}END_RESPONSE\n`;

const ids = ({ clients }: OldServerState): string => [...clients.keys()].map((id) => `CLIENT ${id}\n`).join("");

const FIRST_HELP =
  "Available server commands:\nLIST - List all connected clients\nINFO - Print server information\nSERVERHELP - Print this help text\n";

function infoText(state: OldServerState): string {
  if (state.generation !== 1) return "INFO Tailscale IP(s): 100.64.0.1, fd7a:115c:a1e0::1\n";
  return `INFO Tailscale IP: 100.64.0.1\n${ids(state)}${FIRST_HELP}INFO LISTED\n`;
}

function helpText(state: OldServerState, client: OldClient): string {
  if (state.generation === 1) return `${FIRST_HELP}SERVERHELP LISTED\n`;
  const everybody = state.generation === 2 ? "INFO - Print server information\n" : "";
  const info = state.generation === 3 ? "SERVERINFO - Retrieve server information\n" : "";
  const operator = `Operator commands:\n${info}KICK <clientID> - Kick a client from the server\nBAN <clientID> - Ban a client from the server\nUNBAN <clientID> - Unban a client from the server\nLISTBANS - List all banned clients\n`;
  return marked(
    `Available server commands:\nLIST - List all connected clients\n${everybody}${client.id === state.operator ? operator : ""}END SERVERHELP\n`,
  );
}

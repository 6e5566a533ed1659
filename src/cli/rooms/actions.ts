/** `cli/rooms`: `pad rooms`: sealed rooms, listed, made, joined and left. */

import type { Conversation, Member, Outcome, Reply, Room, SealedChat } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { escapedLine } from "../../text/visible.ts";
import { explainFailure, type Explanation } from "../explain.ts";
import { jsonLine } from "../sealed/message.ts";
import { explainNobody, room, type SealedConversation } from "../sealed/whereabouts.ts";
import type { RoomAction } from "./read.ts";

/** What is to be printed. */
interface Done {
  readonly said: string;
}

/** Does it, and gives what is to be printed, or why it came to nothing. */
export async function runRoomAction(
  action: RoomAction,
  chat: SealedChat,
  server: ServerAddress,
  json: boolean,
): Promise<Done | Explanation> {
  switch (action.kind) {
    case "list":
      return tell(await chat.rooms(), json ? (rooms) => jsonLine(rooms.map(roomObject)) : lines(roomLine));
    case "create":
      return tell(await chat.createRoom(action.name, action.access), json ? madeLine : nothing);
    case "join":
      return tell(await chat.join(action.name), json ? madeLine : nothing);
    case "leave":
      return await within(action.title, async ({ id }) => told(await chat.leave(id)));
    case "invite":
      return await within(action.title, async ({ id }) => {
        const outcome = await chat.invite(id, action.person);
        const nobody = outcome.kind === "taken" ? null : explainNobody(outcome, action.person, server);
        return nobody ?? told(outcome);
      });
    case "members":
      return await within(action.title, async ({ id }) =>
        tell(await chat.members(id), json ? (members) => jsonLine(members.map(memberObject)) : lines(memberLine)),
      );
  }

  async function within(
    title: string,
    use: (conversation: SealedConversation) => Promise<Done | Explanation>,
  ): Promise<Done | Explanation> {
    const found = await room(chat, title, server);
    return "code" in found ? found : await use(found.conversation);
  }

  function tell<T>(reply: Reply<T>, words: (value: T) => string): Done | Explanation {
    return reply.kind === "answered" ? { said: words(reply.value) } : explainFailure(reply, server);
  }

  function told(outcome: Outcome): Done | Explanation {
    return outcome.kind === "taken" ? { said: "" } : explainFailure(outcome, server);
  }
}

function nothing(): string {
  return "";
}

function lines<T>(line: (one: T) => string): (all: readonly T[]) => string {
  return (all) => all.map(line).join("");
}

function madeLine(conversation: Conversation): string {
  const access = conversation.kind === "sealed-room" && !conversation.open ? "invite" : "open";
  return jsonLine({ room: conversation.title, access });
}

function roomObject({ title, access, status, people }: Room): object {
  return { room: title, access, status, people };
}

function roomLine({ title, access, status, people }: Room): string {
  return `${escapedLine(title)}\t${access}\t${status}\t${people ?? "-"}\n`;
}

function memberObject({ name, kind, identity, level, tailnet, devices, isSelf }: Member): object {
  return { name, kind, identity, level, tailnet, devices, self: isSelf };
}

function memberLine({ name, kind, identity, level, tailnet, devices, isSelf }: Member): string {
  const who = `${isSelf ? "*" : ""}${escapedLine(name)}`;
  const on = escapedLine(devices.join(", "));
  return `${who}\t${kind}\t${escapedLine(identity)}\t${level}\t${on}\t${IN_TAILNET[tailnet]}\n`;
}

const IN_TAILNET = { known: "in tailnet", absent: "not seen in tailnet", unknown: "-" } as const;

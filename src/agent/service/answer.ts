import type { ChatMessage } from "../../client/index.ts";
import type { Gives, RequestName } from "../wire/requests.ts";
import type { ChatRequest } from "../wire/messages.ts";
import { LONGEST_PAGE } from "../wire/version.ts";
import type { ServedChat } from "./ports.ts";

type Answer = ReadonlyDeep<Gives<RequestName>>;

/** What the chat says to a face's request. */
export async function answer(chat: ServedChat, request: ChatRequest): Promise<Answer> {
  switch (request.name) {
    case "send": {
      const { conversation, text, id, options } = request.body;
      return await chat.send(conversation, text, { ...options, id });
    }
    case "edit": {
      const { conversation, message, text, id } = request.body;
      return await chat.edit(conversation, message, text, id);
    }
    case "remove": {
      const { conversation, message, id } = request.body;
      return await chat.remove(conversation, message, id);
    }
    case "rooms":
      return await chat.rooms();
    case "createRoom":
      return await chat.createRoom(request.body.name, request.body.access);
    case "join":
      return await chat.join(request.body.name);
    case "leave":
      return await chat.leave(request.body.conversation);
    case "invite":
      return await chat.invite(request.body.conversation, request.body.person);
    case "members":
      return await chat.members(request.body.conversation);
    case "direct":
      return await chat.direct(request.body.person);
    case "allowPlain":
      return await chat.allowPlain(request.body.person);
    case "safetyNumber":
      return await chat.safetyNumber(request.body.person);
    case "confirmNumber":
      return await chat.confirmNumber(request.body.person, request.body.number);
    case "caughtUp":
      return await chat.caughtUp(request.body.conversation);
    case "acceptReaders":
      return await chat.acceptReaders(request.body.conversation);
    case "search": {
      const { words, conversation, limit } = request.body;
      const reply = await chat.search(words, conversation, limit);
      return reply.kind === "answered" ? { ...reply, value: fitting(reply.value) } : reply;
    }
    case "since": {
      const { conversation, number, limit } = request.body;
      const reply = await chat.since(conversation, number, limit);
      return reply.kind === "answered" ? { ...reply, value: fitting(reply.value) } : reply;
    }
    case "page": {
      const { conversation, before, limit } = request.body;
      const reply = await chat.page(conversation, before, limit);
      if (reply.kind !== "answered") return reply;
      const { messages, complete } = reply.value;
      // The newest of them: who wants the others asks for what is before these.
      const kept = fitting(messages.toReversed()).toReversed();
      return { ...reply, value: { messages: kept, complete: complete && kept.length === messages.length } };
    }
    case "devices":
      return await chat.devices();
    case "confirmDevice":
      return await chat.confirmDevice(request.body.code);
    case "dismissDevice":
      return await chat.dismissDevice(request.body.id);
    case "removeDevices":
      return await chat.removeDevices(request.body.ids);
    case "inviteDevice":
      return await chat.inviteDevice(request.body.minutes);
    case "resetDevices":
      return await chat.resetDevices();
    case "newDevice":
      return await chat.newDevice();
    case "ownNumber":
      return await chat.ownNumber();
    case "exportDevice":
      return await chat.exportDevice(request.body.file, request.body.passphrase);
    case "importDevice":
      return await chat.importDevice(request.body.file, request.body.passphrase);
    case "people":
      return await chat.people();
    case "info":
      return await chat.info();
    case "help":
      return await chat.help();
    case "kick":
      return await chat.kick(request.body.name, request.body.reason);
    case "ban":
      return await chat.ban(request.body.name, request.body.reason);
    case "unban":
      return await chat.unban(request.body.name);
    case "bans":
      return await chat.bans();
    case "serverInfo":
      return await chat.serverInfo();
  }
}

/** As many from the first on as one line takes, and one at least. */
function fitting(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  let bytes = 0;
  const tooMany = messages.findIndex((message) => (bytes += Buffer.byteLength(JSON.stringify(message))) > LONGEST_PAGE);
  return tooMany === -1 ? messages : messages.slice(0, Math.max(1, tooMany));
}

type ReadonlyDeep<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly ReadonlyDeep<Item>[]
    : { readonly [Key in keyof T]: ReadonlyDeep<T[Key]> };

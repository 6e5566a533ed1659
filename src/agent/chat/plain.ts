import { framesChat } from "../../client/frames/index.ts";
import type { FramesClient } from "../../client/frames/index.ts";
import type { ChatClient, ChatEvent, ChatMessage, ConversationId } from "../../client/index.ts";
import type { Page } from "../../client/message.ts";
import type { Person } from "../../wire/frames/people.ts";

/** Of each plain conversation so much is held in memory, for faces that come later; nothing of it is stored. */
const MOST_MESSAGES = 500;
const MOST_BYTES = 262_144;
const MOST_CONVERSATIONS = 100;
/** Two clocks: our own line comes back with the server's time. */
const CLOCKS_APART = 10_000;

export interface Plain {
  /** What the server can read: the open room, direct messages of the classic way; people, moderation. */
  readonly chat: ChatClient;
  page(conversation: ConversationId, before: number | null, limit: number): Page;
}

/** `onPeople` hears what the server says of people; `onEvent` what is new. */
export function plainChat(options: {
  readonly client: FramesClient;
  readonly name: string;
  readonly now: () => number;
  readonly onPeople: (people: readonly Person[]) => void;
  readonly onEvent: (event: ChatEvent) => void;
}): Plain {
  const { client, name, now, onPeople, onEvent } = options;
  const held = new Map<ConversationId, ChatMessage[]>();
  const chat = framesChat({ client: overhearing(client, onPeople), name, now });
  chat.onEvent((event) => {
    if (event.kind !== "message" || keep(event.message)) onEvent(event);
  });
  return {
    chat,
    page(conversation, before, limit) {
      const all = held.get(conversation) ?? [];
      const earlier = before === null ? all : all.filter(({ place }) => place < before);
      return { messages: earlier.slice(-limit), complete: earlier.length <= limit };
    },
  };

  /** False for a line that was heard before: after each connection the server tells the last ones again. */
  function keep(message: ChatMessage): boolean {
    const all = held.get(message.conversation) ?? [];
    const index = all.findIndex(({ id }) => id === message.id);
    if (index >= 0) {
      all[index] = message;
      return true;
    }
    if (message.place < 0 && all.some((other) => isSame(other, message))) return false;
    if (!held.has(message.conversation)) {
      const [oldest] = held.size >= MOST_CONVERSATIONS ? held.keys() : [];
      if (oldest !== undefined) held.delete(oldest);
      held.set(message.conversation, all);
    }
    const at = all.findLastIndex(({ place }) => place < message.place) + 1;
    all.splice(at, 0, message);
    let bytes = all.reduce((sum, { text }) => sum + text.length, 0);
    while (all.length > MOST_MESSAGES || bytes > MOST_BYTES) bytes -= all.shift()?.text.length ?? bytes;
    return true;
  }
}

function isSame(one: ChatMessage, other: ChatMessage): boolean {
  return one.from === other.from && one.text === other.text && Math.abs(one.at - other.at) < CLOCKS_APART;
}

/** The same client, whose answers about people are heard, too. */
function overhearing(client: FramesClient, onPeople: (people: readonly Person[]) => void): FramesClient {
  return {
    get state() {
      return client.state;
    },
    get name() {
      return client.name;
    },
    onEvent: (listener) =>
      client.onEvent((event) => {
        if (event.kind === "push" && event.push.type === "presence") onPeople(event.push.people);
        listener(event);
      }),
    online: async () => await client.online(),
    ended: async () => await client.ended(),
    close: async () => {
      await client.close();
    },
    hurry: () => client.hurry(),
    renew: () => client.renew(),
    hold: () => client.hold(),
    async request(type, body) {
      const answer = await client.request(type, body);
      if (answer.kind === "answered" && "people" in answer.value) onPeople(answer.value.people);
      return answer;
    },
  };
}

import { classicChat, connect, type ConnectOptions } from "../../src/client/classic/index.ts";
import type { Alert } from "../../src/view/chat/alerts.ts";
import type { Chat } from "../../src/view/chat/chat.ts";
import { createChat } from "../../src/view/chat/chat-model.ts";
import type { ChatSnapshot, Entry, Message, Settings } from "../../src/view/chat/snapshot.ts";
import { DEFAULT_SETTINGS } from "../../src/view/settings/table.ts";

/** A chat over a real connection, with a clock that counts and a timer that only the test lets run. */
export interface TestChat extends AsyncDisposable {
  readonly chat: Chat;
  readonly alerts: readonly Alert[];
  /** Each time the settings were kept. */
  readonly saved: readonly Settings[];
  /** Lets the time between two questions who is here pass. */
  tick(): void;
  /** The first snapshot, from now on, that is as wanted. */
  until(wanted: (snapshot: ChatSnapshot) => boolean): Promise<ChatSnapshot>;
  /** Resolves with the first note that has the words in it. */
  noted(words: string): Promise<Entry>;
  /** The texts of all messages in a conversation. */
  said(id: string): readonly string[];
}

export interface TestChatOptions extends Partial<ConnectOptions> {
  readonly settings?: Partial<Settings>;
  readonly troubles?: readonly string[];
  /** What keeping the settings, or an alert, comes to. */
  readonly trouble?: string;
}

/** Connects to a server on loopback and resolves when the chat is online. */
export async function startChat(port: number, id: string, options: TestChatOptions = {}): Promise<TestChat> {
  const { settings = {}, troubles = [], trouble = null, ...rest } = options;
  const timings = { firstDelay: 0, longestDelay: 0 };
  const client = connect({ server: { host: "127.0.0.1", port }, id, timings, ...rest });
  const alerts: Alert[] = [];
  const saved: Settings[] = [];
  const timers = new Set<() => void>();
  let now = 0;
  let later = 0;
  const chat = createChat({
    client: classicChat({
      client,
      now: () => now++,
      every: (_, callback) => {
        timers.add(callback);
        return () => void timers.delete(callback);
      },
    }),
    server: "chat-server",
    // Long enough that each message may ring.
    now: () => (later += 10_000),
    settings: { ...DEFAULT_SETTINGS, ...settings },
    troubles,
    saveSettings: (changed) => {
      saved.push(changed);
      return trouble;
    },
    alert: (alert) => {
      alerts.push(alert);
      return Promise.resolve(trouble);
    },
  });
  await client.online();

  function until(wanted: (snapshot: ChatSnapshot) => boolean): Promise<ChatSnapshot> {
    const { promise, resolve } = Promise.withResolvers<ChatSnapshot>();
    const look = () => {
      const snapshot = chat.getSnapshot();
      if (!wanted(snapshot)) return;
      stop();
      resolve(snapshot);
    };
    const stop = chat.subscribe(look);
    look();
    return promise;
  }

  return {
    chat,
    alerts,
    saved,
    until,
    tick: () => {
      for (const callback of timers) callback();
    },
    noted: async (words) => {
      const find = () =>
        chat
          .getSnapshot()
          .conversations.flatMap(({ entries }) => entries)
          .find(({ kind, text }) => kind === "note" && text.includes(words));
      await until(() => find() !== undefined);
      const note = find();
      if (note === undefined) throw new Error(`the note is gone: ${words}`);
      return note;
    },
    said: (conversation) => messagesIn(chat, conversation).map(({ text }) => text),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** The messages of a conversation; none where there is no such conversation. */
export function messagesIn(chat: Chat, id: string): readonly Message[] {
  const entries = chat.getSnapshot().conversations.find(({ title }) => title === id)?.entries ?? [];
  return entries.filter((entry): entry is Entry & Message => entry.kind === "message");
}

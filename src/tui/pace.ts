import type { Chat } from "../view/chat/chat.ts";

/** Milliseconds between two drawings for news of the chat. Keys are drawn at once. */
const INTERVAL = 100;

/** What the screen needs of a chat to draw it. */
export type DrawnChat = Pick<Chat, "subscribe" | "getSnapshot">;

/** A chat that tells its news at most so often: drawing each of a thousand messages would leave no time for keys. */
export interface PacedChat extends DrawnChat {
  /** The screen is being drawn for something else, with all news there are: they need not be told any more. */
  readonly drawn: () => void;
}

export function paced(chat: DrawnChat): PacedChat {
  const listeners = new Set<() => void>();
  let timer: NodeJS.Timeout | null = null;
  let last = Number.NEGATIVE_INFINITY;
  const drawn = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    last = performance.now();
  };
  const tell = (): void => {
    drawn();
    for (const listener of listeners) listener();
  };
  chat.subscribe(() => {
    timer ??= setTimeout(tell, Math.max(0, last + INTERVAL - performance.now()));
  });
  return {
    getSnapshot: chat.getSnapshot,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    drawn,
  };
}

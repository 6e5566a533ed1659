import type { Chat } from "../view/chat/chat.ts";

/** Milliseconds between two drawings for news of the chat. Keys are drawn at once, and show all news there are. */
const INTERVAL = 33;

/** What the screen needs of a chat to draw it. */
export type PacedChat = Pick<Chat, "subscribe" | "getSnapshot">;

/** A chat that tells its news at most so often: drawing each of a thousand messages would leave no time for keys. */
export function paced(chat: PacedChat): PacedChat {
  return {
    getSnapshot: chat.getSnapshot,
    subscribe: (listener) => {
      let timer: NodeJS.Timeout | null = null;
      let last = Number.NEGATIVE_INFINITY;
      const tell = (): void => {
        timer = null;
        last = performance.now();
        listener();
      };
      const unsubscribe = chat.subscribe(() => {
        timer ??= setTimeout(tell, Math.max(0, last + INTERVAL - performance.now()));
      });
      return () => {
        unsubscribe();
        if (timer !== null) clearTimeout(timer);
      };
    },
  };
}

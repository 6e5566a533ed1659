/** `tui`: the full-screen terminal. It draws snapshots of `view` and turns keys into actions; it doesn't know what a chat is. */

import type { Chat } from "../view/chat/chat.ts";
import type { Histories } from "../view/composer/history-file.ts";

export interface TerminalOptions {
  readonly chat: Chat;
  /** What was written in earlier runs, as `decodeHistory` gives it. */
  readonly histories: Histories;
  /** Called with each text that goes out, so that the next run has it. */
  readonly remember: (conversation: string, text: string) => void;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

/**
 * Shows a chat on the whole terminal until it is over, whoever ended it, and leaves the terminal as it was. SIGTERM, SIGINT and
 * SIGHUP leave the chat, too; what they mean for the process is the caller's matter. Both streams must be terminals. A bell is the caller's: one `\u0007` written to `stdout` at any time disturbs nothing.
 */
export async function openTerminal(options: TerminalOptions): Promise<void> {
  // React reads this once, when it is loaded; its development build takes several times as long for a frame.
  process.env["NODE_ENV"] ??= "production";
  const { runTerminal } = await import("./run.ts");
  await runTerminal(options);
}

import { join } from "node:path";
import { startTerminal, type TestTerminal } from "../helpers/terminal.ts";

const PROGRAM = join(import.meta.dirname, "fake-chat-program.ts");

export interface FakeChatStart {
  readonly columns?: number;
  readonly rows?: number;
  /** How many messages others have written before. */
  readonly messages?: number;
}

/** The terminal on a fake chat, drawn and ready for keys. */
export async function startFakeChat({
  columns = 80,
  rows = 24,
  messages = 0,
}: FakeChatStart = {}): Promise<TestTerminal> {
  // No shell stays in between: signals are the program's.
  const terminal = await startTerminal({ columns, rows, command: `exec ${fakeChatCommand(messages)}` });
  await terminal.until(({ rows: drawn }) => drawn.at(-1)?.endsWith(">") === true);
  return terminal;
}

export function fakeChatCommand(messages: number): string {
  return `${process.execPath} ${PROGRAM} ${messages}`;
}

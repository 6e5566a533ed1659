import { once } from "node:events";
import type { ChatSnapshot } from "../view/chat/snapshot.ts";
import { bareRows } from "./screen/bare-rows.ts";
import type { DeskSnapshot } from "./screen/state.ts";
import type { Size } from "./screen/regions.ts";

const ENTER = "\u001b[?1049h\u001b[2J\u001b[H";
const LEAVE = "\u001b[?1049l";

/**
 * Shows messages as bare lines, wrapped by the terminal itself, so that its own selection copies links and code whole.
 * Resolves at any key. The terminal must have been lent.
 */
export async function bare(
  chat: ChatSnapshot,
  desk: DeskSnapshot,
  size: Size,
  { stdin, stdout }: { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream },
): Promise<void> {
  stdout.write(`${ENTER}${bareRows(chat, desk, size).join("\r\n")}\r\n-- any key goes back --`);
  stdin.setRawMode(true);
  stdin.ref();
  try {
    await once(stdin, "readable");
    stdin.read();
  } finally {
    stdout.write(LEAVE);
  }
}

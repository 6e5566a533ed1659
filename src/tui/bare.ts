import type { ChatSnapshot } from "../view/chat/snapshot.ts";
import { bareRows } from "./screen/bare-rows.ts";
import type { ControllerSnapshot } from "./screen/state.ts";
import type { Size } from "./screen/regions.ts";

const ENTER = "\u001b[?1049h\u001b[2J\u001b[H";
const LEAVE = "\u001b[?1049l";

/**
 * Shows messages as bare lines, wrapped by the terminal itself, so that its own selection copies links and code whole.
 * Resolves at any key. The terminal must have been lent, its keyboard not.
 */
export async function bare(
  chat: ChatSnapshot,
  controller: ControllerSnapshot,
  size: Size,
  { stdout, anyKey }: { readonly stdout: NodeJS.WriteStream; readonly anyKey: () => Promise<void> },
): Promise<void> {
  stdout.write(`${ENTER}${bareRows(chat, controller, size).join("\r\n")}\r\n-- any key goes back --`);
  try {
    await anyKey();
  } finally {
    stdout.write(LEAVE);
  }
}

import { readClassic } from "./classic.ts";
import type { Intent } from "./intent.ts";
import { findCommand, usage, type SlashCommand } from "./table.ts";

/** Reads what was written: a slash command, a classic word, or a text to say; `//` says a text that begins with a slash. */
export function readWritten(text: string): Intent {
  if (text.trim() === "") return { kind: "nothing" };
  if (text.startsWith("//")) return { kind: "say", text: text.slice(1) };
  return text.startsWith("/") ? readSlash(text) : (readClassic(text) ?? { kind: "say", text: text.trimEnd() });
}

function readSlash(text: string): Intent {
  const [, name = "", behind = ""] = /^\/(\S*)\s*([^]*)$/.exec(text.trimEnd()) ?? [];
  const command = findCommand(name);
  if (command === undefined) {
    return {
      kind: "wrong",
      why: `There is no command /${name}. /help lists the commands; to send it as a message, write /${text}`,
    };
  }
  return readArguments(command, behind) ?? { kind: "wrong", why: `Usage: ${usage(command)}: ${command.help}.` };
}

/** Null: not the command's shape. */
function readArguments({ shape, intent }: SlashCommand, behind: string): Intent | null {
  const [, word = "", rest = ""] = /^(\S*)\s*([^]*)$/.exec(behind) ?? [];
  switch (shape) {
    case "":
      return behind === "" ? intent("", "") : null;
    case "NAME":
      return word !== "" && rest === "" ? intent(word, "") : null;
    case "[NAME]":
      return rest === "" ? intent(word, "") : null;
    case "NAME TEXT":
      return rest === "" ? null : intent(word, rest);
    case "NAME [REASON]":
      return word === "" ? null : intent(word, rest);
    case "NAME [NUMBER]":
      return word !== "" && /^(?:same|[\d ]{0,100})$/.test(rest) ? intent(word, rest) : null;
    case "TEXT":
    case "CODE":
      return behind === "" ? null : intent("", behind);
    case "[TEXT]":
    case "[DEVICE]":
      return intent("", behind);
    case "[SETTING [VALUE]]":
      return intent(word, rest);
    case "#ROOM":
      return rest === "" && isRoom(word) ? intent(roomName(word), "") : null;
    case "[#ROOM]":
      return rest === "" && (word === "" || isRoom(word)) ? intent(roomName(word), "") : null;
    case "#ROOM [invite]":
      return isRoom(word) && (rest === "" || rest === "invite") ? intent(roomName(word), rest) : null;
    case "[^N]":
      return behind === "" ? intent("1", "") : COUNT.test(behind) ? intent(behind.slice(1), "") : null;
    case "[^N] TEXT":
      if (behind === "") return null;
      if (!COUNT.test(word)) return intent("1", behind);
      return rest === "" ? null : intent(word.slice(1), rest);
  }
}

/** Counted from the end; more than anybody counts is text. */
const COUNT = /^\^[1-9][0-9]{0,2}$/;

/** As servers have it. */
function isRoom(word: string): boolean {
  return /^#?[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(word);
}

function roomName(word: string): string {
  return word.startsWith("#") ? word.slice(1) : word;
}

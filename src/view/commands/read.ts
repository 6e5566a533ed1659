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
      why: `There is no command /${name}. /help lists those there are; to say it, write /${text}`,
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
    case "TEXT":
      return behind === "" ? null : intent("", behind);
    case "[TEXT]":
      return intent("", behind);
    case "[SETTING [VALUE]]":
      return intent(word, rest);
  }
}

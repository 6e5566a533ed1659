import { KEY_TABLE } from "../keys/table.ts";
import { CLASSIC_WORDS } from "./classic.ts";
import { findCommand, SLASH_COMMANDS, usage } from "./table.ts";

/** What `/help` tells: everything that this person may do, the keys, or one command. */
export function help(about: string, operator: boolean): string {
  const topic = about.replace(/^\//, "");
  if (topic === "") return overview(operator);
  if (topic === "keys") return keys();
  const command = findCommand(topic);
  return command === undefined
    ? `There is no command /${topic}. /help tells which there are.`
    : `${usage(command)}: ${command.help}.`;
}

function overview(operator: boolean): string {
  const mine = SLASH_COMMANDS.filter((command) => operator || command.operator !== true);
  const words = CLASSIC_WORDS.filter(([, , operators]) => operator || !operators);
  return [
    "What you write goes to the conversation that the prompt names; //text says a text that begins with a slash.",
    ...mine.map((command) => `${usage(command)}: ${command.help}`),
    `The words of old, in capitals, work too: ${words.map(([shape, does]) => `${shape} (${does})`).join(", ")}.`,
  ].join("\n");
}

/** A line for each thing that keys do; keys that do the same in turn (alt-1 to alt-9) share one. */
function keys(): string {
  const rows: { first: string; last: string; does: string }[] = [];
  for (const { keys: names, help: does } of KEY_TABLE) {
    const words = names.join(", ");
    const before = rows.at(-1);
    if (before?.does === does) before.last = words;
    else rows.push({ first: words, last: words, does });
  }
  return rows.map(({ first, last, does }) => `${first === last ? first : `${first} … ${last}`}: ${does}`).join("\n");
}

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
    ? `There is no command /${topic}. /help lists the commands.`
    : `${usage(command)}: ${command.help}.`;
}

function overview(operator: boolean): string {
  const mine = SLASH_COMMANDS.filter((command) => operator || command.operator !== true);
  const words = CLASSIC_WORDS.filter(([, , operators]) => operator || !operators);
  return [
    "What you write goes to the conversation that the prompt names; //text sends a text that begins with a slash.",
    ...mine.map((command) => `${usage(command)}: ${command.help}`),
    `The words of the original program, in capitals, work too: ${words.map(([shape, does]) => `${shape} (${does})`).join(", ")}.`,
  ].join("\n");
}

/** A line for each thing that keys do, under its group. */
function keys(): string {
  const lines: string[] = [];
  let heading = "";
  for (const { group, keys: names, does } of keyLines()) {
    if (group !== heading) lines.push(`${group}:`);
    heading = group;
    lines.push(`${names}: ${does}`);
  }
  return lines.join("\n");
}

/** What keys do, as people read it; keys that do the same in turn (alt-1 to alt-9) share a line. */
export function keyLines(): readonly KeyLine[] {
  const first = KEY_TABLE.filter((row, nth) => row.help !== KEY_TABLE[nth - 1]?.help);
  return first.map(({ group, keys: names, help: does }) => {
    const last = KEY_TABLE.findLast((row) => row.help === does)?.keys ?? names;
    return { group, keys: last === names ? names.join(", ") : `${names.join(", ")} … ${last.join(", ")}`, does };
  });
}

export interface KeyLine {
  readonly group: string;
  readonly keys: string;
  readonly does: string;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keyLines } from "../../src/view/commands/help.ts";
import { SLASH_COMMANDS, usage } from "../../src/view/commands/table.ts";
import { SETTINGS } from "../../src/view/settings/table.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/terminal.md"), "utf8").split("\n");

test("VW-7 the terminal's page has every key, command and setting of the tables, and no other", () => {
  const keys = keyLines().map(({ keys: names, does }) => [names, does]);
  const commands = SLASH_COMMANDS.map((command) => {
    const operators = command.operator === true ? " (operators)" : "";
    return [usage(command), command.help + operators];
  });
  const settings = [...SETTINGS].map(([name, { help }]) => [name, help]);
  expect(rowsUnder("keys")).toEqual(keys);
  expect(rowsUnder("command")).toEqual(commands);
  expect(rowsUnder("setting")).toEqual(settings);
});

/** First and last cell of each row of the tables whose first column is called so. */
function rowsUnder(heading: string): readonly (readonly (string | undefined)[])[] {
  let isWithin = false;
  return page.flatMap((line) => {
    if (line.startsWith(`| ${heading} |`)) isWithin = true;
    else if (line === "") isWithin = false;
    else if (isWithin && !line.startsWith("|---")) {
      const cells = line.slice(2, -2).split(" | ");
      return [[cells[0]?.replaceAll("`", ""), cells.at(-1)]];
    }
    return [];
  });
}

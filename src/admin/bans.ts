import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import { plainJson, visibleLine } from "../text/visible.ts";
import { ADMIN_OPTIONS, columns, withAdminClient } from "./command.ts";

/** `padserve bans`: who is banned, by whom, and whether the ban reaches a tailnet identity. */
export const command = defineCommand(
  {
    name: "bans",
    summary: "List who is banned.",
    words: "",
    minWords: 0,
    maxWords: 0,
    options: ADMIN_OPTIONS,
    examples: [["padserve bans --json", "for a script"]],
  },
  run,
);

async function run({ values, context }: Invocation<typeof ADMIN_OPTIONS>): Promise<ExitCode> {
  return withAdminClient("bans", values, context, async (client) => {
    const records = await client.bans();
    const rows = records.map(({ name, identity, by, since, reason }) => [
      name,
      identity ?? "(the name only)",
      `by ${by}`,
      since,
      reason === null ? "" : visibleLine(reason, 200),
    ]);
    context.stdout.write(
      values.json === true ? `${plainJson(records)}\n` : rows.length === 0 ? "Nobody is banned.\n" : columns(rows),
    );
    return EXIT.done;
  });
}

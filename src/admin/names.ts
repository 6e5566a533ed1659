import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import { plainJson, visibleLine } from "../text/visible.ts";
import { ADMIN_OPTIONS, columns, withAdminClient } from "./command.ts";
import type { AdminClient } from "./client.ts";

/** `padserve names`: whose the names are; `padserve names release NAME` makes one free. */
export const command = defineCommand(
  {
    name: "names",
    summary: "List the names and whose they are, or make one free for somebody else.",
    words: "[release NAME]",
    minWords: 0,
    maxWords: 2,
    options: ADMIN_OPTIONS,
    examples: [
      ["padserve names", "every name, whose it is, since when"],
      ["padserve names release bob", "bob is free: the next to register it has it"],
    ],
  },
  run,
);

async function run({ words, values, context }: Invocation<typeof ADMIN_OPTIONS>): Promise<ExitCode> {
  const [verb, name] = words;
  if (verb !== undefined && (verb !== "release" || name === undefined)) {
    context.stderr.write("padserve names: use it alone to list them, or with: release NAME\n");
    return EXIT.wrongUse;
  }
  return withAdminClient("names", values, context, async (client) =>
    name === undefined ? list(client, values.json === true) : release(client, name),
  );

  async function list(client: AdminClient, json: boolean): Promise<ExitCode> {
    const records = await client.names();
    const rows = records.map((record) => [
      record.name,
      record.identity,
      record.since,
      record.connected ? "connected" : "",
    ]);
    context.stdout.write(json ? `${plainJson(records)}\n` : rows.length === 0 ? "No names yet.\n" : columns(rows));
    return EXIT.done;
  }

  async function release(client: AdminClient, wanted: string): Promise<ExitCode> {
    switch ((await client.release(wanted)).kind) {
      case "released":
        context.stdout.write(`${visibleLine(wanted)} is free.\n`);
        return EXIT.done;
      case "no-such-name":
        context.stderr.write(
          `padserve names: nobody has claimed ${visibleLine(wanted)}; padserve names lists those that are\n`,
        );
        return EXIT.refused;
      case "storage-failed":
        context.stderr.write("padserve names: the server could not store it; its log says why\n");
        return EXIT.dataUnusable;
    }
  }
}

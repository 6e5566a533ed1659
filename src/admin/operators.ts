import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import { plainJson } from "../text/visible.ts";
import { ADMIN_OPTIONS, columns, withAdminClient } from "./command.ts";
import type { AdminClient } from "./client.ts";

/** `padserve operators`: who is operator and why; `padserve operators clear` takes back the right of whoever was first. */
export const command = defineCommand(
  {
    name: "operators",
    summary: "List who is operator and why, or clear the right of whoever came first.",
    words: "[clear]",
    minWords: 0,
    maxWords: 1,
    options: ADMIN_OPTIONS,
    examples: [
      ["padserve operators", "every operator, and on what ground"],
      ["padserve operators clear", "without Tailscale: the next who comes first is operator"],
    ],
  },
  run,
);

async function run({ words, values, context }: Invocation<typeof ADMIN_OPTIONS>): Promise<ExitCode> {
  const [verb] = words;
  if (verb !== undefined && verb !== "clear") {
    context.stderr.write("padserve operators: give no word to list them, or: clear\n");
    return EXIT.wrongUse;
  }
  return withAdminClient("operators", values, context, async (client) =>
    verb === undefined ? list(client, values.json === true) : clear(client),
  );

  async function list(client: AdminClient, json: boolean): Promise<ExitCode> {
    const records = await client.operators();
    const rows = records.map(({ name, ground, connected }) => [name, ground, connected ? "connected" : ""]);
    context.stdout.write(
      json ? `${plainJson(records)}\n` : rows.length === 0 ? "Nobody is operator now.\n" : columns(rows),
    );
    return EXIT.done;
  }

  async function clear(client: AdminClient): Promise<ExitCode> {
    switch ((await client.clearFirst()).kind) {
      case "cleared":
        context.stdout.write("Whoever was operator by coming first is so no more; the next who comes first is.\n");
        return EXIT.done;
      case "nothing":
        context.stdout.write("Nobody is operator by coming first.\n");
        return EXIT.done;
      case "storage-failed":
        context.stderr.write("padserve operators: the server could not do it; its log says why\n");
        return EXIT.dataUnusable;
    }
  }
}

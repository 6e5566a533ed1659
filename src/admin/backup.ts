import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import { StoreError } from "../store/errors.ts";
import { checkBackup } from "../store/sqlite/backup.ts";
import { toStoreError } from "../store/sqlite/failure.ts";
import { makeFolder } from "../disk/make-folder.ts";
import { plainJson, visibleLine } from "../text/visible.ts";
import { ADMIN_OPTIONS, withAdminClient } from "./command.ts";
import type { AdminClient } from "./client.ts";

/** `padserve backup FOLDER`: all that a server keeps, running or not, as one file in a new folder. */
export const command = defineCommand(
  {
    name: "backup",
    summary: "Back up all that the server keeps, also while it runs.",
    words: "FOLDER",
    minWords: 1,
    maxWords: 1,
    options: ADMIN_OPTIONS,
    examples: [
      ["padserve backup /srv/backups/monday", "a new folder, with one file in it"],
      ["padserve restore /srv/backups/monday", "brings it back, see there"],
    ],
  },
  run,
);

async function run({ words, values, context }: Invocation<typeof ADMIN_OPTIONS>): Promise<ExitCode> {
  const target = resolve(words[0] ?? "");
  return withAdminClient("backup", values, context, async (client) => {
    const made = makeEmpty(target);
    if (made === "occupied") {
      context.stderr.write(
        `padserve backup: ${visibleLine(target)} is there and not empty; nothing is overwritten, name a new folder\n`,
      );
      return EXIT.refused;
    }
    const done = await backUp(client, target).catch((error: unknown) => {
      rmSync(join(target, "padserve.db"), { force: true });
      if (made === "made") rmSync(target, { recursive: true, force: true });
      throw error;
    });
    context.stdout.write(
      values.json === true
        ? `${plainJson(done)}\n`
        : `Backed up to ${visibleLine(target)}: ${done.bytes} bytes, checked. Keep it where only the administrator reads it.\n`,
    );
    return EXIT.done;
  });
}

async function backUp(client: AdminClient, target: string) {
  const file = join(target, "padserve.db");
  await client.backUp(file);
  const { server, commits } = checkBackup(target);
  return {
    folder: target,
    bytes: statSync(file).size,
    server: server?.id ?? null,
    incarnation: server?.incarnation ?? null,
    commits,
  };
}

/** A folder (0700) with nothing in it. Throws a `StoreError` where none can be. */
function makeEmpty(folder: string): "made" | "was-there" | "occupied" {
  try {
    if (!existsSync(folder)) {
      makeFolder(folder);
      return "made";
    }
    if (!statSync(folder).isDirectory() || readdirSync(folder).length > 0) return "occupied";
    return "was-there";
  } catch (error) {
    const { code } = toStoreError(error, folder);
    throw new StoreError(code, `${folder} can't be made or read; choose a folder where you may write.`, error);
  }
}

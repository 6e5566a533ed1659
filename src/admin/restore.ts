import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { defineCommand, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { readConfig } from "../config/config.ts";
import { StoreError } from "../store/errors.ts";
import { restoreDatabase, type RestoreOutcome } from "../store/sqlite/restore.ts";
import { plainJson, visibleLine } from "../text/visible.ts";
import { ADMIN_OPTIONS } from "./command.ts";

const RESTORE_OPTIONS = {
  ...ADMIN_OPTIONS,
  replace: { kind: "flag", help: "set aside what is there, also where it is newer or another server's" },
} as const satisfies Options;

/** `padserve restore FOLDER`: brings a backup back, as a new incarnation of the same server. */
export const command = defineCommand(
  {
    name: "restore",
    summary: "Bring a backup back, while the server is stopped.",
    words: "FOLDER",
    minWords: 1,
    maxWords: 1,
    options: RESTORE_OPTIONS,
    examples: [
      ["padserve restore /srv/backups/monday", "where nothing is, or an earlier state of the same"],
      ["padserve restore /srv/backups/monday --replace", "what is there is set aside, not deleted"],
    ],
  },
  run,
);

async function run({ words, values, context }: Invocation<typeof RESTORE_OPTIONS>): Promise<ExitCode> {
  const { env, stderr, stdout } = context;
  const { data, config } = values;
  const read = readConfig(
    { ...(data === undefined ? {} : { data }), ...(config === undefined ? {} : { config }) },
    env,
  );
  if ("wrong" in read) return complain(read.wrong, EXIT.wrongUse);
  const from = resolve(words[0] ?? "");
  const into = read.config.data;
  const incarnation = randomBytes(16).toString("base64url");
  const replace = values.replace === true;
  let outcome: RestoreOutcome;
  try {
    outcome = restoreDatabase({ from, into, replace, incarnation, now: Date.now() });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return complain(error.message, EXIT.dataUnusable);
  }
  if (outcome.kind === "refused") return complain(whyRefused(outcome), EXIT.refused);
  const { backup, aside } = outcome;
  const told = { data: into, server: backup.server?.id ?? null, incarnation, commits: backup.commits, aside };
  stdout.write(values.json === true ? `${plainJson(told)}\n` : restoredText(into, aside));
  return EXIT.done;

  function complain(message: string, code: ExitCode): ExitCode {
    stderr.write(`padserve restore: ${visibleLine(message)}\n`);
    return code;
  }
}

function whyRefused({ why, there }: Extract<RestoreOutcome, { kind: "refused" }>): string {
  const unless = "with --replace it is set aside, not deleted";
  switch (why) {
    case "newer-there":
      return `${there} is newer than the backup; nothing was changed, ${unless}`;
    case "other-there":
      return `${there} is another server's, or was restored since; nothing was changed, ${unless}`;
    case "unreadable-there":
      return `${there} can't be read as a database of ours; nothing was changed, ${unless}`;
  }
}

function restoredText(into: string, aside: string | null): string {
  return [
    `Restored into ${visibleLine(into)}.`,
    ...(aside === null ? [] : [`What was there before lies in ${visibleLine(aside)}.`]),
    "Start the server: devices send again what it has lost of their own messages.",
    "Names and bans are those of the backup; who was banned since has to be banned again.",
    "Devices that were removed since stay out once one of their person's other devices has been here: start one of those first.",
    "",
  ].join("\n");
}

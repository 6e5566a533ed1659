import type { ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { StoreError } from "../store/errors.ts";
import { readConfig } from "../config/config.ts";
import { SERVER_OPTIONS } from "../config/options.ts";
import { openAdminClient, type AdminClient } from "./client.ts";

/** The options of the administrator's commands: where the server's data is, and how to print. */
export const ADMIN_OPTIONS = {
  data: SERVER_OPTIONS.data,
  config: SERVER_OPTIONS.config,
  json: { kind: "flag", help: "print JSON" },
} as const satisfies Options;

interface AdminValues {
  readonly data?: string;
  readonly config?: string;
}

/** Runs one command with a client, and closes it afterwards. */
export async function withAdminClient(
  name: string,
  { data, config }: AdminValues,
  { env, stderr }: ProcessContext,
  work: (client: AdminClient) => Promise<ExitCode>,
): Promise<ExitCode> {
  const read = readConfig(
    { ...(data === undefined ? {} : { data }), ...(config === undefined ? {} : { config }) },
    env,
  );
  if ("wrong" in read) return complain(read.wrong, EXIT.wrongUse);
  const folder = read.config.data;
  try {
    const client = await openAdminClient(folder);
    if (client === null) {
      return complain(`no server has kept anything in ${folder} yet; --data names another folder`, EXIT.dataUnusable);
    }
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  } catch (error) {
    if (error instanceof StoreError) return complain(error.message, EXIT.dataUnusable);
    throw error;
  }

  function complain(message: string, code: ExitCode): ExitCode {
    stderr.write(`padserve ${name}: ${message}\n`);
    return code;
  }
}

/** Columns, as wide as they must be. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)),
    [],
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

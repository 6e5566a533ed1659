import type { ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { StoreError } from "../store/errors.ts";
import { visibleLine } from "../text/visible.ts";
import { readConfig } from "../config/config.ts";
import { SERVER_OPTIONS } from "../config/options.ts";
import { AskError } from "./ask.ts";
import { openAdminClient, type AdminClient } from "./client.ts";

/** The options of the administrator's commands: where the server's data is, and how to print. */
export const ADMIN_OPTIONS = {
  data: SERVER_OPTIONS.data,
  config: SERVER_OPTIONS.config,
  json: { kind: "flag", help: "print JSON" },
} as const satisfies Options;

const RETRY = "nothing that was asked is known to be done: look at the server's log, then ask again";

interface AdminValues {
  readonly data?: string;
  readonly config?: string;
}

/** Characters. */
const MOST_OF_CELL = 200;

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
    if (error instanceof AskError) return complain(`${error.message}; ${RETRY}`, EXIT.unreachable);
    throw error;
  }

  function complain(message: string, code: ExitCode): ExitCode {
    stderr.write(`padserve ${name}: ${visibleLine(message)}\n`);
    return code;
  }
}

/** Columns, as wide as they must be; what others wrote in a cell is made visible. */
export function columns(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map((cell) => visibleLine(cell, MOST_OF_CELL)));
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

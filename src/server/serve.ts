import { defineCommand, type Invocation, type ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import { StoreError } from "../store/errors.ts";
import { removeCopies } from "../store/sqlite/backup.ts";
import { openSqliteStore } from "../store/sqlite/store.ts";
import { newToken, readRunningFile, removeRunningFile, writeRunningFile } from "../admin/running-file.ts";
import { announcement, whereItListens, type Situation } from "./announce.ts";
import { readConfig, type Config } from "../config/config.ts";
import type { ListenTrouble } from "./listening.ts";
import { createLastingOutput, type LastingOutput } from "./lasting-output.ts";
import { createLog } from "./log.ts";
import { startServer, type Padserve, type ServerOptions, type Started } from "./main.ts";
import { SERVER_OPTIONS } from "../config/options.ts";
import { portOwner } from "../net/port-owner.ts";
import { visibleLine } from "../text/visible.ts";
import { keepHeapSmall } from "./small-heap.ts";
import { withPort } from "../config/wanted-addresses.ts";

/** `padserve serve`: everything between the command line and a running server. */
export const command = defineCommand(
  {
    name: "serve",
    summary: "Run the chat server on this machine's Tailscale addresses.",
    words: "",
    minWords: 0,
    maxWords: 0,
    options: SERVER_OPTIONS,
    examples: [
      ["padserve serve", "on port 12345, state in the default place"],
      ["padserve serve --operator alice@example.com", "alice may kick and ban"],
      ["padserve serve --port 4000 --data /srv/padserve", "another port, another folder"],
      ["PADSERVE_PORT=4000 padserve serve", "each option can be set in the environment, too"],
    ],
  },
  serve,
);

async function serve({ values, context }: Invocation<typeof SERVER_OPTIONS>): Promise<ExitCode> {
  keepHeapSmall();
  const { env, stderr, stdout, stop } = context;
  const read = readConfig(values, env);
  if ("wrong" in read) return complain(context, read.wrong, EXIT.wrongUse);
  const { config } = read;
  const opened = await openStore(config);
  if ("wrong" in opened) return complain(context, opened.wrong, EXIT.dataUnusable);

  const log = createLog(stderr, config.logLevel, config.logFormat ?? (stderr.isTTY === true ? "pretty" : "json"));
  const token = newToken();
  const started = await startOn(opened, { config, log, token });
  if ("wrong" in started) return complain(context, started.wrong, EXIT.dataUnusable);
  if (started.kind === "no-port") return complain(context, portTaken(started.trouble), EXIT.portTaken);
  const { server } = started;
  try {
    writeRunningFile(config.data, { pid: process.pid, port: server.port, token });
  } catch (cause) {
    log.error("padserve names and bans can't reach this server while it runs", { folder: config.data }, cause);
  }

  const output = createLastingOutput(stdout);
  const owners = new Map<string, string | null>();
  tell(output, announcement(situationOf(config, server, owners)));
  followNews(config, server, owners, output);
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  log.info("stopping", { signal: String(stop.reason) });
  removeRunningFile(config.data);
  await server.stop();
  return EXIT.done;
}

/** A first start stores which server this is; a disk that refuses even that is reported in one line. */
async function startOn(
  opened: Pick<ServerOptions, "store" | "saved" | "backUp">,
  others: Pick<ServerOptions, "config" | "log" | "token">,
): Promise<Started | { readonly wrong: string }> {
  try {
    return await startServer({ ...others, ...opened });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { wrong: error.message };
  }
}

/** The store and what it holds, or what is wrong with it in one line. */
async function openStore(
  config: Config,
): Promise<Pick<ServerOptions, "store" | "saved" | "backUp"> | { readonly wrong: string }> {
  try {
    const store = await openSqliteStore(config.data);
    removeCopies(config.data);
    return { store, saved: await store.load(), backUp: (path) => store.backUp(path) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const other = error.code === "in-use" ? readRunningFile(config.data) : null;
    const more = other === null ? "" : ` It runs as process ${other.pid}, on port ${other.port}.`;
    return { wrong: `${error.message}${more}` };
  }
}

function followNews(config: Config, server: Padserve, owners: Map<string, string | null>, output: LastingOutput): void {
  let said = whereItListens(situationOf(config, server, owners)).join("\n");
  server.onChange(() => {
    const lines = whereItListens(situationOf(config, server, owners));
    if (lines.join("\n") === said) return;
    said = lines.join("\n");
    tell(output, lines);
  });
}

/** @param owners who has an address, once asked: the question is expensive, and is put again and again as long as somebody has it */
function situationOf(config: Config, server: Padserve, owners: Map<string, string | null>): Situation {
  const troubles = server.troubles();
  for (const address of owners.keys()) if (!troubles.some((one) => one.address === address)) owners.delete(address);
  return {
    config,
    port: server.port,
    addresses: server.addresses(),
    missing: troubles.flatMap((trouble) => {
      const why = whyMissing(trouble, owners);
      return why === null ? [] : [{ address: trouble.address, why }];
    }),
    observation: server.observation(),
    state: server.state(),
  };
}

/** Null where there is nothing to be told: a machine may be without IPv6, and an address that just went away is reported elsewhere. */
function whyMissing({ address, port, failure }: ListenTrouble, owners: Map<string, string | null>): string | null {
  switch (failure.kind) {
    case "address-not-available":
      return null;
    case "address-in-use": {
      const owner = owners.get(address) ?? portOwner(address, port);
      owners.set(address, owner);
      return `taken by ${owner ?? "another program"}; stop it, or choose another port with --port`;
    }
    case "not-permitted":
    case "failed":
      return visibleLine(failure.error.message, 200);
  }
}

function portTaken({ address, port, failure }: ListenTrouble): string {
  const where = withPort(address, port);
  if (failure.kind !== "address-in-use") return `can't listen on ${where}: ${failure.error.message}`;
  const owner = portOwner(address, port);
  return [
    `port ${port} is taken${owner === null ? "" : ` by ${owner}`} (on ${where}).`,
    "Stop that program, or choose another port with --port.",
  ].join(" ");
}

function complain({ stderr }: ProcessContext, message: string, code: ExitCode): ExitCode {
  stderr.write(`padserve serve: ${message}\n`);
  return code;
}

function tell(output: LastingOutput, lines: readonly string[]): void {
  for (const line of lines) output.write(`${line}\n`);
}

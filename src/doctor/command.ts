import { defineCommand, type Invocation, type ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import { plainJson } from "../text/visible.ts";
import { parseAddress } from "../client/transport/index.ts";
import { readConfig } from "../config/config.ts";
import { SERVER_OPTIONS } from "../config/options.ts";
import { examineServer, examineWay } from "./examination.ts";
import { worst, type Finding, type Level } from "./findings.ts";
import { screen } from "./screen.ts";

const { data, port, config, operator, capability } = SERVER_OPTIONS;
const OPTIONS = {
  data,
  port,
  config,
  operator,
  capability,
  "trust-local": SERVER_OPTIONS["trust-local"],
  "tailscale-socket": SERVER_OPTIONS["tailscale-socket"],
  json: { kind: "flag", help: "print JSON" },
} as const satisfies Options;

/** `padserve doctor`: whether this machine is fit for a server; with a server's name, whether the way to it is. */
export const command = defineCommand(
  {
    name: "doctor",
    summary: "Check whether all is well: on the server's machine, or on the way to a server.",
    words: "[server]",
    minWords: 0,
    maxWords: 1,
    options: OPTIONS,
    examples: [
      ["padserve doctor", "Tailscale, operators, data, port and clock of this machine"],
      ["padserve doctor --data /var/lib/padserve", "the same for a server with another folder"],
      ["padserve doctor chat-server", "from any machine: is it reached, how fast, who are you there"],
    ],
  },
  run,
);

async function run({ words, values, context }: Invocation<typeof OPTIONS>): Promise<ExitCode> {
  const { json = false, ...given } = values;
  const read = readConfig(given, context.env);
  if ("wrong" in read) return complain(context, read.wrong);
  const [word] = words;
  const target = word === undefined ? undefined : parseAddress(word);
  if (target === null) return complain(context, `not a server's name or address: ${JSON.stringify(word)}`);
  const findings =
    target === undefined ? await examineServer(read.config) : await examineWay(target, read.config.tailscaleSocket);
  context.stdout.write(json ? asJson(findings) : asScreen(findings, context));
  return CODES[worst(findings)];
}

const CODES: Readonly<Record<Level, ExitCode>> = {
  ok: EXIT.done,
  note: EXIT.done,
  warning: EXIT.warnings,
  error: EXIT.errors,
};

function asJson(findings: readonly Finding[]): string {
  return `${plainJson({ worst: worst(findings), findings })}\n`;
}

function asScreen(findings: readonly Finding[], { stdout, env }: ProcessContext): string {
  const columns = "columns" in stdout && typeof stdout.columns === "number" ? stdout.columns : 100;
  // https://no-color.org: present and not empty.
  return screen(findings, {
    fancy: stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "",
    width: Math.min(columns, 120),
  });
}

function complain({ stderr }: ProcessContext, message: string): ExitCode {
  stderr.write(`padserve doctor: ${message}\n`);
  return EXIT.wrongUse;
}

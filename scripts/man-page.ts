import { EXIT, EXIT_MEANINGS } from "../src/args/exit-codes.ts";
import { optionRows, usageOf } from "../src/args/help.ts";
import type { CommandSpec } from "../src/args/spec.ts";

/** The environment and the files, which no table knows. */
const ENVIRONMENT = [
  ["PAD_SERVER", "the server of chat, send, listen and who, where none is given"],
  ["PAD_AS", "the name of send, listen and who, where none is given"],
  ["PAD_CLASSIC", "1: the classic protocol alone, as with --classic; no agent is started"],
  ["PAD_FROM, PAD_TO", "who sent a message, and to whom: for a command that listen runs, with PAD_SERVER"],
  ["PADSERVE_…", "each option of serve, in capitals, with _ for -"],
  ["PADSERVE_TAILSCALE_SOCKET", "tailscaled's socket, where it is not at its usual place; for the others, too"],
  ["NO_COLOR, TERM=dumb", "chat without a full screen"],
] as const;

const FILES = [
  ["$XDG_CONFIG_HOME/padserve/ (~/.config/padserve/)", "settings of chat"],
  [
    "$XDG_STATE_HOME/padserve/ (~/.local/state/padserve/)",
    "the last server and name, what was typed; unless --data says otherwise the server's names and bans, too",
  ],
] as const;

/** The man page in roff's man macros, made from the tables of sub-commands and exit codes. */
export function manPage(specs: readonly CommandSpec[], version: string): string {
  return [
    `.\\" Made by "npm run man" from the tables of sub-commands and exit codes; do not edit.`,
    `.TH PADSERVE 1 "" "padserve ${version}" "User Commands"`,
    ".SH NAME",
    "padserve, pad \\- private chat for a tailnet",
    ".SH SYNOPSIS",
    ...specs.flatMap((spec) => [".br", `.B ${roff(usageOf(spec))}`]).slice(1),
    ".SH DESCRIPTION",
    "One small server on one machine, and everybody on the Tailscale network can talk, each under the name that the tailnet",
    "already vouches for.",
    "Both names start the same program.",
    ".SH COMMANDS",
    ...specs.flatMap(commandPart),
    ".SH EXIT STATUS",
    ...rows(Object.entries(EXIT_MEANINGS).map(([name, does]) => [String(codeOf(name)), does])),
    ".SH ENVIRONMENT",
    ...rows(ENVIRONMENT),
    ".SH FILES",
    ...rows(FILES),
    "",
  ].join("\n");
}

function commandPart(spec: CommandSpec): readonly string[] {
  return [
    `.SS ${roff(usageOf(spec))}`,
    roff(spec.summary),
    ...rows(optionRows(spec)),
    ".PP",
    "Examples:",
    ...rows(spec.examples),
  ];
}

/** Terms, each with what it does. */
function rows(terms: readonly (readonly [string, string])[]): readonly string[] {
  return terms.flatMap(([term, does]) => [".TP", `.B ${roff(term)}`, roff(does)]);
}

function codeOf(name: string): number {
  return Object.entries(EXIT).find(([other]) => other === name)?.[1] ?? EXIT.unexpected;
}

/** Text as roff reads it back: a hyphen that can be copied, no command at a line's beginning, ASCII only. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replaceAll("`", "\\(ga")
    .replaceAll("…", "...")
    .replace(/^\./, "\\&.");
}

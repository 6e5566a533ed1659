import { VERBS } from "./verbs.ts";

/** A command as SERVERHELP tells it. */
interface CommandHelp {
  readonly usage: string;
  readonly text: string;
  readonly operator: boolean;
}

/** What a server offers, in the order and words of the original; INFO, from the article, is for everybody. */
const COMMAND_HELP: readonly CommandHelp[] = [
  { usage: VERBS.list, text: "List all connected clients", operator: false },
  { usage: VERBS.info, text: "Print server information", operator: false },
  { usage: VERBS["server-info"], text: "Retrieve server information", operator: true },
  { usage: `${VERBS.kick} <clientID>`, text: "Kick a client from the server", operator: true },
  { usage: `${VERBS.ban} <clientID>`, text: "Ban a client from the server", operator: true },
  { usage: `${VERBS.unban} <clientID>`, text: "Unban a client from the server", operator: true },
  { usage: VERBS["list-bans"], text: "List all banned clients", operator: true },
];

/** The lines between BEGIN_RESPONSE and END_RESPONSE that answer SERVERHELP, without line ends. */
export function helpLines(operator: boolean): string[] {
  return [
    "Available server commands:",
    ...entries(false),
    ...(operator ? ["Operator commands:", ...entries(true)] : []),
    "END SERVERHELP",
  ];
}

function entries(operator: boolean): string[] {
  return COMMAND_HELP.filter((command) => command.operator === operator).map(({ usage, text }) => `${usage} - ${text}`);
}

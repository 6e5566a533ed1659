/**
 * A transcript: what somebody types and what the programs answer, as a text file that people read and a test plays.
 *
 *   CM-5 its first line is the test's title
 *   # a remark
 *   (bob is here)                        what somebody else does, see people.ts
 *   $ pad send bob hello                 a command; $SERVER, 'quotes', NAME=value in front, and printf '…' | before it
 *   what it says on standard output
 *   ! what it says on standard error
 *   exit code 0
 *   $ pad listen &                       a command that goes on; the lines below are awaited
 *   $ wait                               its end, with the rest of what it says
 *   phone$ pad devices                   a command at another machine of the same person
 */
export interface Script {
  readonly title: string;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: "remark"; readonly line: string }
  | { readonly kind: "action"; readonly line: string; readonly action: string }
  | Command;

interface Command {
  readonly kind: "command";
  readonly line: string;
  /** Null: the person's first machine. */
  readonly machine: string | null;
  readonly command: string;
  readonly said: readonly string[];
}

export function readScript(text: string): Script {
  const [title = "", ...lines] = text.trimEnd().split("\n");
  const steps: Step[] = [];
  for (const line of lines) {
    const last = steps.at(-1);
    if (last?.kind === "command" && (isUnfinished(last) || !isStep(line))) {
      steps[steps.length - 1] = { ...last, said: [...last.said, line] };
      continue;
    }
    const [, machine, command] = /^([a-z0-9]*)\$ (.*)$/.exec(line) ?? [];
    if (command !== undefined) steps.push({ kind: "command", line, machine: machine || null, command, said: [] });
    else if (line.startsWith("(")) steps.push({ kind: "action", line, action: line.slice(1, -1) });
    else if (isStep(line)) steps.push({ kind: "remark", line });
    else throw new Error(`this line belongs to no command: ${line}`);
  }
  return { title, steps };
}

/** A command that is not in the background says anything, blank lines too, up to its exit code. */
function isUnfinished({ command, said }: Command): boolean {
  return !command.endsWith(" &") && !said.some((line) => /^(exit code \d+|ended by \w+)$/.test(line));
}

function isStep(line: string): boolean {
  return line === "" || /^([a-z0-9]*\$ |# |\(.*\)$)/.test(line);
}

/** A command as the program gets it. */
export interface CommandLine {
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** Null: its input is closed. */
  readonly input: string | null;
  readonly goesOn: boolean;
}

/** `[printf TEXT |] [NAME=value…] pad ARG… [&]`. */
export function readCommand(command: string, variables: Readonly<Record<string, string>>): CommandLine {
  const words = splitWords(command, variables);
  const bar = words.indexOf("|");
  const [printf, text = ""] = words.slice(0, Math.max(bar, 0));
  if (bar !== -1 && printf !== "printf") throw new Error(`only printf can stand before a bar: ${command}`);
  const behind = words.slice(bar + 1);
  const program = behind.findIndex((word) => !/^[A-Z_]+=/.test(word));
  if (behind[program] !== "pad" && behind[program] !== "padserve") throw new Error(`not pad: ${command}`);
  const goesOn = behind.at(-1) === "&";
  return {
    env: Object.fromEntries(behind.slice(0, program).map((word) => word.split(/=(.*)/s).slice(0, 2))),
    args: behind.slice(program + 1, goesOn ? -1 : undefined),
    input: bar === -1 ? null : text.replaceAll(String.raw`\n`, "\n").replaceAll(String.raw`\t`, "\t"),
    goesOn,
  };
}

/** At blanks, as a shell would; variables are filled in except between single quotes. */
function splitWords(command: string, variables: Readonly<Record<string, string>>): string[] {
  const fill = (text: string) => text.replaceAll(/\$([A-Z_]+)/g, (_, name: string) => variables[name] ?? "");
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"|([^'"]+)/g, (_, exact?: string, filled?: string, bare?: string) =>
      exact === undefined ? fill(filled ?? bare ?? "") : exact,
    ),
  );
}

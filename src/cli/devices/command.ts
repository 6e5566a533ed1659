import { statSync } from "node:fs";
import { defineCommand, type Command, type Invocation } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import type { Options } from "../../args/options.ts";
import { visibleLine } from "../../text/visible.ts";
import { SCRIPT_OPTIONS } from "../script.ts";
import { attachAgent } from "../sealed/agent.ts";
import type { Attach } from "../sealed/attach.ts";
import { withChat } from "../sealed/with-chat.ts";
import { runDeviceAction, tellStanding } from "./actions.ts";
import { readDeviceAction } from "./read.ts";

const OPTIONS = {
  ...SCRIPT_OPTIONS,
  minutes: {
    kind: "number",
    placeholder: "N",
    help: "invite: for how long the token is good (default: 60)",
    min: 1,
    max: 10_080,
  },
  "passphrase-file": {
    kind: "text",
    placeholder: "FILE",
    help: "export, import: the passphrase is the first line of this file (else it is asked for)",
  },
  yes: { kind: "flag", help: "remove, reset: don't ask" },
  json: { kind: "flag", help: "print what is listed as a JSON array, a device or token as an object" },
} as const satisfies Options;

/** `pad devices`: the person's own devices. */
export const command = devicesCommand(attachAgent);

export function devicesCommand(attach: Attach): Command {
  return defineCommand(
    {
      name: "devices",
      program: "pad",
      summary:
        "List your devices (label, whether it is confirmed, when it was seen last, id and, of one that waits, its code), or change which they are.",
      words: "[list|confirm|dismiss|remove|invite|number|reset|new|export|import] [CODE, DEVICE or FILE]",
      minWords: 0,
      maxWords: 64,
      options: OPTIONS,
      examples: [
        ["pad devices", "one a line; an asterisk stands before the one that you are at"],
        ["pad devices confirm KQ3F-8H2M-0ZTA-7WVX", "the new device that shows this code is yours"],
        ["pad devices remove laptop2", "a lost one: it reads nothing that is written from then on"],
        [
          "pad devices invite --minutes 10",
          "a token that confirms a machine without anybody at it ($PAD_DEVICE_TOKEN)",
        ],
        ["pad devices number", "the number that all your devices have in common"],
        ["pad devices reset", "all others are lost: this one begins anew, and everybody is warned of your new key"],
        ["pad devices new", "in place of this device, which was removed: a new one, to be confirmed"],
        ["pad devices export alice.pad", "history and key, under a passphrase; import makes another device of it"],
      ],
    },
    (invocation) => devices(invocation, attach),
  );
}

async function devices({ words, values, context }: Invocation<typeof OPTIONS>, attach: Attach): Promise<ExitCode> {
  const action = readDeviceAction(words, values);
  if (action.kind === "wrong") {
    context.stderr.write(`pad devices: ${action.why}\n`);
    return EXIT.wrongUse;
  }
  if (action.kind === "import" && isMissing(action.file)) {
    context.stderr.write(`pad devices: There is no file ${visibleLine(action.file)}\n`);
    return EXIT.wrongUse;
  }
  const how = { values, context, attach, offline: action.kind === "list", standing: "any" } as const;
  let hasBegun = false;
  const code = await withChat("devices", { ...how, whenEnded: action.kind === "new" }, async (chat, server) => {
    hasBegun = true;
    return await runDeviceAction(action, {
      chat,
      server,
      context,
      json: values.json === true,
      yes: values.yes === true,
    });
  });
  if (action.kind === "remove" && !hasBegun && code === EXIT.unreachable)
    context.stderr.write(`pad devices: ${NOT_BEGUN}\n`);
  // What it is then the next chat says: this one was the former device's.
  return action.kind === "new" && code === EXIT.done ? await withChat("devices", how, tellStanding(context)) : code;
}

/** Whoever has lost a device is to know that it still reads. */
const NOT_BEGUN =
  "Nothing was removed, and this computer doesn't go on with it by itself: run it again when the server is there.";

/** Whether there is certainly no such file; what else keeps it from being read the agent tells. */
function isMissing(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

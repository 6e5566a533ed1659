import { defineCommand, type Command, type Invocation } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import type { Device } from "../client/index.ts";
import { escapedLine } from "../text/visible.ts";
import { explainFailure } from "./explain.ts";
import { SCRIPT_OPTIONS } from "./script.ts";
import { attachAgent } from "./sealed/agent.ts";
import type { Attach } from "./sealed/attach.ts";
import { isoTime, jsonLine } from "./sealed/message.ts";
import { withChat } from "./sealed/with-chat.ts";

const OPTIONS = {
  ...SCRIPT_OPTIONS,
  json: { kind: "flag", help: "print one JSON array" },
} as const satisfies Options;

/** `pad devices`: the person's own devices. */
export const command = devicesCommand(attachAgent);

export function devicesCommand(attach: Attach): Command {
  return defineCommand(
    {
      name: "devices",
      program: "pad",
      summary:
        "List your devices: label, whether it is confirmed, when it was seen last, and its id, with tabs between.",
      words: "",
      minWords: 0,
      maxWords: 0,
      options: OPTIONS,
      examples: [
        ["pad devices", "one a line; an asterisk stands before the one that you are at"],
        ["pad devices --json", "the same as a JSON array"],
      ],
    },
    (invocation) => devices(invocation, attach),
  );
}

async function devices({ values, context }: Invocation<typeof OPTIONS>, attach: Attach): Promise<ExitCode> {
  return await withChat("devices", { values, context, attach, offline: true }, async (chat, server) => {
    const reply = await chat.devices();
    if (reply.kind !== "answered") return explainFailure(reply, server);
    context.stdout.write(values.json === true ? jsonLine(reply.value.map(asObject)) : reply.value.map(asLine).join(""));
    return EXIT.done;
  });
}

function asObject({ id, label, status, lastSeen, isThis }: Device): object {
  return { id, label, status, lastSeen: lastSeen === null ? null : isoTime(lastSeen), this: isThis };
}

function asLine({ id, label, status, lastSeen, isThis }: Device): string {
  const seen = lastSeen === null ? "-" : isoTime(lastSeen);
  return `${isThis ? "*" : ""}${escapedLine(label)}\t${status}\t${seen}\t${escapedLine(id)}\n`;
}

import { defineCommand, type Command, type Invocation } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import type { Options } from "../../args/options.ts";
import { SCRIPT_OPTIONS } from "../script.ts";
import { attachAgent } from "../sealed/agent.ts";
import type { Attach } from "../sealed/attach.ts";
import { withChat } from "../sealed/with-chat.ts";
import { runRoomAction } from "./actions.ts";
import { readRoomAction } from "./read.ts";

const OPTIONS = {
  ...SCRIPT_OPTIONS,
  "invite-only": {
    kind: "flag",
    help: "create: only people who are invited can join (else whoever the server lets in)",
  },
  json: { kind: "flag", help: "print what is listed as a JSON array, a room that is made or joined as an object" },
} as const satisfies Options;

export const command = roomsCommand(attachAgent);

export function roomsCommand(attach: Attach): Command {
  return defineCommand(
    {
      name: "rooms",
      program: "pad",
      summary: "List the rooms, or create, join and leave one, invite somebody to it, or list who is in it.",
      words: "[list|create|invite|join|leave|members] ['#ROOM'] [NAME]",
      minWords: 0,
      maxWords: 3,
      options: OPTIONS,
      examples: [
        ["pad rooms", "name, open or invite, whether you are in it, and how many are, with tabs between"],
        ["pad rooms create '#ops' --invite-only", "a room that only people who are invited can join"],
        ["pad rooms invite '#ops' bob", "bob, on all of his devices"],
        [
          "pad rooms members '#ops'",
          "name, what it is, whose it is, how far its key is known, devices, whether your Tailscale shows it",
        ],
        ["pad rooms leave ops", "the # may be left out here"],
      ],
    },
    (invocation) => rooms(invocation, attach),
  );
}

async function rooms({ words, values, context }: Invocation<typeof OPTIONS>, attach: Attach): Promise<ExitCode> {
  const action = readRoomAction(words, values["invite-only"] === true);
  if (action.kind === "wrong") {
    context.stderr.write(`pad rooms: ${action.why}\n`);
    return EXIT.wrongUse;
  }
  return await withChat(
    "rooms",
    { values, context, attach, offline: action.kind === "list" || action.kind === "members" },
    async (chat, server) => {
      const done = await runRoomAction(action, chat, server, values.json === true);
      if ("code" in done) return done;
      context.stdout.write(done.said);
      return EXIT.done;
    },
  );
}

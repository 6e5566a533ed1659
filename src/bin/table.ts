import type { Command } from "../args/command.ts";
import type { CommandSpec } from "../args/spec.ts";

interface Row {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
  /** It goes on when its output can't be written: nobody reads it any more, or the disk is full. */
  readonly outlivesReader?: boolean;
}

/** All sub-commands, in the order in which they are told. Each is loaded when it is asked for. */
export const COMMANDS: Readonly<Record<string, Row>> = {
  chat: { summary: "talk, in full screen or line by line", load: loadChat },
  send: { summary: "send one message and leave", load: () => import("../cli/send/command.ts") },
  listen: { summary: "print each message, or run a command for it", load: () => import("../cli/listen/command.ts") },
  history: { summary: "print what was said in a room or with a person", load: () => import("../cli/history.ts") },
  rooms: {
    summary: "list, create, join and leave sealed rooms, and invite to them",
    load: () => import("../cli/rooms/command.ts"),
  },
  verify: {
    summary: "show the number that you and somebody compare, and remember that you have",
    load: () => import("../cli/verify.ts"),
  },
  devices: {
    summary: "list your devices, confirm a new one, remove a lost one",
    load: () => import("../cli/devices/command.ts"),
  },
  agent: { summary: "tell how your agent is, stop it, or run it as a service", load: loadAgent },
  who: { summary: "list who is here", load: () => import("../cli/who.ts") },
  serve: { summary: "run the server", load: () => import("../server/serve.ts"), outlivesReader: true },
  doctor: {
    summary: "check whether all is well, here or on the way to a server",
    load: () => import("../doctor/command.ts"),
  },
  names: {
    summary: "list the names and whose they are, or release one",
    load: () => import("../admin/names.ts"),
  },
  bans: { summary: "list who is banned", load: () => import("../admin/bans.ts") },
  operators: {
    summary: "list who is operator, or clear the first one's right",
    load: () => import("../admin/operators.ts"),
  },
  backup: { summary: "back up all that the server keeps", load: () => import("../admin/backup.ts") },
  restore: { summary: "bring a backup back", load: () => import("../admin/restore.ts") },
  completion: { summary: "print what makes a shell complete all this", load: loadCompletion },
};

/** What each sub-command takes: for what is made from the table as a whole. */
export function allSpecs(): Promise<readonly CommandSpec[]> {
  return Promise.all(Object.values(COMMANDS).map(async ({ load }) => (await load()).command.spec));
}

async function loadCompletion(): Promise<{ readonly command: Command }> {
  const { completionCommand } = await import("./completion/command.ts");
  return { command: completionCommand(allSpecs) };
}

/** The agent itself comes with the sealing engine, which only its own process needs. */
async function loadAgent(): Promise<{ readonly command: Command }> {
  const { agentCommand } = await import("../cli/agent.ts");
  return { command: agentCommand(() => import("../agent/service/index.ts")) };
}

/** The full screen comes with React and Ink, which a pipe has no use for. */
async function loadChat(): Promise<{ readonly command: Command }> {
  const { chatCommand } = await import("../cli/chat.ts");
  return { command: chatCommand(() => import("../tui/index.ts")) };
}

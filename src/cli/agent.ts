/**
 * `cli`: one file or folder for each of `pad`'s sub-commands. It prints and asks; what a chat is and what keys do lies in
 * `client` and `view`.
 */

import { defineCommand, type Command, type Invocation, type ProcessContext } from "../args/command.ts";
import { EXIT, type ExitCode } from "../args/exit-codes.ts";
import type { Options } from "../args/options.ts";
import {
  agentStatus,
  forgetServer,
  stopAgent,
  type AgentStatus,
  type Asked,
  type Stopped,
} from "../agent/face/control.ts";
import { SHARED_SOCKET, sharedSocketIn, type SharedPlace } from "../agent/face/find-shared.ts";
import type { AgentFailure } from "../agent/face/index.ts";
import { formatAddress, parseAddress, type ServerAddress } from "../client/transport/index.ts";
import { escapedLine, plainJson } from "../text/visible.ts";
import { notAnAddress } from "./explain.ts";
import { reach, type Reach } from "./reach/index.ts";
import { isNowhere, places } from "./start/places.ts";

const OPTIONS = {
  stay: {
    kind: "flag",
    help: "run the agent in the foreground until it is stopped, as a service does; takes over from one that is running",
  },
  system: {
    kind: "flag",
    help: "as --stay, and besides serve a socket to a group of this machine's users: $PAD_AGENT_SOCKET, else /run/padserve/agent.sock",
  },
  json: { kind: "flag", help: "print the status as one JSON object" },
} as const satisfies Options;

/** The agent's process, which is loaded only where it runs. */
export interface AgentService {
  readonly runAgent: (options: {
    readonly state: string;
    readonly shared: string | null;
    readonly env: ProcessContext["env"];
    readonly reach: (server: ServerAddress) => Promise<Reach>;
    readonly stop: AbortSignal;
    readonly say: (line: string) => void;
  }) => Promise<
    { readonly kind: "ended" } | { readonly kind: "there-already" } | { readonly kind: "failed"; readonly text: string }
  >;
}

/** `pad agent`, with the way to get the agent itself: this folder knows its face alone. */
export function agentCommand(loadService: () => Promise<AgentService>): Command {
  return defineCommand(
    {
      name: "agent",
      program: "pad",
      summary:
        "Tell how your agent is: the process that has this machine's device, for all windows and commands. It starts by itself.",
      words: "[stop|forget SERVER]",
      minWords: 0,
      maxWords: 2,
      options: OPTIONS,
      examples: [
        ["pad agent", "how it is; exits with 3 when none is running"],
        ["pad agent stop", "ends it; windows that use it end, too"],
        ["pad agent forget chat-server", "believes the server that answers there now, where it was another one before"],
        ["pad agent --stay", "runs it here, for systemd and the like"],
        ["pad agent --system", "the same, for services of other users on this machine (docs/agent.md)"],
      ],
    },
    (invocation) => agent(invocation, loadService),
  );
}

/** Times that an agent which somebody else starts meanwhile is taken over from. */
const TAKEOVERS = 5;

async function agent(
  { words: [word, address], values, context }: Invocation<typeof OPTIONS>,
  loadService: () => Promise<AgentService>,
): Promise<ExitCode> {
  const { env, stdout, stderr, stop } = context;
  const startedBy = env["PAD_AGENT_BACKGROUND"] ?? null;
  const state = startedBy ?? places(env).state;
  if (word !== undefined && word !== "stop" && word !== "forget")
    return complain(`"${word}" is neither stop nor forget`, EXIT.wrongUse);
  const stays = values.stay === true || values.system === true;
  if (word !== undefined && stays) return complain(`either ${word} or --stay`, EXIT.wrongUse);
  if (word === "stop" && address !== undefined) return complain("stop takes no more words", EXIT.wrongUse);
  if (word === "forget" && address === undefined) return complain("forget which server?", EXIT.wrongUse);
  const shared = startedBy === null ? sharedSocketIn(env) : null;
  if (shared !== null && word !== undefined) return complain(othersAgent(word, shared), EXIT.refused);
  if (shared !== null && values.stay === true && values.system !== true)
    return complain("PAD_AGENT_SOCKET names a shared agent: run one with --system, or unset it", EXIT.wrongUse);
  if (shared !== null && !stays) return await tell({ socket: shared });
  if (isNowhere(state))
    return complain("There is no home folder (HOME is not set), and so no agent.", EXIT.dataUnusable);
  if (stays) return await stay();
  if (word === "forget") return await forget(address ?? "");
  if (word === "stop") {
    const stopped = await stopAgent(state, "always", stop);
    if (stopped.kind === "failed") return failed(stopped);
    stdout.write(stopped.kind === "not-running" ? "No agent is running.\n" : `${endOf(stopped.value)}\n`);
    return EXIT.done;
  }
  return await tell(state);

  async function tell(at: string | SharedPlace): Promise<ExitCode> {
    const status = await agentStatus(at, stop);
    if (status.kind === "failed") return failed(status);
    if (status.kind === "not-running") {
      stdout.write(values.json === true ? `${plainJson({ running: false })}\n` : "No agent is running.\n");
      return EXIT.unreachable;
    }
    stdout.write(values.json === true ? `${plainJson(asObject(status.value))}\n` : asText(status.value));
    return EXIT.done;
  }

  function say(line: string): void {
    stderr.write(`${line}\n`);
  }

  async function forget(given: string): Promise<ExitCode> {
    const server = parseAddress(given);
    if (server === null) return complain(notAnAddress(given), EXIT.wrongUse);
    const forgotten = await forgetServer({ state, env, server, signal: stop });
    if (forgotten.kind === "failed") return failed(forgotten);
    if (forgotten.kind === "not-running") return complain("No agent is running.", EXIT.unreachable);
    if (forgotten.value === "not-allowed") return complain("that agent is somebody else's", EXIT.refused);
    const where = escapedLine(formatAddress(server));
    stdout.write(
      forgotten.value === "forgotten"
        ? `Forgotten which server ${where} was; the next command begins anew there. What was kept of the former one stays.\n`
        : `Nothing is known of ${where}.\n`,
    );
    return EXIT.done;
  }

  async function stay(): Promise<ExitCode> {
    const { runAgent } = await loadService();
    for (let tries = 0; tries < TAKEOVERS; tries += 1) {
      const end = await runAgent({
        state,
        shared: values.system === true ? (shared ?? SHARED_SOCKET) : null,
        env,
        reach: (server) => reach(server, context),
        stop,
        say,
      });
      if (end.kind === "ended") return EXIT.done;
      if (end.kind === "failed") return complain(end.text, EXIT.dataUnusable);
      // One that a face has started makes room for this one.
      if (startedBy !== null) return EXIT.done;
      const stopped = await stopAgent(state, "handover", stop);
      if (stopped.kind === "failed") return failed(stopped);
    }
    return complain("other agents start again and again", EXIT.unexpected);
  }

  function failed({ why, text }: Extract<Asked<unknown>, { kind: "failed" }>): ExitCode {
    return complain(text, CODES[why]);
  }

  function complain(text: string, code: ExitCode): ExitCode {
    stderr.write(`pad agent: ${text}\n`);
    return code;
  }
}

function othersAgent(word: "stop" | "forget", socket: string): string {
  const why = `the agent at ${socket} (PAD_AGENT_SOCKET) is shared: only the user that it runs as may do that`;
  return word === "stop" ? `${why}. sudo systemctl stop padserve-system-agent` : `${why}, without PAD_AGENT_SOCKET`;
}

function endOf({ pid, killed }: Stopped): string {
  return killed
    ? `Killed (process ${pid}), since it did not answer. What it had kept is there; open windows start the next one.`
    : `Stopped (process ${pid}).`;
}

const CODES: Readonly<Record<AgentFailure, ExitCode>> = {
  "no-home": EXIT.dataUnusable,
  folder: EXIT.dataUnusable,
  "not-started": EXIT.unreachable,
  "other-version": EXIT.unexpected,
  busy: EXIT.unexpected,
  broken: EXIT.unexpected,
  silent: EXIT.unreachable,
  "another-server": EXIT.keyChanged,
  aborted: EXIT.interrupted,
};

function asObject({ since, devices, ...status }: AgentStatus): object {
  return {
    running: true,
    ...status,
    since: new Date(since).toISOString(),
    devices: devices.map(({ address, name, identity, state, standing, faces, waiting }) => ({
      server: address,
      name,
      identity,
      state: state.kind,
      standing,
      faces,
      waiting,
    })),
  };
}

function asText({ pid, version, since, faces, folder, stays, devices }: AgentStatus): string {
  const lines = [
    `Agent ${version}, process ${pid}, since ${new Date(since).toISOString()}, ${counted(faces, "face")}${stays ? ", stays" : ""}`,
    `Folder ${escapedLine(folder)}`,
    ...devices.map(
      ({ address, name, state, standing, waiting, faces: own }) =>
        `${escapedLine(address)} as ${escapedLine(name)}: ${state.kind}${STANDING[standing]}, ${counted(own, "face")}, ${waiting ?? "unknown"} waiting`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** `pad devices` there tells what to do. */
const STANDING = {
  unknown: "",
  confirmed: "",
  pending: " (waits to be confirmed)",
  removed: " (was removed)",
} as const;

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

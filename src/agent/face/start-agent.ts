import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { AgentPlace } from "../wire/place.ts";
import { closeLogFile, openLogFile } from "../wire/log-file.ts";
import type { StartOutcome } from "./find-agent.ts";
import { BACKGROUND, READY_FILE, readStarted } from "../wire/started.ts";
import type { Started } from "../wire/started.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds: a full disk or a slow one may take its time. */
const TIMEOUT = 30_000;
/** Bytes of what a starting agent says of itself. */
const MOST_SAID = 64 * 1024;

/**
 * Starts the agent's process: a session of its own, so that no signal of this terminal reaches it, nothing of our environment that it has no
 * use for, and its output in its log. Resolves when it listens, or says why it doesn't. Never rejects.
 */
export async function startAgentProcess(
  place: AgentPlace,
  env: Environment,
  signal?: AbortSignal,
): Promise<StartOutcome> {
  const log = openLogFile(place.log);
  const output = log ?? "ignore";
  try {
    const child = spawn(process.execPath, [LAUNCHER, "agent", "--stay"], {
      detached: true,
      cwd: "/",
      stdio: ["ignore", output, output, "pipe"],
      env: { ...reduced(env), [BACKGROUND]: place.state },
    });
    const { promise, resolve } = Promise.withResolvers<StartOutcome>();
    child.on("error", (error) =>
      resolve({ kind: "not-started", text: `The agent can't be started: ${error.message}` }),
    );
    const timer = setTimeout(
      () => resolve({ kind: "not-started", text: `The agent does not start; see ${place.log}` }),
      TIMEOUT,
    );
    const abort = (): void => resolve({ kind: "aborted", text: "Interrupted." });
    signal?.addEventListener("abort", abort, { once: true });
    const said = child.stdio[READY_FILE];
    if (said instanceof Readable) void readAll(said).then((text) => resolve(outcomeOf(readStarted(text), place)));
    const started = await promise;
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    // It outlives us.
    said?.destroy();
    child.unref();
    return started;
  } catch (error) {
    // Not all failures are events: too many processes, for one.
    return { kind: "not-started", text: `The agent can't be started: ${String(error)}` };
  } finally {
    if (log !== null) closeLogFile(log);
  }
}

const LAUNCHER = fileURLToPath(new URL("../../../bin/launch.cjs", import.meta.url));

/** What says who the user is, where their things are, and what time it is; and our own. */
function reduced(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(
    ([name]) => KEPT.has(name) || /^(?:LC_|XDG_|PADSERVE_|PAD_AGENT_)/.test(name),
  );
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

const KEPT = new Set([
  "HOME",
  "USER",
  "LOGNAME",
  "PATH",
  "LANG",
  "TZ",
  "TMPDIR",
  "NODE_COMPILE_CACHE",
  "NODE_V8_COVERAGE",
]);

function outcomeOf(started: Started | null, place: AgentPlace): StartOutcome {
  if (started === null) return crashed(place);
  return started.kind === "ready" ? started : { kind: "folder", text: started.text };
}

function crashed(place: AgentPlace): StartOutcome {
  return { kind: "not-started", text: `The agent ended as soon as it was started; see ${place.log}` };
}

async function readAll(from: Readable): Promise<string> {
  let text = "";
  try {
    for await (const chunk of from) {
      text += String(chunk);
      // One line is all.
      if (text.includes("\n") || text.length > MOST_SAID) break;
    }
  } catch {
    // It ended in the middle of a word.
  }
  return text;
}

/**
 * `agent/service`: the agent's process: who attaches by its socket gets the chat of a device of this person. It knows faces, servers
 * by their addresses, and lives; of what a chat does it knows no more than `SealedChat` says.
 */

import { closeSync, fstatSync, writeSync } from "node:fs";
import { visibleLine } from "../../text/visible.ts";
import { machineId } from "../storage/machine-id.ts";
import { boundLogFile, openLogFile } from "../wire/log-file.ts";
import { packageVersion } from "../../disk/package-version.ts";
import { agentPlace } from "../wire/place.ts";
import { BACKGROUND, IDLE, READY_FILE, startedLine } from "../wire/started.ts";
import type { OwnTailnet } from "../chat/own-tailnet.ts";
import { startAgent } from "./agent.ts";
import type { Log, Reach } from "./ports.ts";

interface RunOptions {
  /** The person's state folder. */
  readonly state: string;
  /** A socket for a group beside its own; null: none. */
  readonly shared: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly reach: Reach;
  /** Aborting it ends the agent. */
  readonly stop: AbortSignal;
  /** Where an agent in the foreground says what happens. */
  readonly say: (line: string) => void;
}

type RunEnd =
  | { readonly kind: "ended" }
  | { readonly kind: "there-already" }
  | { readonly kind: "failed"; readonly text: string };

/** Milliseconds without a face. */
const IDLE_TIMEOUT = 5 * 60_000;
/** UTF-16 units of one thing that is logged. */
const LONGEST_LINE = 4096;

/**
 * Runs this process as this person's agent until it is stopped; one that a face has started, until it isn't used. Never rejects.
 */
export async function runAgent({ state, shared, env, reach, stop, say }: RunOptions): Promise<RunEnd> {
  // Whatever this process makes is this user's alone.
  process.umask(0o077);
  const place = agentPlace(state);
  const isBackground = env[BACKGROUND] !== undefined;
  const log = isBackground ? logTo(place.log) : (line: string) => say(visibleLine(line, LONGEST_LINE));
  const machine = machineId();
  let tailnet: OwnTailnet | null = null;
  const started = await startAgent({
    place,
    shared,
    version: packageVersion(),
    machine,
    // What seals is loaded with the first device: until then an agent that isn't needed (another was faster) costs little.
    open: async (device) => {
      const { openDevice } = await import("./open-device.ts");
      tailnet ??= (await import("../own-tailnet/index.ts")).thisMachinesTailnet(
        env["PADSERVE_TAILSCALE_SOCKET"] || null,
      );
      return await openDevice({ machine, reach, tailnet, log })(device);
    },
    reach,
    log,
    openKnown: !isBackground,
    idle: isBackground ? idleTimeout(env[IDLE]) : null,
    stop,
  });
  if (isBackground) tellStarter(startedLine(started.kind === "failed" ? started : { kind: "ready" }));
  if (started.kind !== "running") return started;
  // The first face is on its way, and wants a device. Its store's thread loads beside all the rest.
  if (isBackground) (await import("../storage/sqlite/store.ts")).startAhead();
  void import("./open-device.ts");
  await started.ended;
  return { kind: "ended" };
}

/** Each line with its time; the file is bounded. What can't be written is lost. */
function logTo(path: string): Log {
  const file = openLogFile(path);
  return (line) => {
    if (file === null) return;
    try {
      writeSync(file, `${new Date().toISOString()} ${visibleLine(line, LONGEST_LINE)}\n`);
      boundLogFile(file, path);
    } catch {
      // A full disk; the next line may find room.
    }
  };
}

function idleTimeout(seconds: string | undefined): number {
  const given = Number(seconds);
  return seconds === undefined || seconds === "" || !(given >= 0 && given <= 86_400) ? IDLE_TIMEOUT : given * 1000;
}

/** Whoever started us may have gone already, which is no reason to end. */
function tellStarter(line: string): void {
  try {
    const file = fstatSync(READY_FILE);
    if (!file.isFIFO() && !file.isSocket()) return;
    writeSync(READY_FILE, line);
    closeSync(READY_FILE);
  } catch {}
}

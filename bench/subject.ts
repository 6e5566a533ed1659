import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { FloorPlan, FloorReady } from "./floor.ts";
import { readUsage, USAGE_ARGUMENTS, type Usage } from "./usage.ts";

/** What is measured: a process that listens on loopback. */
export interface Subject<P = FloorPlan> {
  readonly port: number;
  usage(): Promise<Usage>;
  /** Says what the next run will be like; only the floor needs to be told. */
  plan(plan: P): Promise<void>;
  stop(): Promise<void>;
}

/** The server: `data` is the folder in which it keeps what it stores. */
export interface ServerSubject extends Subject {
  readonly data: string;
}

/** What the server is told, besides where its data and its port are. */
export const SERVER_ARGUMENTS = ["--log-level", "warn", "--message-rate", "1000000", "--max-local-names", "1000000"];

/** Starts the server as its users do, on a port of the system's choice and an empty data folder, with no Tailscale to ask. */
export async function startServer(more: readonly string[] = SERVER_ARGUMENTS): Promise<ServerSubject> {
  const data = mkdtempSync(join(tmpdir(), "padserve-bench-"));
  const child = spawn(
    process.execPath,
    [
      ...USAGE_ARGUMENTS,
      join(import.meta.dirname, "..", "bin", "launch.cjs"),
      "serve",
      "--port",
      "0",
      "--data",
      data,
      "--tailscale-socket",
      join(data, "nothing-here"),
      ...more,
    ],
    { stdio: ["ignore", "pipe", "inherit", "ipc"], env: ownEnvironment() },
  );
  return {
    data,
    port: await announcedPort(child),
    usage: () => readUsage(child),
    plan: () => Promise.resolve(),
    stop: async () => {
      await terminate(child);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Starts the bare program that the server is compared with. */
export function startFloor(): Promise<Subject> {
  return startFloorOf<FloorPlan>("floor.ts");
}

/** Another such program, which takes another kind of plan. */
export async function startFloorOf<P extends object>(file: string): Promise<Subject<P>> {
  const child = fork(join(import.meta.dirname, file), { execArgv: [...USAGE_ARGUMENTS] });
  const { port }: FloorReady = (await once(child, "message"))[0];
  return {
    port,
    usage: () => readUsage(child),
    plan: async (plan) => {
      child.send(plan);
      await once(child, "message");
    },
    stop: () => terminate(child),
  };
}

/** The server's first lines tell where it listens. */
async function announcedPort(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error("the server's output can't be read");
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) {
      child.stdout.resume();
      return Number(port);
    }
  }
  throw new Error("the server did not start");
}

/** Settings of the person who runs the bench must not change what is measured. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PADSERVE_")));
}

async function terminate(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

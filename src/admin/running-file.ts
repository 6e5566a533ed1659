import { randomBytes } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTextFile } from "../disk/read-text-file.ts";
import { isHex32 } from "./proof.ts";

/** How this machine's administrator reaches the server that runs on a data folder. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  /** 32 bytes in hexadecimal digits. Whoever knows it can read the folder, and so is the administrator. It is never sent. */
  readonly token: string;
}

export function newToken(): string {
  return randomBytes(32).toString("hex");
}

/** Leaves word of a running server in its data folder, readable for its user alone. */
export function writeRunningFile(folder: string, server: RunningServer): void {
  const file = pathIn(folder);
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(server)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

export function removeRunningFile(folder: string): void {
  rmSync(pathIn(folder), { force: true });
}

/** The server that runs, or ran until it was killed, on a data folder; null when none left word. */
export function readRunningFile(folder: string): RunningServer | null {
  try {
    const parsed: unknown = JSON.parse(readTextFile(pathIn(folder)));
    return isRunningServer(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function pathIn(folder: string): string {
  return join(folder, "running.json");
}

function isRunningServer(value: unknown): value is RunningServer {
  return (
    typeof value === "object" &&
    value !== null &&
    "pid" in value &&
    Number.isSafeInteger(value.pid) &&
    "port" in value &&
    typeof value.port === "number" &&
    Number.isInteger(value.port) &&
    value.port > 0 &&
    value.port < 65_536 &&
    "token" in value &&
    isHex32(value.token)
  );
}

import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeIdentity } from "../core/identity.ts";
import { StoreError } from "../store/errors.ts";
import { examineDatabase } from "../store/sqlite/examine.ts";
import { ask } from "../admin/ask.ts";
import {
  BanRecordsSchema,
  ClaimRecordsSchema,
  OperatorRecordsSchema,
  ServerReportSchema,
  type ServerReport,
} from "../admin/records.ts";
import { readRunningFile, type RunningServer } from "../admin/running-file.ts";
import type { Claimed } from "./operators.ts";

/** What the data folder holds, by asking its server where one runs, else by looking into a copy of its database. */
export type Contents =
  | { readonly kind: "nothing" }
  | { readonly kind: "running"; readonly server: RunningServer; readonly report: ServerReport; readonly held: Held }
  /** A server that is there, and doesn't answer. */
  | { readonly kind: "silent"; readonly server: RunningServer }
  | { readonly kind: "stopped"; readonly held: Held; readonly tailscaleSeen: boolean }
  | { readonly kind: "unusable"; readonly error: StoreError };

export interface Held {
  readonly claims: readonly Claimed[];
  readonly bans: number;
  /** Who has the right of the first operator, where no Tailscale is; null: nobody. */
  readonly first: string | null;
  /** The latest moment that is written down in it, milliseconds since 1970; null: none is. */
  readonly newest: number | null;
}

export interface DataFacts {
  readonly folder: string;
  readonly place: Place;
  /** Null where we can't look into the folder. */
  readonly contents: Contents | null;
  /** Bytes left for this user on the file system; null where that can't be known. */
  readonly space: number | null;
}

type Place =
  | { readonly kind: "missing" }
  | { readonly kind: "not-a-folder" }
  | { readonly kind: "folder"; readonly mode: number }
  /** This user may not use it, which says nothing of the server's user. */
  | { readonly kind: "closed"; readonly error: Error };

export async function gatherData(folder: string): Promise<DataFacts> {
  const place = placeOf(folder);
  return {
    folder,
    place,
    contents: place.kind === "folder" ? await contentsOf(folder) : null,
    space: spaceAt(folder),
  };
}

function placeOf(folder: string): Place {
  try {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat === undefined) return { kind: "missing" };
    if (!stat.isDirectory()) return { kind: "not-a-folder" };
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = join(folder, "padserve.db");
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK);
    return { kind: "folder", mode: stat.mode & 0o777 };
  } catch (error) {
    if (error instanceof Error) return { kind: "closed", error };
    throw error;
  }
}

async function contentsOf(folder: string): Promise<Contents> {
  const server = readRunningFile(folder);
  if (server !== null) {
    const running = await askServer(server);
    if (running !== null) return running;
    if (isAlive(server.pid)) return { kind: "silent", server };
  }
  try {
    const saved = examineDatabase(folder);
    if (saved === null) return { kind: "nothing" };
    const { claims, bans, keptRight, tailscaledSeen: tailscaleSeen } = saved;
    const first = keptRight?.name ?? null;
    const moments = [...claims.map(({ claimedAt }) => claimedAt), ...bans.map(({ bannedAt }) => bannedAt)];
    const claimed = claims.map(({ name, identity }) => ({ name, identity: describeIdentity(identity) }));
    const held = { claims: claimed, bans: bans.length, first, newest: latest(moments) };
    return { kind: "stopped", tailscaleSeen, held };
  } catch (error) {
    if (error instanceof StoreError) return { kind: "unusable", error };
    throw error;
  }
}

async function askServer(server: RunningServer): Promise<Contents | null> {
  try {
    const report = await ask(server, "GET", "/admin/report", ServerReportSchema);
    const claims = await ask(server, "GET", "/admin/names", ClaimRecordsSchema);
    const bans = await ask(server, "GET", "/admin/bans", BanRecordsSchema);
    const operators = await ask(server, "GET", "/admin/operators", OperatorRecordsSchema);
    const first = operators.find(({ ground }) => ground === "first")?.name ?? null;
    const newest = latest([...claims, ...bans].map(({ since }) => Date.parse(since)));
    return { kind: "running", server, report, held: { claims, bans: bans.length, first, newest } };
  } catch {
    return null;
  }
}

/** Whether a process has this number: the server's, unless it has died and the number came round again. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function latest(moments: readonly number[]): number | null {
  return moments.length === 0 ? null : moments.reduce((a, b) => Math.max(a, b));
}

/** On the file system where the folder is, or will be made. */
function spaceAt(folder: string): number | null {
  try {
    if (!existsSync(folder)) return dirname(folder) === folder ? null : spaceAt(dirname(folder));
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

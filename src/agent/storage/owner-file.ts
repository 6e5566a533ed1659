import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

/**
 * Who has the agent's folder, in a file beside the lock: on a disk that several machines share, a lock may reach no further than the machine that
 * took it (NFS without its lock service, most of FUSE), and their ids may be the same, or none (cloned machines, containers). Two agents there
 * would write over one another. Where the file names another machine, that one is asked, in the file, and answers there if it is still alive.
 */
export interface OwnerFile {
  /** For whoever writes in the folder; null: there is no such file. */
  readonly mark: OwnerMark | null;
  /** Whether the folder is still this agent's; whoever asks is answered. Looked at every few seconds. */
  look(): "ours" | "taken";
  /** For an agent that ends. */
  release(): void;
}

/** The file, and what it says while the folder is one's own. */
export interface OwnerMark {
  readonly path: string;
  readonly text: string;
}

export interface Ownership {
  /** What tells this run of this machine's system from others. */
  readonly system: string;
  /** How people call this machine. */
  readonly host: string;
  /** Whether the disk is this machine's alone: then its lock is enough, and there is no file. */
  readonly isLocal: boolean;
  /** Milliseconds that another machine's agent is left to answer. */
  readonly answerWithin: number;
}

/** Milliseconds: several times as long as two looks are apart, and what a file's change needs to be seen over the network. */
const ANSWER_WITHIN = 12_000;
const PAUSE = 200;
/** Bytes of the file that are looked at. */
const LONGEST = 1024;

/** As this machine is, for a folder that is there. */
export function ownershipOf(folder: string): Ownership {
  const host = hostname();
  return { system: `${bootId()} ${host}`, host, isLocal: isLocalDisk(folder), answerWithin: ANSWER_WITHIN };
}

/** The lock is taken already. `host`: the machine that has it. Throws the file system's errors. */
export async function ownFolder(path: string, ownership: Ownership): Promise<OwnerFile | { readonly host: string }> {
  const { system, host, isLocal, answerWithin } = ownership;
  if (isLocal) return { mark: null, look: () => "ours", release() {} };
  const line = (what: Said["what"]) =>
    `${JSON.stringify({ what, system, host, run: randomBytes(16).toString("hex") })}\n`;
  const ours = line("held");
  if (!make(path, ours)) {
    const before = parsed(read(path));
    // On one machine the lock has told that its agent is gone.
    if (before?.system !== system) {
      const asking = line("asked");
      write(path, asking);
      const giveUpAt = performance.now() + answerWithin;
      while (performance.now() < giveUpAt) {
        await wait(PAUSE);
        const now = read(path);
        if (now !== null && now !== "" && now !== asking) return { host: parsed(now)?.host ?? "another machine" };
      }
    }
    write(path, ours);
  }
  const mark = { path, text: ours };
  return {
    mark,
    look() {
      if (isTaken(mark)) return "taken";
      if (read(path) === ours) return "ours";
      // Somebody asks, or it isn't whole in this moment, or somebody has cleaned up.
      write(path, ours);
      return "ours";
    },
    release() {
      if (read(path) === ours) rmSync(path, { force: true });
    },
  };
}

/** Whether another agent has the folder now. Who only asks hasn't. */
export function isTaken({ path, text }: OwnerMark): boolean {
  const now = read(path);
  return now !== text && parsed(now)?.what === "held";
}

interface Said {
  readonly what: "held" | "asked";
  readonly system: string;
  readonly host: string;
}

function parsed(text: string | null): Said | null {
  try {
    const value: unknown = JSON.parse(text ?? "");
    if (typeof value !== "object" || value === null || !("what" in value && "system" in value && "host" in value))
      return null;
    const { what, system, host } = value;
    const isOne = (what === "held" || what === "asked") && typeof system === "string" && typeof host === "string";
    return isOne ? { what, system, host } : null;
  } catch {
    return null;
  }
}

/** Opened each time, which is when a network's file system asks its server whether a file has changed. */
function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8").slice(0, LONGEST);
  } catch {
    return null;
  }
}

/** False: it is there. */
function make(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** In its place: another file of that name might not be seen elsewhere for long. */
function write(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}

/** What no other machine has mounted (statfs(2), linux/magic.h). What isn't known here may be shared. */
const LOCAL: ReadonlySet<number> = new Set([
  0xef53, // ext2, 3, 4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
  0x2fc12fc1, // ZFS
  0xf2f52010, // F2FS
  0xca451a4e, // bcachefs
]);

function isLocalDisk(folder: string): boolean {
  try {
    return process.platform !== "linux" || LOCAL.has(statfsSync(folder).type);
  } catch {
    return false;
  }
}

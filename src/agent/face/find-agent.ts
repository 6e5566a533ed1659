import { readFileSync } from "node:fs";
import { notPrivate } from "../wire/place.ts";
import type { AgentPlace } from "../wire/place.ts";
import { packageVersion } from "../../disk/package-version.ts";
import { PROTOCOL } from "../wire/version.ts";
import type { AgentFailure } from "./attached.ts";
import { linkTo } from "./link.ts";
import type { Link } from "./link.ts";

export type Agent =
  | { readonly kind: "found"; readonly link: Link }
  | { readonly kind: "failed"; readonly why: AgentFailure; readonly text: string };

/** `folder`: it says itself that it can't be there. `not-started`: it didn't come to say anything. */
export type StartOutcome =
  | { readonly kind: "ready" }
  | { readonly kind: "folder" | "not-started" | "aborted"; readonly text: string };
export type StartsAgent = (place: AgentPlace, env: Finding["env"], signal?: AbortSignal) => Promise<StartOutcome>;

interface Finding {
  readonly place: AgentPlace;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How one is started where none is running; null: it isn't. */
  readonly start: StartsAgent | null;
  readonly signal?: AbortSignal | undefined;
}

/** One agent may end while it is found, and another one while the next is started. */
const TRIES = 5;

/** This user's agent, started if need be, and again if it is of a version that isn't ours. Never rejects. */
export async function findAgent(finding: Finding): Promise<Agent> {
  const { place, start, signal } = finding;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const running = await findRunning(place, signal);
    switch (running.kind) {
      case "failed":
        return running;
      case "found": {
        const fits = await fitting(running.link);
        if (fits !== "ended") return fits;
        break;
      }
      case "not-running": {
        if (start === null) return failed("not-started", "No agent is running.");
        const started = await start(place, finding.env, signal);
        if (started.kind !== "ready") {
          return failed(started.kind, started.text);
        }
      }
    }
  }
  return failed("not-started", `The agent ends again and again; see ${place.log}`);
}

/** This user's agent as it is, of whatever version. `patience`: milliseconds for its first line. Never rejects. */
export async function findRunning(
  place: AgentPlace,
  signal?: AbortSignal,
  patience?: number,
): Promise<Agent | { kind: "not-running" }> {
  const wrong = notPrivate(place.folder) ?? notPrivate(place.socketFolder);
  if (wrong !== null) return failed("folder", wrong);
  const linked = await linkTo(place.socket, signal, patience);
  if (signal?.aborted === true) {
    if (linked.kind === "linked") linked.link.close();
    return failed("aborted", "Interrupted.");
  }
  switch (linked.kind) {
    case "absent":
      return { kind: "not-running" };
    case "broken":
      if (linked.code === "ETIMEDOUT") return failed("silent", silentAgent(place));
      return failed(
        "broken",
        `The agent can't be asked at ${place.socket} (${linked.code}). If it hangs, end its process.`,
      );
    case "linked":
      return { kind: "found", link: linked.link };
  }
}

/** Of another version: one that nobody uses makes room for ours, and one that speaks as we do will do. */
async function fitting(link: Link): Promise<Agent | "ended"> {
  const { first } = link;
  const isOurs = first?.version === packageVersion() && first.protocol === PROTOCOL;
  if (isOurs) return { kind: "found", link };
  const stopped = await link.control("stop", { when: "unused" });
  if (stopped?.kind === "in-use" && first?.protocol === PROTOCOL) return { kind: "found", link };
  if (stopped?.kind === "in-use") {
    link.close();
    return failed(
      "other-version",
      `An agent of version ${first?.version} is running, and programs use it. Leave them (or run pad agent stop), then try again.`,
    );
  }
  await link.untilOver();
  return "ended";
}

/** What to say of an agent that takes connections and says nothing. */
export function silentAgent(place: AgentPlace): string {
  const pid = pidOfAgent(place);
  return `Your agent${pid === null ? "" : ` (process ${pid})`} doesn't answer. pad agent stop ends it, and the next command starts it again.`;
}

/** Of the agent that has the lock, by the file that it writes; null: it isn't known. */
export function pidOfAgent({ pid: path }: AgentPlace): number | null {
  try {
    const pid = Number(readFileSync(path, "utf8").trim());
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

function failed(why: AgentFailure, text: string): Agent {
  return { kind: "failed", why, text };
}

/** How many bytes a group's log takes, and when that is too much. Messages and commits are counted apart: neither drives out the other. */
import type { LogEntry } from "./log-entry.ts";
import type { Counted, HeadRow } from "./rows.ts";
import type { Settings } from "./settings.ts";

/** What is counted of a log when this entry has come to its end. */
export function countedWith(head: HeadRow, { kind, bytes }: LogEntry): Counted {
  const before = countedIn(head);
  switch (kind) {
    case "message":
      return { ...before, messages: before.messages + bytes.length };
    case "commit":
      return { ...before, commits: before.commits + bytes.length };
  }
}

/** What older versions kept isn't counted; it goes with age. */
function countedIn({ number, counted }: HeadRow): Counted {
  return counted ?? { after: number, messages: 0, commits: 0 };
}

/** Bytes that must go of each kind: over the bound some more than that, so that not every message leads to another look. */
export function excessOf(
  head: HeadRow,
  { logBytes }: Settings,
): { readonly messages: number; readonly commits: number } {
  const { messages, commits } = countedIn(head);
  const over = (bytes: number): number => (bytes > logBytes ? bytes - logBytes + Math.floor(logBytes / SLACK) : 0);
  return { messages: over(messages), commits: over(commits) };
}

/** Whether something must go of a log now, before the next round. */
export function isOverfull(head: HeadRow, settings: Settings): boolean {
  const { messages, commits } = excessOf(head, settings);
  const { messageCount } = settings;
  return messages > 0 || commits > 0 || head.number - head.messagesForgotten > messageCount + messageCount / SLACK;
}

/** A bound is passed by this part of it at most. */
const SLACK = 64;

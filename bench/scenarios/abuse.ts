import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Abuse, AbuseOrder } from "../abusers.ts";
import type { Figure } from "../figures.ts";
import { startLoad } from "../load-process.ts";
import type { Effort } from "../pair.ts";
import { startServer } from "../subject.ts";

/** Bystanders' messages a second, under the default rate; and how many times their quiet p99, and what, may be the worst. */
export const BYSTANDERS_PER_SECOND = 18;
const MOST_RATIO = 5;
const MOST_MS = 300;

/** What is done beside the bystanders; the numbers are those of AB in SPEC.md. */
const KINDS: readonly (readonly [Abuse, string])[] = [
  ["not-found", "AB-1: 60 connections pipeline requests for nothing"],
  ["metrics", "AB-1: 60 connections pipeline requests for metrics"],
  ["unread", "AB-1: the same, and read no answer"],
  ["posts", "AB-1: 60 connections pipeline posts to the open room"],
  ["kicks", "AB-2: 4 connections send KICK with 60,000 letters"],
  ["lists", "AB-4: 32 connections ask who is here, with 300 present"],
  ["names", "AB-5: 16 at a time claim a new name and go"],
  ["broadcasts", "AB-6: 8 senders of 32,000 B, among 40 readers that stopped"],
  ["silence", "AB-7: 2,000 connections that say nothing"],
  ["comings", "AB-8: 32 at a time come and go"],
];

/** How long two others wait for each other's messages while somebody abuses the server; their "floor" is the same two, left alone. */
export async function abuse({ pacedMessages }: Effort): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [kind, conditions] of KINDS) figures.push(...(await measure(kind, conditions, 3 * pacedMessages)));
  return figures;
}

/** A server of its own for each, with the limits that users have, but for names: all of these people are on one machine. */
async function measure(kind: Abuse, conditions: string, messages: number): Promise<readonly Figure[]> {
  const server = await startServer(["--log-level", "error", "--max-local-names", "1000"]);
  const load = startLoad();
  const abusers = fork(join(import.meta.dirname, "..", "abusers.ts"));
  try {
    await load.order({ kind: "gather", crowd: "bystanders", port: server.port, clients: 2, first: 0 });
    const talk = {
      kind: "bystand",
      crowd: "bystanders",
      bytes: 64,
      perSecond: BYSTANDERS_PER_SECOND,
      messages,
    } as const;
    const quiet = await load.order(talk);
    const order: AbuseOrder = { abuse: kind, port: server.port };
    abusers.send(order);
    await Promise.race([once(abusers, "message"), once(abusers, "exit")]);
    if (abusers.exitCode !== null) throw new Error(`nobody is left to abuse the server (${kind})`);
    await delay(SETTLE);
    const beside = await load.order(talk);
    const about = { scenario: "abuse", conditions, unit: "ms" } as const;
    return [
      { ...about, measured: "bystanders' p50", server: beside.p50, floor: quiet.p50, goal: null },
      {
        ...about,
        measured: "bystanders' p99",
        server: beside.p99,
        floor: quiet.p99,
        goal: { most: MOST_RATIO, of: "ratio" },
      },
      {
        ...about,
        measured: "bystanders' p99, for people",
        server: beside.p99,
        floor: quiet.p99,
        goal: { most: MOST_MS, of: "figure" },
      },
    ];
  } finally {
    abusers.kill("SIGKILL");
    load.stop();
    await server.stop();
  }
}

/** Milliseconds. */
const SETTLE = 500;

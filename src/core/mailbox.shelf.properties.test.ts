import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fakePorts } from "../../test/fakes/mailbox-ports.ts";
import { emptyShelves, noteOf, shelfRules, type ShelfCommand, type ShelfDomain } from "../../test/helpers/shelf.ts";
import type { LogEntry } from "./ports.ts";
import { DEFAULT_LIMITS, Mailbox } from "./mailbox.ts";

type Step =
  | { readonly kind: "post"; readonly command: ShelfCommand }
  | { readonly kind: "turn" }
  | { readonly kind: "stored"; readonly well: boolean }
  | { readonly kind: "read"; readonly well: boolean }
  | { readonly kind: "later" };

const session = fc.integer({ min: 1, max: 4 });
const shelf = fc.constantFrom("a", "b");
const command: fc.Arbitrary<ShelfCommand> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("put" as const), session, shelf, id: fc.constant(0) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("take" as const), session, shelf, id: fc.constant(0) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("mark" as const), session, at: fc.nat(9), id: fc.constant(0) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("look" as const), session, id: fc.constant(0) }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: command.map((each) => ({ kind: "post" as const, command: each })) },
  { weight: 4, arbitrary: fc.constant({ kind: "turn" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stored" as const), well: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("read" as const), well: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: "later" as const }) },
);

/** A store that keeps what it is told, when a step says so; all is settled in the end, in a bounded number of steps. */
async function run(steps: readonly Step[], turnWork: number, look: (w: World) => void): Promise<World> {
  const ports = fakePorts<ShelfDomain>();
  const mailbox = new Mailbox<ShelfDomain>(shelfRules, emptyShelves, ports, { ...DEFAULT_LIMITS, turnWork, reads: 2 });
  const w: World = { mailbox, ports, logs: new Map(), marks: {}, posted: [], settled: [] };
  const ended = { commits: 0, reads: 0 };
  async function endCommit(well: boolean): Promise<void> {
    const commit = ports.commits[ended.commits];
    if (commit === undefined) return;
    ended.commits++;
    if (!well) return await commit.fail(new Error("disk full"));
    for (const { log, ...entry } of commit.appends) w.logs.set(log, [...(w.logs.get(log) ?? []), entry]);
    for (const fact of commit.facts) if (fact.kind === "marked") w.marks[fact.session] = fact.at;
    await commit.succeed();
  }
  async function endRead(well: boolean): Promise<void> {
    const read = ports.reads[ended.reads];
    if (read === undefined) return;
    ended.reads++;
    if (!well) return await read.fail(new Error("gone"));
    const { log, after, limit } = read.range;
    await read.answer((w.logs.get(log) ?? []).filter(({ number }) => number > after).slice(0, limit));
  }
  const isBusy = (): boolean =>
    w.settled.length < w.posted.length || ports.turnsDue > 0 || ended.commits < ports.commits.length;
  for (const each of steps) {
    if (each.kind === "post") post(w, { ...each.command, id: w.posted.length });
    else if (each.kind === "turn") ports.turn();
    else if (each.kind === "stored") await endCommit(each.well);
    else if (each.kind === "read") await endRead(each.well);
    else ports.laterIsNow();
    look(w);
  }
  // Nobody waits for ever: so many rounds are enough for all.
  for (let i = 0; i < 50 + 8 * steps.length && isBusy(); i++) {
    ports.turn();
    await endCommit(true);
    await endRead(true);
    look(w);
  }
  ports.laterIsNow();
  ports.turn();
  await endCommit(true);
  return w;
}

interface World {
  readonly mailbox: Mailbox<ShelfDomain>;
  readonly ports: ReturnType<typeof fakePorts<ShelfDomain>>;
  /** What the store has. */
  readonly logs: Map<string, readonly LogEntry[]>;
  readonly marks: Record<number, number>;
  readonly posted: ShelfCommand[];
  readonly settled: number[];
}

function post({ mailbox, posted, settled }: World, each: ShelfCommand): void {
  posted.push(each);
  mailbox.post(each, () => void settled.push(each.id));
}

const steps = fc.array(step, { maxLength: 60, size: "max" });
const turnWork = fc.constantFrom(1, 3, 1000);

test("DL-13 every session hears one answer to each command, in the order of its commands, whatever the store does", async () => {
  await fc.assert(
    fc.asyncProperty(steps, turnWork, async (all, work) => {
      const { ports, posted, settled } = await run(all, work, () => {});
      expect(settled.toSorted((a, b) => a - b)).toEqual(posted.map((_, id) => id));
      for (const each of [1, 2, 3, 4]) {
        const asked = posted.filter((any) => any.session === each).map(({ id }) => id);
        expect(ports.heardBy(each).map(({ id }) => id)).toEqual(asked);
      }
    }),
  );
});

test("DL-10 nobody hears of a note or takes one that isn't stored, and none is lost or taken twice", async () => {
  await fc.assert(
    fc.asyncProperty(steps, turnWork, async (all, work) => {
      const w = await run(all, work, ({ ports, posted, logs }) => {
        for (const { id, says } of [1, 2, 3, 4].flatMap((each) => ports.heardBy(each))) {
          const asked = posted[id];
          if (asked?.kind !== "put" && asked?.kind !== "take") continue;
          const [, number] = /^(?:put|took) (\d+)$/.exec(says) ?? [];
          if (number === undefined) continue;
          expect((logs.get(asked.shelf) ?? []).map(noteOf)).toContain(Number(number));
        }
      });
      for (const [shelfName, entries] of w.logs) {
        expect(entries.map(({ number }) => number)).toEqual(entries.map((_, i) => i + 1));
        const taken = [1, 2, 3, 4]
          .flatMap((each) => w.ports.heardBy(each))
          .filter(
            ({ id, says }) =>
              says.startsWith("took") && "shelf" in (w.posted[id] ?? {}) && shelfOf(w, id) === shelfName,
          )
          .map(({ says }) => Number(says.slice(5)));
        expect(taken.toSorted((a, b) => a - b)).toEqual(taken.map((_, i) => i + 1));
        expect(w.mailbox.state.shelves[shelfName]).toEqual({ last: entries.length, taken: taken.length });
      }
    }),
  );
});

test("DL-24 in the end what is lazy is stored as it is in memory", async () => {
  await fc.assert(
    fc.asyncProperty(steps, turnWork, async (all, work) => {
      const { mailbox, marks } = await run(all, work, () => {});
      expect(marks).toEqual(mailbox.state.marks);
    }),
  );
});

function shelfOf({ posted }: World, id: number): string | null {
  const asked = posted[id];
  return asked !== undefined && "shelf" in asked ? asked.shelf : null;
}

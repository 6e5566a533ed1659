import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fakePorts, type FakePorts } from "../../test/fakes/mailbox-ports.ts";
import { defaults, freshlySaved, savedAfter } from "../../test/helpers/core.ts";
import { command, newSessions, smallSettings } from "../../test/helpers/random-commands.ts";
import type { Command } from "./commands.ts";
import { coreRules } from "./core-rules.ts";
import type { Fact } from "./events.ts";
import { Mailbox } from "./mailbox.ts";
import { valuesOf } from "./persistent-map.ts";
import { initialState } from "./state.ts";

type Happening = Command | "turn" | "stored" | "not stored";
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: command },
  fc.constantFrom("turn" as const, "turn" as const, "stored" as const, "not stored" as const),
);

interface Run {
  readonly mailbox: Mailbox;
  readonly ports: FakePorts;
  /** The facts of all commits that succeeded. */
  readonly stored: readonly Fact[];
  /** What was posted, and what was settled, by session, each by its place in the order of posting. */
  readonly posted: Places;
  readonly settled: Places;
}
type Places = Map<number, number[]>;

/** Random commands, turns and ends of commits; `look` sees each moment between them; all is settled in the end. */
async function run(happenings: readonly Happening[], look: (now: Run) => void): Promise<Run> {
  const ports = fakePorts();
  const mailbox = new Mailbox(coreRules, initialState({ ...defaults, ...smallSettings }, freshlySaved), ports);
  const stored: Fact[] = [];
  const now: Run = { mailbox, ports, stored, posted: new Map(), settled: new Map() };
  const isNew = newSessions();
  let done = 0;
  async function endCommit(well: boolean): Promise<void> {
    const commit = ports.commits[done];
    if (commit === undefined) return;
    done++;
    if (well) stored.push(...commit.facts);
    await (well ? commit.succeed() : commit.fail(new Error("disk full")));
  }
  for (const [place, each] of happenings.entries()) {
    if (each === "turn") ports.turn();
    else if (each === "stored" || each === "not stored") await endCommit(each === "stored");
    else if (isNew(each)) post(now, each, place);
    expect(ports.commits.length - done).toBeLessThanOrEqual(1);
    look(now);
  }
  while (ports.turnsDue > 0 || ports.commits.length > done) {
    ports.turn();
    await endCommit(true);
  }
  return now;
}

function post({ mailbox, posted, settled }: Run, each: Command, place: number): void {
  const session = "session" in each ? each.session : 0;
  note(posted, session, place);
  mailbox.post(each, () => note(settled, session, place));
}

function note(places: Places, session: number, place: number): void {
  places.set(session, [...(places.get(session) ?? []), place]);
}

const happenings = fc.array(happening, { maxLength: 80, size: "max" });

test("DL-13 every command is settled once, those of a session in their order, whatever the store does", async () => {
  await fc.assert(
    fc.asyncProperty(happenings, async (all) => {
      const { mailbox, posted, settled, ports } = await run(all, () => {});
      expect(settled).toEqual(posted);
      const idle = mailbox.idle();
      ports.turn();
      await idle;
    }),
  );
});

test("DL-10 what is true is what is stored, at every moment", async () => {
  await fc.assert(
    fc.asyncProperty(happenings, async (all) => {
      await run(all, ({ mailbox: { state }, stored }) => {
        const saved = savedAfter(freshlySaved, stored);
        expect(new Set(valuesOf(state.claims))).toEqual(new Set(saved.claims));
        expect(new Set(valuesOf(state.bans))).toEqual(new Set(saved.bans));
      });
    }),
  );
});

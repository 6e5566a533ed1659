import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { paintedEntry } from "../../src/tui/cells/entry.ts";
import { pictureOf } from "../../src/tui/screen/picture.ts";
import { FIRST_SCREEN } from "../../src/tui/screen/state.ts";
import type { Entry } from "../../src/view/chat/snapshot.ts";
import { newComposers } from "../../src/view/composer/composers.ts";
import { FakeChat } from "../fakes/fake-chat.ts";
import { SUBJECTS } from "./hostile-subjects.ts";

const PROGRAM = join(import.meta.dirname, "hostile-program.ts");

/** Far more than the slowest machine needs for one function, far less than quadratic time takes there. */
const STUCK = 120_000;

test(
  "VW-19 whatever others send takes time in proportion to its length, in each function that it goes through",
  { timeout: 1_800_000 },
  async () => {
    const { ended, stuckIn } = await run();
    expect(stuckIn, "the function that did not come to an end").toBeNull();
    expect(ended.map(({ name }) => name)).toEqual(SUBJECTS.map(({ name }) => name));
    // Four times the text: four times the steps, and a few more where something is rounded up.
    expect(ended.filter(({ steps: [short, long] }) => long > short * 5)).toEqual([]);
  },
);

describe("what can't be shown", () => {
  const bad: Entry = Object.defineProperty(
    { key: 1, place: 0, at: 0, kind: "message", from: "bob", text: "", own: false, emote: false, mention: false, delivery: { kind: "taken" } },
    "text",
    { get: () => { throw new RangeError("as a stack that overflows") }, enumerable: true },
  ); // prettier-ignore

  test("VW-20 an entry that can't be shown is said in its place", () => {
    expect(
      paintedEntry(bad, { width: 80, times: false, colours: "none", me: "alice", showsReaders: false, waiting: " …" }),
    ).toEqual(["-- A message that can't be shown (RangeError)."]);
  });

  test("VW-20 it leaves the rest of the screen as it is, and so does a time that has no date", () => {
    const chat = new FakeChat();
    chat.hear({ from: "bob", text: "before" });
    chat.now = Number.NaN;
    chat.hear({ from: "bob", text: "after" });
    const { current } = chat.getSnapshot();
    const shown = { ...current, entries: [bad, ...current.entries] };
    chat.set({ current: shown, conversations: [shown] });
    const { pane, input } = pictureOf(
      chat.getSnapshot(),
      { screen: FIRST_SCREEN, composers: newComposers() },
      { columns: 80, rows: 24 },
    );
    expect(pane.join("\n")).toMatch(/A message that can't be shown[^]*before[^]*an unknown day[^]*after/);
    expect(input.join("\n")).toContain("ALL");
  });
});

const NEWS = v.object({ name: v.string(), steps: v.optional(v.tuple([v.number(), v.number()])) });

interface Run {
  readonly ended: readonly { readonly name: string; readonly steps: readonly [number, number] }[];
  /** Null: it went to its end. */
  readonly stuckIn: string | null;
}

async function run(): Promise<Run> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const ended: { name: string; steps: [number, number] }[] = [];
  let begun: string | null = "the program itself";
  let watch = setTimeout(() => child.kill("SIGKILL"), STUCK);
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(watch);
    watch = setTimeout(() => child.kill("SIGKILL"), STUCK);
    const { name, steps } = v.parse(NEWS, JSON.parse(line));
    if (steps !== undefined) ended.push({ name, steps });
    begun = steps === undefined ? name : null;
  }
  clearTimeout(watch);
  return { ended, stuckIn: begun };
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../test/helpers/program.ts";
import { StoreError, type StoreErrorCode } from "../store/errors.ts";
import { newToken, writeRunningFile } from "../admin/running-file.ts";
import { gatherData, type DataFacts } from "./data-facts.ts";
import { examineData } from "./data.ts";

const GIGABYTE = 1024 ** 3;
const stopped: DataFacts = {
  folder: "/srv/padserve",
  place: { kind: "folder", mode: 0o700 },
  contents: { kind: "stopped", tailscaleSeen: true, held: { claims: [], bans: 1, first: null, newest: null } },
  space: 70 * GIGABYTE,
};

test("DR-9 a whole folder is well, and it is told what it holds and what is free", () => {
  expect(examineData(stopped)).toEqual([
    { area: "data", level: "ok", what: "/srv/padserve: whole, 0 names, 1 ban, 70 GB free" },
  ]);
});

test.each([
  [0o750, []],
  [0o755, []],
  [0o770, ["warning"]],
  [0o702, ["warning"]],
])("DR-9 a folder of mode 0%o, whose files are this user's alone", (mode, levels) => {
  const [, ...more] = examineData({ ...stopped, place: { kind: "folder", mode } });
  expect(more.map(({ level }) => level)).toEqual(levels);
});

test.each([
  [99 * 1024 * 1024, "warning", "Only 99 MB are left for /srv/padserve."],
  [1000, "error", "Only 0 MB are left for /srv/padserve."],
])("DR-9 with %i bytes left it is told that space runs out", (space, level, what) => {
  expect(examineData({ ...stopped, space })[1]).toMatchObject({ level, what });
});

test.each([
  [{ kind: "missing" }, "note"],
  [{ kind: "not-a-folder" }, "error"],
  [{ kind: "closed", error: new Error("EACCES: permission denied") }, "error"],
] as const)("DR-9 where the folder can't be looked into: %j", (place, level) => {
  expect(examineData({ ...stopped, place, contents: null })).toEqual([expect.objectContaining({ level })]);
});

test.each(["damaged", "newer", "not-ours", "failed"] satisfies StoreErrorCode[])(
  "DR-10 a database that is %s is an error with a step of its own",
  (code) => {
    const error = new StoreError(code, "a whole line", new Error("malformed\npage 3"));
    const [found] = examineData({ ...stopped, contents: { kind: "unusable", error } });
    expect(found).toMatchObject({
      level: "error",
      cause: "What was found: malformed page 3.",
      next: expect.stringMatching(/\.$/),
    });
  },
);

test("DR-10 a database that changes while it is read is a warning: a server starts or stops there", () => {
  const error = new StoreError("in-use", "a whole line");
  const [found] = examineData({ ...stopped, contents: { kind: "unusable", error } });
  expect(found).toMatchObject({ level: "warning", next: "Ask again in a moment." });
});

test("DR-9 a folder that is missing, and a file in its place, are seen as they are and not made", async () => {
  const folder = scratchFolder();
  expect(await gatherData(join(folder, "a", "b"))).toMatchObject({ place: { kind: "missing" }, contents: null });
  writeFileSync(join(folder, "a"), "");
  expect(await gatherData(join(folder, "a"))).toMatchObject({ place: { kind: "not-a-folder" } });
  mkdirSync(join(folder, "empty"));
  expect(await gatherData(join(folder, "empty"))).toMatchObject({ contents: { kind: "nothing" } });
});

test("DR-11 a server that left word and is alive but doesn't answer is an error; one that has died is not one", async () => {
  const folder = scratchFolder();
  writeRunningFile(folder, { pid: process.pid, port: 1, token: newToken() });
  const facts = await gatherData(folder);
  expect(examineData(facts)[0]).toMatchObject({
    level: "error",
    what: `The server of ${folder}, process ${process.pid}, does not answer.`,
  });
  // Above the largest number that a Linux process can have.
  writeRunningFile(folder, { pid: 4_194_305, port: 1, token: newToken() });
  expect(await gatherData(folder)).toMatchObject({ contents: { kind: "nothing" } });
});

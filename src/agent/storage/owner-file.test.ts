import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { scratchFolder } from "../../../test/helpers/program.ts";
import { ownershipOf, ownFolder } from "./owner-file.ts";
import type { OwnerFile } from "./owner-file.ts";

const PATIENT = 60_000;

test("AG-63 on a shared disk whoever comes second asks, and is refused with the name of the machine that answers", async () => {
  const path = join(scratchFolder(), "owner");
  const desk = await owned(path, "desk");
  const asked = ownFolder(path, onShared("lab", PATIENT));
  await answer(desk, path, asked);
  expect(await asked).toEqual({ host: "desk" });
  expect(desk.look()).toBe("ours");
});

test("AG-63 a machine whose agent doesn't answer loses the folder, and its agent, should it come back, sees that", async () => {
  const path = join(scratchFolder(), "owner");
  const desk = await owned(path, "desk");
  const lab = await owned(path, "lab");
  expect(desk.look()).toBe("taken");
  desk.release();
  expect(lab.look()).toBe("ours");
  expect(desk.look()).toBe("taken");
});

test("AG-63 an agent that ended in between is followed on its own machine at once, and elsewhere after one that ended whole", async () => {
  const path = join(scratchFolder(), "owner");
  await owned(path, "desk", PATIENT);
  const next = await owned(path, "desk", PATIENT);
  next.release();
  expect(existsSync(path)).toBe(false);
  const lab = await owned(path, "lab", PATIENT);
  expect(lab.look()).toBe("ours");
});

test("AG-63 whatever else lies in the file is asked, and is put right while the agent lives", async () => {
  const path = join(scratchFolder(), "owner");
  for (const text of ["", "{", "[]", '{"what":"held"}', "x".repeat(5000)]) {
    writeFileSync(path, text);
    const lab = await owned(path, "lab");
    writeFileSync(path, text);
    expect(lab.look()).toBe("ours");
    expect(readFileSync(path, "utf8")).toContain('"held"');
    lab.release();
  }
});

test("AG-63 of two that ask at once one has it at most", async () => {
  const path = join(scratchFolder(), "owner");
  await owned(path, "gone");
  const both = await Promise.all([ownFolder(path, onShared("desk", 500)), ownFolder(path, onShared("lab", 500))]);
  expect(both.filter((one) => "look" in one && one.look() === "ours").length).toBeLessThanOrEqual(1);
});

test("AG-63 on a disk of this machine's own there is no such file", async () => {
  const folder = scratchFolder();
  const path = join(folder, "owner");
  const ownership = ownershipOf(folder);
  expect(ownership.system).toContain(ownership.host);
  const own = await ownFolder(path, { ...ownership, isLocal: true });
  expect([existsSync(path), "look" in own && own.look()]).toEqual([false, "ours"]);
});

/** `answerWithin`: by default nobody is left time to answer. */
function onShared(host: string, answerWithin = 0) {
  return { system: `boot ${host}`, host, isLocal: false, answerWithin };
}

async function owned(path: string, host: string, answerWithin = 0): Promise<OwnerFile> {
  const own = await ownFolder(path, onShared(host, answerWithin));
  if ("host" in own) throw new Error(`${own.host} has it`);
  return own;
}

/** As an agent that looks every few seconds does, from when it is asked. */
async function answer(of: OwnerFile, path: string, asked: Promise<unknown>): Promise<void> {
  while (!readFileSync(path, "utf8").includes('"asked"')) await setImmediate();
  expect(of.look()).toBe("ours");
  await asked;
}

import { expect, test } from "vitest";
import { holdOf } from "./holds.ts";
import { Names } from "./names.ts";
import { TailnetMarks } from "./own-tailnet.ts";

test("SR-74 of a changed key or a removed device a face is told whether it is of the own person, and of nothing else", () => {
  const self = "ab:name:alice";
  const own = { id: new Uint8Array(), device: "", who: self, label: "", server: "ab" };
  const given = { names: new Names(), marks: new TailnetMarks(null), own };
  const who = ["ab:name:bob", self];
  expect(holdOf([{ kind: "changed-key", who, shown: [] }], given)).toMatchObject({
    who: ["bob", "alice"],
    own: ["alice"],
  });
  expect(holdOf([{ kind: "removed-device", who: [self] }], given)).toMatchObject({ who: ["alice"], own: ["alice"] });
  for (const kind of ["removal-pending", "new-readers"] as const) {
    expect(holdOf([{ kind, who }], given)).toEqual({ kind, who: ["bob", "alice"] });
  }
  expect(holdOf([{ kind: "changed-key", who: ["ab:name:bob"], shown: [] }], given)).not.toHaveProperty("own");
});

import { expect, test } from "vitest";
import { backup, mallory, outcome, world } from "../../test/helpers/core.ts";
import type { Identity } from "./identity.ts";

/** The backup machine as versions up to 0.1.0 stored it. */
const stored: Identity = { kind: "labelled-machine", label: "BACKUP", tags: backup.tags.toReversed() };
const claims = [{ name: "nightly", identity: stored, claimedAt: 5 }];
const bans = [{ name: "nightly", identity: stored, by: "alice", bannedAt: 7 }];
const otherNode: Identity = { ...backup, node: "nOtherCNTRL" };

test("ID-48 a name stored for a machine's label and tags goes to the first node that has both, and stays with that node", () => {
  const w = world({}, { claims });
  expect(outcome(w.join(1, { ...backup, tags: ["tag:backup"] }, "nightly"))).toBe("refused: name-taken");
  expect(outcome(w.join(2, mallory, "nightly"))).toBe("refused: name-taken");
  expect(outcome(w.join(3, backup, "nightly"))).toBe("name-claimed, session-registered");
  expect(w.facts).toEqual([{ kind: "name-claimed", claim: { name: "nightly", identity: backup, claimedAt: 5 } }]);
  w.run({ kind: "end", session: 3, refusal: null });
  expect(outcome(w.join(4, otherNode, "nightly"))).toBe("refused: name-taken");
  expect(outcome(w.join(5, { ...backup, label: "renamed", tags: [] }, "nightly"))).toBe(
    "name-claimed, session-registered",
  );
});

test("ID-48 a ban stored for a machine's label and tags holds on the node that is seen with both, whatever it is renamed to", () => {
  const w = world({}, { bans });
  expect(outcome(w.join(1, backup, "other"))).toBe("ban-placed, ended: you-are-banned");
  expect(w.facts).toEqual([{ kind: "ban-placed", ban: { ...bans[0], identity: backup } }]);
  expect(outcome(w.join(2, { ...backup, label: "renamed", tags: [] }, "other"))).toBe("ended: you-are-banned");
  expect(outcome(w.restarted().join(3, { ...backup, label: "renamed" }, "more"))).toBe("ended: you-are-banned");
});

test("ID-33 names stored for a machine's label and tags count as its own", () => {
  const w = world({ maxNamesPerIdentity: 1 }, { claims });
  expect(outcome(w.join(1, backup, "another"))).toBe("refused: too-many-names");
});

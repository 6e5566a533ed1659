import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fakePorts } from "../../test/fakes/mailbox-ports.ts";
import { emptyShelves, shelfRules, type ShelfCommand, type ShelfDomain } from "../../test/helpers/shelf.ts";
import { DEFAULT_LIMITS, Mailbox, type MailboxLimits } from "./mailbox.ts";
import type { Rules } from "./rules.ts";

function start(limits: Partial<MailboxLimits> = {}, rules: Rules<ShelfDomain> = shelfRules) {
  const ports = fakePorts<ShelfDomain>();
  const mailbox = new Mailbox<ShelfDomain>(rules, emptyShelves, ports, { ...DEFAULT_LIMITS, ...limits });
  return { ports, mailbox, turns: () => turnsUntilQuiet(ports) };
}

const put = (session: number): ShelfCommand => ({ kind: "put", session, shelf: "a", id: 0 });
const look = (session: number): ShelfCommand => ({ kind: "look", session, id: 0 });

/** Lets turns come until none is awaited; how many there were. */
function turnsUntilQuiet(ports: { readonly turnsDue: number; turn(): void }): number {
  let turns = 0;
  while (ports.turnsDue > 0) {
    ports.turn();
    turns++;
  }
  return turns;
}

test("DL-21 a flood is worked off in turns of bounded work, in which everybody else has a share", () => {
  const { ports, mailbox, turns } = start({ turnWork: 32 });
  for (let session = 1; session <= 8; session++) for (let i = 0; i < 64; i++) mailbox.post(look(session));
  mailbox.post(look(9));
  ports.turn();
  expect(ports.heardBy(9)).toHaveLength(1);
  const heard = ports.deliveries.map((all) => all.length);
  expect(Math.max(...heard)).toBeLessThanOrEqual(32);
  turns();
  for (let session = 1; session <= 8; session++) expect(ports.heardBy(session)).toHaveLength(64);
  expect(Math.max(...ports.deliveries.map((all) => all.length))).toBeLessThanOrEqual(32);
});

test("DL-21 nobody starves: whatever the others ask for, each session has an answer in every turn that has work for all", () => {
  const asked = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 16 });
  // Looking costs two: the command and its answer.
  fc.assert(
    fc.property(asked, fc.integer({ min: 32, max: 64 }), (each, turnWork) => {
      const { ports, mailbox } = start({ turnWork });
      for (const [session, count] of each.entries()) for (let i = 0; i < count; i++) mailbox.post(look(session + 1));
      for (let turn = 1; ports.turnsDue > 0; turn++) {
        ports.turn();
        for (const [session, count] of each.entries()) {
          expect(ports.heardBy(session + 1).length).toBeGreaterThanOrEqual(Math.min(count, turn));
        }
      }
    }),
  );
});

test("DL-21 who is heard by many has done much", () => {
  const { ports, mailbox } = start({ turnWork: 300 });
  const to = Array.from({ length: 100 }, (_, i) => i + 1);
  for (let i = 0; i < 9; i++) mailbox.post({ kind: "shout", session: 1, to, id: i });
  ports.turn();
  expect(ports.heardBy(50)).toHaveLength(3);
  ports.turn();
  expect(ports.heardBy(50)).toHaveLength(6);
});

test("DL-21 a commit holds no more than the work of one turn, and the next follows by itself", async () => {
  const { ports, mailbox, turns } = start({ turnWork: 50 });
  for (let session = 1; session <= 200; session++) mailbox.post(put(session));
  for (let i = 0; mailbox.underWay !== null || ports.turnsDue > 0; i++) {
    turns();
    await ports.commits[i]?.succeed();
  }
  expect(ports.commits.flatMap(({ appends }) => appends.map(({ number }) => number))).toEqual(
    Array.from({ length: 200 }, (_, i) => i + 1),
  );
  expect(Math.max(...ports.commits.map(({ appends }) => appends.length))).toBeLessThanOrEqual(50);
});

test("DL-22 while a commit is under way, a turn decides and looks at nothing that waits for it", async () => {
  let looks = 0;
  const counting: Rules<ShelfDomain> = {
    ...shelfRules,
    classOf: (command) => {
      looks++;
      return shelfRules.classOf(command);
    },
  };
  const { ports, mailbox, turns } = start({}, counting);
  mailbox.post(put(99));
  turns();
  for (let session = 1; session <= 1000; session++) for (let i = 0; i < 8; i++) mailbox.post(put(session));
  turns();
  looks = 0;
  for (let i = 0; i < 100; i++) {
    mailbox.post(look(2000 + i));
    turns();
  }
  expect(ports.deliveries).toHaveLength(100);
  expect(looks).toBeLessThan(1000);
  await ports.commits[0]?.succeed();
});

test("DL-21 live chat and what must be stored share a turn, whichever there is more of", async () => {
  const { ports, mailbox } = start({ turnWork: 40 });
  for (let session = 1; session <= 100; session++) mailbox.post(put(session));
  for (let session = 101; session <= 200; session++) mailbox.post(look(session));
  ports.turn();
  expect(ports.commits[0]?.appends.length).toBeGreaterThan(5);
  expect(ports.deliveries[0]?.length).toBeGreaterThan(5);
});

import { expect, test } from "vitest";
import { fakePorts } from "../../test/fakes/mailbox-ports.ts";
import { alice, defaults, freshlySaved } from "../../test/helpers/core.ts";
import {
  emptyShelves,
  shelfRules,
  type ShelfCommand,
  type ShelfDomain,
  type ShelfFact,
} from "../../test/helpers/shelf.ts";
import type { Command } from "./commands.ts";
import { coreRules, type CoreDomain } from "./core-rules.ts";
import type { Fact } from "./events.ts";
import { joinRules, type Joined } from "./joined-rules.ts";
import { Mailbox } from "./mailbox.ts";
import { initialState } from "./state.ts";

type Both = Joined<CoreDomain, ShelfDomain>;

function start() {
  const ports = fakePorts<Both>();
  const rules = joinRules(coreRules, shelfRules, {
    isSecondFact: (fact: Fact | ShelfFact): fact is ShelfFact => fact.kind === "count" || fact.kind === "marked",
    follow: (event) => (event.kind === "session-ended" ? [{ kind: "left" as const, session: event.session }] : []),
  });
  const state = { first: initialState(defaults, freshlySaved), second: emptyShelves };
  const mailbox = new Mailbox<Both>(rules, state, ports);
  return {
    ports,
    mailbox,
    core: (command: Command) => mailbox.post({ of: "first", command }),
    shelf: (command: ShelfCommand) => mailbox.post({ of: "second", command }),
  };
}

const open: Command = { kind: "open", sharing: "shared", session: 1, identity: alice, grant: null };
const register: Command = { kind: "register", session: 1, name: "alice" };
const put: ShelfCommand = { kind: "put", session: 1, shelf: "a", id: 7 };

test("DL-26 what two sets of rules decide is one commit, in the order of the commands, and told after it", async () => {
  const { ports, mailbox, core, shelf } = start();
  core(open);
  core(register);
  shelf(put);
  ports.turn();
  expect(ports.commits).toHaveLength(1);
  expect(ports.commits[0]?.facts.map(({ kind }) => kind)).toEqual(["name-claimed", "count"]);
  expect(ports.commits[0]?.appends).toHaveLength(1);
  expect(ports.heardBy(1)).toEqual([]);
  await ports.commits[0]?.succeed();
  expect(ports.heardBy(1)).toEqual([
    { kind: "registered", name: "alice", operator: false },
    { id: 7, says: "put 1" },
  ]);
  expect(mailbox.state.first.claims.size).toBe(1);
  expect(mailbox.state.second.shelves).toEqual({ a: { last: 1, taken: 0 } });
});

test("DL-26 a session that ends in the one is gone in the other in the same turn", () => {
  const { ports, mailbox, core, shelf } = start();
  core(open);
  core({ kind: "end", session: 1, refusal: null });
  shelf(put);
  ports.turn();
  expect(mailbox.state.second.gone).toEqual([1]);
  expect(ports.commits).toEqual([]);
});

test("DL-26 what is lazy in the one and must be stored in the other goes in one commit", () => {
  const { ports, core, shelf } = start();
  core(open);
  shelf({ kind: "mark", session: 2, at: 3, id: 1 });
  core(register);
  ports.turn();
  expect(ports.commits[0]?.facts.map(({ kind }) => kind)).toEqual(["marked", "name-claimed"]);
});

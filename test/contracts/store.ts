import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ban, Claim, Fact } from "../../src/core/events.ts";
import { identityKey } from "../../src/core/identity.ts";
import type { Identity } from "../../src/core/identity.ts";
import type { Owner, Row } from "../../src/groups/rows.ts";
import type { FullStore, SavedAll, StoredBatch, StoredFact } from "../../src/store/stored.ts";
import { commitFacts } from "../store/commit-facts.ts";
import { replayed, sorted } from "../store/model.ts";

/** A fresh, empty store, and how to clean up behind it. */
export interface Harness {
  readonly store: FullStore;
  readonly dispose: () => Promise<void>;
}

/** A store that outlives its closing: `reopen` opens the same place again. */
export interface DurableHarness extends Harness {
  readonly reopen: () => Promise<FullStore>;
}

const ada: Identity = { kind: "person", login: "ada@example.com" };
const nas: Identity = { kind: "machine", node: "nNasCNTRL", label: "nas", tags: ["tag:server", "tag:backup"] };

const EMPTY: SavedAll = { claims: [], bans: [], tailscaledSeen: false, keptRight: null, rows: [] };

/** What every store must do, wherever it keeps its facts. */
export function storeContract(name: string, open: () => Promise<Harness>): void {
  describe(`the store contract: ${name}`, () => {
    const withStore = using(open);

    test("ST-1 a new store is empty", () =>
      withStore(async ({ store }) => {
        expect(await store.load()).toEqual({ claims: [], bans: [], tailscaledSeen: false, keptRight: null, rows: [] });
      }));

    test("ST-2 a claim and a ban come back as they were, whoever they are of", () =>
      withStore(async ({ store }) => {
        const old: Identity = { kind: "labelled-machine", label: "nas", tags: ["tag:a"] };
        const numbered: Identity = { kind: "person", login: "bob@example.com", userId: "12345" };
        const identities: Identity[] = [
          ada,
          numbered,
          nas,
          old,
          { kind: "address", address: "100.64.0.7" },
          { kind: "local" },
        ];
        const claims = identities.map((identity, index) => claimOf(`Name-${index}`, identity));
        const bans: Ban[] = [...identities, null].map((identity, index) => banOf(`Banned-${index}`, identity));
        bans.push({ ...banOf("Banned-why", null), reason: "spam, \u{1f600} and more" });
        await commitFacts(store, [...claims.map(claimed), ...bans.map(banned), { kind: "tailscaled-seen" }]);
        expect(sorted(await store.load())).toEqual({ claims, bans, tailscaledSeen: true, keptRight: null, rows: [] });
      }));

    test("ST-3 a later claim or ban of a name replaces the earlier, without regard to case", () =>
      withStore(async ({ store }) => {
        await commitFacts(store, [claimed(claimOf("Ada", { kind: "local" })), banned(banOf("Eve", null))]);
        await commitFacts(store, [claimed(claimOf("ADA", ada)), banned(banOf("eve", nas))]);
        expect(await store.load()).toEqual({
          claims: [claimOf("ADA", ada)],
          bans: [banOf("eve", nas)],
          tailscaledSeen: false,
          keptRight: null,
          rows: [],
        });
      }));

    test("ST-4 releasing a name and lifting a ban forget it, without regard to case, and only it", () =>
      withStore(async ({ store }) => {
        const [kept, keptBan] = [claimOf("bob", nas), banOf("mallory", null)];
        await commitFacts(store, [
          claimed(claimOf("Ada", ada)),
          claimed(kept),
          banned(banOf("Ada", ada)),
          banned(keptBan),
        ]);
        await commitFacts(store, [released("ADA")]);
        expect(sorted(await store.load())).toMatchObject({ claims: [kept], bans: [banOf("Ada", ada), keptBan] });
        await commitFacts(store, [lifted("aDA")]);
        expect(await store.load()).toMatchObject({ claims: [kept], bans: [keptBan] });
      }));

    test("ST-5 releasing or lifting what is not there is no error and changes nothing", () =>
      withStore(async ({ store }) => {
        await commitFacts(store, [claimed(claimOf("Ada", ada)), banned(banOf("Eve", null))]);
        const before = await store.load();
        await commitFacts(store, [released("Eve"), lifted("Ada")]);
        expect(await store.load()).toEqual(before);
      }));

    test("ST-6 the facts of a batch are applied in their order", () =>
      withStore(async ({ store }) => {
        const last = claimOf("Ada", nas);
        await commitFacts(store, [
          claimed(claimOf("Ada", ada)),
          released("ada"),
          claimed(last),
          banned(banOf("Eve", null)),
          lifted("eve"),
        ]);
        expect(await store.load()).toEqual({
          claims: [last],
          bans: [],
          tailscaledSeen: false,
          keptRight: null,
          rows: [],
        });
      }));

    test("ST-6 any sequence of batches leaves what the same facts leave when replayed one by one", () =>
      withStore(async ({ store }) => {
        let expected: SavedAll = { claims: [], bans: [], tailscaledSeen: false, keptRight: null, rows: [] };
        await fc.assert(
          fc.asyncProperty(fc.array(anyFact, { maxLength: 8 }), async (facts) => {
            await commitFacts(store, facts);
            expected = facts.reduce(replayed, expected);
            expect(sorted(await store.load())).toEqual(sorted(expected));
          }),
        );
      }));

    test("ST-47 the first operator's right comes back as it was; a later one replaces it, and one that was given up is gone", () =>
      withStore(async ({ store }) => {
        const address = { kind: "address", name: "Ada", address: "100.64.0.7" } as const;
        const key = { kind: "user-key", name: "ada", userKey: "a key" } as const;
        await commitFacts(store, [{ kind: "right-kept", right: address }]);
        expect(await store.load()).toEqual({ ...EMPTY, keptRight: address });
        await commitFacts(store, [{ kind: "right-kept", right: key }]);
        expect(await store.load()).toEqual({ ...EMPTY, keptRight: key });
        await commitFacts(store, [{ kind: "kept-right-given-up" }, { kind: "kept-right-given-up" }]);
        expect(await store.load()).toEqual(EMPTY);
      }));

    test("ST-40 rows of the delivery service come back as they were; a later one replaces the earlier, null takes it away", () =>
      withStore(async ({ store }) => {
        const key: StoredFact = { table: "user-key", key: "a", value: { userKey: "k\u0000é", since: 5 } };
        await store.commit(
          batchOf([cursor("a", 1), key, cursor("b", 1), cursor("a", 2), cursor("c", 1), cursor("c", null)]),
        );
        expect(sorted(await store.load()).rows).toEqual([cursor("a", 2), cursor("b", 1), key]);
        await store.commit(batchOf([cursor("b", null), cursor("nobody", null), cursor("a", 3)]));
        expect(sorted(await store.load()).rows).toEqual([cursor("a", 3), key]);
        const impossible: StoredFact = JSON.parse('{"table":"no-such-table","key":"a","value":{}}');
        await expect(store.commit(batchOf([cursor("a", 9), claimed(claimOf("Ada", ada)), impossible]))).rejects.toThrow(
          "no-such-table",
        );
        expect(await store.load()).toMatchObject({ claims: [], rows: expect.arrayContaining([cursor("a", 3), key]) });
      }));

    test("ST-40 a row of each table comes back as it was, replaces the one before it, and is gone when it is taken away, alone", () =>
      withStore(async ({ store }) => {
        const rows = Object.values(ONE_OF_EACH);
        await store.commit(batchOf(rows.map(earlier)));
        await store.commit(batchOf(rows));
        const all = sorted({ ...EMPTY, rows }).rows;
        expect(sorted(await store.load()).rows).toEqual(all);
        let left = all;
        for (const row of rows) {
          const taken = without(row);
          if (taken === null) continue;
          await store.commit(batchOf([taken]));
          left = left.filter(({ table }) => table !== row.table);
          expect(sorted(await store.load()).rows).toEqual(left);
        }
        expect(left.map(({ table }) => table)).toEqual(["receipt-key", "server"]);
      }));

    test("ST-7 a batch that can't be kept whole is refused, leaves nothing behind, and the store goes on", () =>
      withStore(async ({ store }) => {
        await commitFacts(store, [claimed(claimOf("Ada", ada))]);
        const before = await store.load();
        // No store can keep a fact of a kind that does not exist; it comes last, behind some that can be kept.
        const impossible: Fact = JSON.parse('{"kind":"no-such-fact"}');
        await expect(commitFacts(store, [released("Ada"), banned(banOf("Eve", ada)), impossible])).rejects.toThrow(
          "no-such-fact",
        );
        expect(await store.load()).toEqual(before);
        await commitFacts(store, [released("Ada")]);
        expect(await store.load()).toMatchObject({ claims: [] });
      }));

    test("ST-8 an empty batch is kept", () =>
      withStore(async ({ store }) => {
        await commitFacts(store, []);
        expect(await store.load()).toEqual({ claims: [], bans: [], tailscaledSeen: false, keptRight: null, rows: [] });
      }));

    test("ST-9 calls that don't wait for each other take effect in their order", () =>
      withStore(async ({ store }) => {
        const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
        const commits = names.map((each) =>
          commitFacts(store, [claimed(claimOf("Ada", { kind: "person", login: each }))]),
        );
        const loaded = store.load();
        await Promise.all([...commits, commitFacts(store, [released("Ada")])]);
        expect((await loaded).claims).toEqual([claimOf("Ada", { kind: "person", login: "n49" })]);
        expect(await store.load()).toMatchObject({ claims: [] });
      }));

    test("ST-10 what was loaded does not change when the store does", () =>
      withStore(async ({ store }) => {
        await commitFacts(store, [claimed(claimOf("Ada", ada))]);
        const loaded = await store.load();
        await commitFacts(store, [released("Ada"), banned(banOf("Eve", null)), { kind: "tailscaled-seen" }]);
        expect(loaded).toEqual({
          claims: [claimOf("Ada", ada)],
          bans: [],
          tailscaledSeen: false,
          keptRight: null,
          rows: [],
        });
      }));

    test("ST-11 after closing every call is refused, but closing again is no error", () =>
      withStore(async ({ store }) => {
        await Promise.all([store.close(), store.close()]);
        await expect(store.load()).rejects.toMatchObject({ code: "failed" });
        await expect(commitFacts(store, [{ kind: "tailscaled-seen" }])).rejects.toMatchObject({ code: "failed" });
        await store.close();
      }));
  });
}

/** What a store must do besides, when it outlives the process. */
export function durableStoreContract(name: string, open: () => Promise<DurableHarness>): void {
  describe(`the durable store contract: ${name}`, () => {
    const withStore = using(open);

    test("ST-12 what was committed is there when the store is opened again", () =>
      withStore(async ({ store, reopen }) => {
        await commitFacts(store, [claimed(claimOf("Ada", ada)), banned(banOf("Eve", nas))]);
        await commitFacts(store, [claimed(claimOf("Bob", nas)), released("Bob"), { kind: "tailscaled-seen" }]);
        await store.close();
        const again = await reopen();
        expect(await again.load()).toEqual({
          claims: [claimOf("Ada", ada)],
          bans: [banOf("Eve", nas)],
          tailscaledSeen: true,
          keptRight: null,
          rows: [],
        });
        await again.close();
      }));

    test("ST-13 closing waits for what was asked before it", () =>
      withStore(async ({ store, reopen }) => {
        const commit = commitFacts(store, [claimed(claimOf("Ada", ada))]);
        await store.close();
        await commit;
        const again = await reopen();
        expect(await again.load()).toMatchObject({ claims: [claimOf("Ada", ada)] });
        await again.close();
      }));
  });
}

/** Runs each test body on a harness of its own. */
export function using<H extends Harness>(
  open: () => Promise<H>,
): (body: (harness: H) => Promise<void>) => Promise<void> {
  return async (body) => {
    const harness = await open();
    try {
      await body(harness);
    } finally {
      await harness.dispose();
    }
  };
}

const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "a\0b", "'; DROP TABLE claims; --"));
const anyName = fc.oneof(
  fc.constantFrom("Ada", "ADA", "ada", "Bob", "bOB"),
  fc.stringMatching(/^[A-Za-z0-9._-]{1,32}$/),
  anyText,
);
const anyTime = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const anyIdentity: fc.Arbitrary<Identity> = fc.oneof(
  fc.record({ kind: fc.constant("person" as const), login: anyText }),
  fc.record({
    kind: fc.constant("machine" as const),
    node: anyText,
    label: anyText,
    tags: fc.array(anyText, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("address" as const), address: anyText }),
  fc.record({ kind: fc.constant("local" as const) }),
);
const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ name: anyName, identity: anyIdentity, claimedAt: anyTime }).map(claimed),
  anyName.map(released),
  fc.record({ name: anyName, identity: fc.option(anyIdentity), by: anyText, bannedAt: anyTime }).map(banned),
  anyName.map(lifted),
  fc
    .oneof(
      fc.record({ kind: fc.constant("address" as const), name: anyName, address: anyText }),
      fc.record({ kind: fc.constant("user-key" as const), name: anyName, userKey: anyText }),
    )
    .map((right) => ({ kind: "right-kept" as const, right })),
  fc.constant({ kind: "kept-right-given-up" as const }),
  fc.constant({ kind: "tailscaled-seen" as const }),
);

const OWNER: Owner = { kind: "person", identity: "1001" };
const SEAL_KEY = { key: "seal-key", signature: "signature" };

/** The compiler points here when there is one more table. */
const ONE_OF_EACH: { readonly [T in Row["table"]]: Extract<Row, { readonly table: T }> } = {
  server: { table: "server", key: "self", value: { id: "id", incarnation: "incarnation" } },
  device: {
    table: "device",
    key: "d",
    value: {
      owner: OWNER,
      key: "k",
      userKey: "u",
      record: "r",
      counter: 3,
      since: 1,
      seen: 2,
      removed: false,
      sealKey: SEAL_KEY,
    },
  },
  "receipt-key": { table: "receipt-key", key: "self", value: { secret: "secret" } },
  "user-key": {
    table: "user-key",
    key: "person 1001",
    value: { userKey: "u", since: 1, first: "u0", incarnation: "i", floor: 2, statements: ["s"] },
  },
  pending: {
    table: "pending",
    key: "p",
    value: {
      owner: OWNER,
      key: "k",
      label: "laptop \u{1f600}",
      sealKey: SEAL_KEY,
      token: null,
      source: "local 1000",
      at: 5,
    },
  },
  confirmation: {
    table: "confirmation",
    key: "p",
    value: { owner: OWNER, key: "k", userKey: "u", record: "r", sealed: "s", statement: null, at: 6 },
  },
  packages: {
    table: "packages",
    key: "d",
    value: {
      first: 2,
      references: ["a"],
      lastResort: { reference: "l", keyPackage: "\u0000\u00ff" },
      handedOut: ["b"],
    },
  },
  group: {
    table: "group",
    key: "g",
    value: {
      place: { kind: "room", name: "ops" },
      access: "invite",
      creator: OWNER,
      createdAt: 1,
      epoch: 2,
      members: { d: 0 },
      removed: { e: 3 },
      ordered: { d: "left" },
      orderedSince: 4,
      reports: { number: 3, by: ["person 1001"] },
      welcomes: 1,
      status: { kind: "ended", why: "empty", at: 9 },
    },
  },
  head: { table: "head", key: "g", value: { number: 3, hash: "h", at: 4, messagesForgotten: 1, commitsForgotten: 0 } },
  writer: { table: "writer", key: "g/d", value: { counter: 1, message: "m", number: 2, at: 3 } },
  committer: { table: "committer", key: "g/d", value: { request: "r", number: 1, at: 2 } },
  cursor: { table: "cursor", key: "g/d", value: { number: 2 } },
  welcome: { table: "welcome", key: "g/d", value: { device: "d", group: "g", number: 1, entry: 2, hash: "h" } },
};

/** Under the same key another value. */
function earlier(row: Row): StoredFact {
  const other: StoredFact = JSON.parse(JSON.stringify({ ...row, value: { ...row.value, note: "earlier" } }));
  return other;
}

/** What takes a row away; null: it stays for good. */
function without(row: Row): StoredFact | null {
  return row.table === "server" || row.table === "receipt-key" ? null : { ...row, value: null };
}

function cursor(key: string, number: number | null): StoredFact {
  return { table: "cursor", key, value: number === null ? null : { number } };
}

function batchOf(facts: readonly StoredFact[]): StoredBatch {
  return { facts, appends: [], trims: [] };
}

function claimOf(name: string, identity: Identity): Claim {
  return { name, identity, claimedAt: 1_700_000_000_000 + identityKey(identity).length };
}

function banOf(name: string, identity: Identity | null): Ban {
  return { name, identity, by: "operator", bannedAt: 1_800_000_000_000 + name.length };
}

function claimed(claim: Claim): Fact {
  return { kind: "name-claimed", claim };
}

function released(name: string): Fact {
  return { kind: "name-released", name };
}

function banned(ban: Ban): Fact {
  return { kind: "ban-placed", ban };
}

function lifted(name: string): Fact {
  return { kind: "ban-lifted", name };
}

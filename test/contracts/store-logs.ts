import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Append, LogEntry, LogId } from "../../src/core/ports.ts";
import type { FullStore, StoredBatch } from "../../src/store/stored.ts";
import { heldIn, keep, NOTHING, withoutEmptyLogs, type Held } from "../store/model.ts";
import { SCRIPT, SCRIPT_LOGS } from "../store/script.ts";
import { using, type DurableHarness, type Harness } from "./store.ts";

/** What every store must do with logs, and with batches of facts and entries, wherever it keeps them. */
export function logContract(name: string, open: () => Promise<Harness>): void {
  describe(`the log contract: ${name}`, () => {
    const withStore = using(open);

    test("ST-30 entries come back as they were, in their order, and each log has its own", () =>
      withStore(async ({ store }) => {
        const bodies = [Buffer.from("one"), Buffer.alloc(0), Buffer.alloc(300_000, 0xa5)];
        await store.commit(batch(bodies.map((body, i) => ({ log: "a", number: i + 1, lasting: false, body }))));
        await store.commit(batch([entry("b", 1)]));
        expect(await read(store, "a")).toEqual(
          bodies.map((body, i) => ({ number: i + 1, body: new Uint8Array(body) })),
        );
        expect(await numbers(store, "b")).toEqual([1]);
        expect(await numbers(store, "c")).toEqual([]);
      }));

    test("ST-31 a range holds what is above its start, as many entries and bytes as it wants, and always the first", () =>
      withStore(async ({ store }) => {
        // Of 10 bytes each.
        await store.commit(batch([1, 2, 3, 4, 5].map((number) => entry("a", number))));
        const range = async (after: number, limit: number, bytes: number) =>
          (await store.read({ log: "a", after, limit, bytes })).map(({ number }) => number);
        expect(await range(0, 9, 1000)).toEqual([1, 2, 3, 4, 5]);
        expect(await range(2, 9, 1000)).toEqual([3, 4, 5]);
        expect(await range(5, 9, 1000)).toEqual([]);
        expect(await range(99, 9, 1000)).toEqual([]);
        expect(await range(1, 2, 1000)).toEqual([2, 3]);
        expect(await range(1, 0, 1000)).toEqual([]);
        expect(await range(0, 9, 30)).toEqual([1, 2, 3]);
        expect(await range(0, 9, 29)).toEqual([1, 2]);
        expect(await range(0, 9, 0)).toEqual([1]);
      }));

    test.each([
      ["a start below 0", { after: -1 }],
      ["a start that is no whole number", { after: 0.5 }],
      ["a limit below 0", { limit: -1 }],
      ["a limit without end", { limit: Infinity }],
      ["bytes that are no number", { bytes: Number.NaN }],
      ["no name", { log: "" }],
      ["a name that is too long", { log: "n".repeat(129) }],
    ])("ST-31 a range with %s is refused", (_what, odd) =>
      withStore(async ({ store }) => {
        await store.commit(batch([entry("a", 1), entry("n".repeat(128), 1)]));
        const range = { log: "n".repeat(128), after: 0, limit: 9, bytes: 99 };
        expect(await store.read(range)).toHaveLength(1);
        await expect(store.read({ ...range, ...odd })).rejects.toMatchObject({ code: "failed" });
      }),
    );

    test.each([
      ["below 0", { through: -1 }],
      ["to no whole number", { through: 1.5 }],
      ["of a log without a name", { log: "" }],
    ])("ST-33 a trim %s is refused, and its batch with it", (_what, odd) =>
      withStore(async ({ store }) => {
        await store.commit(batch([entry("a", 1), entry("a", 2)]));
        const trim = { log: "a", through: 1, lasting: false, ...odd };
        const trimming = store.commit({ facts: [], appends: [entry("a", 3)], trims: [trim] });
        await expect(trimming).rejects.toMatchObject({ code: "failed" });
        expect(await numbers(store, "a")).toEqual([1, 2]);
      }),
    );

    test.each([
      ["a first one that is not 1", [entry("b", 2)]],
      ["a gap", [entry("a", 4)]],
      ["a number that was given", [entry("a", 2)]],
      ["a number given in the same batch", [entry("a", 3), entry("a", 3)]],
      ["no whole number", [entry("a", 2.5)]],
      ["a log without a name", [entry("", 1)]],
      ["a log whose name is too long", [entry("n".repeat(129), 1)]],
    ])("ST-32 a batch with %s is refused and leaves nothing behind", (_what, appends) =>
      withStore(async ({ store }) => {
        await store.commit(batch([entry("a", 1), entry("a", 2)]));
        const good = entry("c", 1);
        await expect(store.commit(batch([good, ...appends]))).rejects.toMatchObject({ code: "failed" });
        expect([await numbers(store, "a"), await numbers(store, "b"), await numbers(store, "c")]).toEqual([
          [1, 2],
          [],
          [],
        ]);
        await store.commit(batch([entry("a", 3), good]));
        expect([await numbers(store, "a"), await numbers(store, "c")]).toEqual([[1, 2, 3], [1]]);
      }),
    );

    test("ST-33 what is trimmed is gone, and the numbers go on behind it", () =>
      withStore(async ({ store }) => {
        await store.commit(batch([1, 2, 3].map((number) => entry("a", number))));
        await store.commit({ facts: [], appends: [], trims: [{ log: "a", through: 2, lasting: false }] });
        expect(await numbers(store, "a")).toEqual([3]);
        // In one batch entries are appended first; beyond the end means all, of a log that isn't there nothing.
        await store.commit({
          facts: [],
          appends: [entry("a", 4)],
          trims: [
            { log: "a", through: 1, lasting: false },
            { log: "a", through: 99, lasting: false },
            { log: "b", through: 1, lasting: false },
          ],
        });
        expect(await numbers(store, "a")).toEqual([]);
        await expect(store.commit(batch([entry("a", 1)]))).rejects.toMatchObject({ code: "failed" });
        await store.commit(batch([entry("a", 5), entry("b", 1)]));
        expect([await numbers(store, "a"), await numbers(store, "b")]).toEqual([[5], [1]]);
      }));

    test("ST-33 lasting entries outlive a trim of those that aren't, and the numbers go on", () =>
      withStore(async ({ store }) => {
        const trim = (through: number, lasting: boolean) =>
          store.commit({ facts: [], appends: [], trims: [{ log: "a", through, lasting }] });
        await store.commit(batch([1, 2, 3, 4, 5, 6, 7].map(evenLasting)));
        await trim(5, false);
        expect(await numbers(store, "a")).toEqual([2, 4, 6, 7]);
        expect((await store.read({ log: "a", after: 2, limit: 2, bytes: 1000 })).map(({ number }) => number)).toEqual([
          4, 6,
        ]);
        await trim(3, true);
        expect(await numbers(store, "a")).toEqual([4, 6, 7]);
        await trim(7, false);
        await store.commit(batch([evenLasting(8), evenLasting(9)]));
        expect(await numbers(store, "a")).toEqual([4, 6, 8, 9]);
        await trim(9, true);
        expect(await numbers(store, "a")).toEqual([]);
      }));

    test("ST-34 wherever in a batch lies what can't be kept, nothing of the batch is", () =>
      withStore(async ({ store }) => {
        let held = NOTHING;
        for (const whole of SCRIPT) {
          for (const broken of brokenInEachPlace(whole)) {
            await expect(store.commit(broken)).rejects.toThrow();
            expect(await heldIn(store, SCRIPT_LOGS)).toEqual(withoutEmptyLogs(held));
          }
          await store.commit(whole);
          held = keep(held, whole);
          expect(await heldIn(store, SCRIPT_LOGS)).toEqual(withoutEmptyLogs(held));
        }
      }));

    test("ST-34 any sequence of appends and trims leaves what the plainest idea of it leaves", () =>
      withStore(async ({ store }) => {
        let held: Held = NOTHING;
        const heads = new Map<LogId, number>();
        const logs = ["a", "b", "c"];
        const anyBatch = fc.record({
          appends: fc.array(
            fc.record({ log: fc.constantFrom(...logs), lasting: fc.boolean(), body: fc.uint8Array({ maxLength: 40 }) }),
            {
              maxLength: 6,
            },
          ),
          trims: fc.array(fc.record({ log: fc.constantFrom(...logs), through: fc.nat(60), lasting: fc.boolean() }), {
            maxLength: 2,
          }),
        });
        await fc.assert(
          fc.asyncProperty(anyBatch, async ({ appends, trims }) => {
            const numbered = appends.map(({ log, lasting, body }): Append => {
              heads.set(log, (heads.get(log) ?? 0) + 1);
              return { log, number: heads.get(log) ?? 0, lasting, body };
            });
            const next = { facts: [], appends: numbered, trims };
            await store.commit(next);
            held = keep(held, next);
            expect(await heldIn(store, logs)).toEqual(withoutEmptyLogs(held));
          }),
          // Each run stands on the ones before it, so there is nothing to shrink.
          { endOnFailure: true },
        );
      }));

    test("ST-9 reads that don't wait for commits find what was asked for before them", () =>
      withStore(async ({ store }) => {
        const found = [1, 2, 3].map((number) => {
          const kept = store.commit(batch([entry("a", number)]));
          return Promise.all([numbers(store, "a"), kept]);
        });
        expect((await Promise.all(found)).map(([each]) => each)).toEqual([[1], [1, 2], [1, 2, 3]]);
      }));

    test("ST-10 what was appended and read does not change when its bytes do elsewhere", () =>
      withStore(async ({ store }) => {
        const body = new Uint8Array([1, 2, 3]);
        await store.commit(batch([{ log: "a", number: 1, lasting: true, body }]));
        body.fill(9);
        const [first] = await read(store, "a");
        first?.body.fill(8);
        expect(await read(store, "a")).toEqual([{ number: 1, body: new Uint8Array([1, 2, 3]) }]);
      }));

    test("ST-11 after closing, reading is refused", () =>
      withStore(async ({ store }) => {
        await store.close();
        await expect(read(store, "a")).rejects.toMatchObject({ code: "failed" });
      }));
  });
}

/** What a store must do besides, when it outlives the process. */
export function durableLogContract(name: string, open: () => Promise<DurableHarness>): void {
  describe(`the durable log contract: ${name}`, () => {
    const withStore = using(open);

    test("ST-12 entries, trims and the numbers of empty logs are there when the store is opened again", () =>
      withStore(async ({ store, reopen }) => {
        await store.commit(batch([entry("a", 1), entry("a", 2), entry("b", 1)]));
        await store.commit({
          facts: [],
          appends: [],
          trims: [
            { log: "a", through: 1, lasting: false },
            { log: "b", through: 1, lasting: false },
          ],
        });
        await store.close();
        const again = await reopen();
        expect([await numbers(again, "a"), await numbers(again, "b")]).toEqual([[2], []]);
        await again.commit(batch([entry("a", 3), entry("b", 2)]));
        expect([await numbers(again, "a"), await numbers(again, "b")]).toEqual([[2, 3], [2]]);
        await again.close();
      }));
  });
}

/** Each batch that `whole` becomes with something impossible in one of its places. */
function brokenInEachPlace({ facts, appends, trims }: StoredBatch): readonly StoredBatch[] {
  const impossible: StoredBatch["facts"][number] = JSON.parse('{"kind":"no-such-fact"}');
  const notNext = entry("room", 99);
  const negative = { log: "room", through: -1, lasting: false };
  return [
    ...places(facts).map((at) => ({ facts: facts.toSpliced(at, 0, impossible), appends, trims })),
    ...places(appends).map((at) => ({ facts, appends: appends.toSpliced(at, 0, notNext), trims })),
    ...places(trims).map((at) => ({ facts, appends, trims: trims.toSpliced(at, 0, negative) })),
  ];
}

function places(list: readonly unknown[]): readonly number[] {
  return Array.from({ length: list.length + 1 }, (_, at) => at);
}

function batch(appends: readonly Append[]): StoredBatch {
  return { facts: [], appends, trims: [] };
}

/** An entry of log a, lasting when its number is even. */
function evenLasting(number: number): Append {
  return { ...entry("a", number), lasting: number % 2 === 0 };
}

/** Of 10 bytes. */
function entry(log: LogId, number: number): Append {
  return { log, number, lasting: false, body: Buffer.from(`${number}`.padStart(10, "0")) };
}

function read(store: FullStore, log: LogId): Promise<readonly LogEntry[]> {
  return store.read({ log, after: 0, limit: 1000, bytes: 1_000_000 });
}

async function numbers(store: FullStore, log: LogId): Promise<readonly number[]> {
  return (await read(store, log)).map(({ number }) => number);
}

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { emptyMap, forEach, get, mapOf, put, valuesOf, without, type PersistentMap } from "./persistent-map.ts";

type Key = string | number;

/** Numbers 2^32 apart have the same hash; those 2^30 apart share all but its last two bits. */
const crowdedNumber = fc
  .tuple(fc.nat(3), fc.nat(3), fc.nat(20))
  .map(([low, high, turn]) => low + high * 2 ** 30 + turn * 2 ** 32);
/** The pairs have the same FNV-1a hash. */
const word = fc.oneof(
  fc.constantFrom("costarring", "liquid", "declinate", "macallums", "altarage", "altarages", "zinke", "zinkes"),
  fc.string({ maxLength: 3 }),
);
const key: fc.Arbitrary<Key> = fc.oneof({ weight: 3, arbitrary: crowdedNumber }, fc.nat(40), word);
const change = fc.record({ key, value: fc.option(fc.nat(), { nil: null, freq: 3 }) });
const changes = fc.array(change, { maxLength: 150, size: "max" });

test("DL-19 a persistent map is a map, and each of its versions stays as it was", () => {
  fc.assert(
    fc.property(changes, (all) => {
      let map = emptyMap<Key, number>();
      const model = new Map<Key, number>();
      const versions = [{ map, model: new Map(model) }];
      for (const { key: changed, value } of all) {
        if (value === null) {
          map = without(map, changed);
          model.delete(changed);
        } else {
          map = put(map, changed, value);
          model.set(changed, value);
        }
        versions.push({ map, model: new Map(model) });
      }
      for (const version of versions) expectSame(version.map, version.model);
      for (const { key: asked } of all) expect(get(map, asked)).toBe(model.get(asked));
    }),
  );
});

function expectSame(map: PersistentMap<Key, number>, model: ReadonlyMap<Key, number>): void {
  const visited: [Key, number][] = [];
  forEach(map, (value, visitedKey) => visited.push([visitedKey, value]));
  expect(visited).toHaveLength(model.size);
  expect(new Map(visited)).toEqual(model);
  expect(map.size).toBe(model.size);
  expect(valuesOf(map)).toEqual(visited.map(([, value]) => value));
}

test("DL-19 many keys of one hash are kept apart", () => {
  const same = Array.from({ length: 40 }, (_, i) => 7 + i * 2 ** 32);
  const map = mapOf(same.map((number) => [number, `value ${number}`]));
  expect(same.map((number) => get(map, number))).toEqual(same.map((number) => `value ${number}`));
  const less = same.slice(1).reduce((left, number) => without(left, number), map);
  expect(valuesOf(less)).toEqual(["value 7"]);
  expect(map.size).toBe(40);
});

test("DL-19 taking away what isn't there gives the very same map", () => {
  const map = mapOf<Key, string>([
    ["alice", "a"],
    [1, "one"],
  ]);
  expect(without(map, "bob")).toBe(map);
  expect(without(map, 2 ** 32 + 1)).toBe(map);
});

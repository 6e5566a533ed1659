import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../storage/sqlite/database.ts";
import { storeInThisThread } from "../storage/sqlite/store.ts";
import { deviceScratch } from "../../../test/agent/device-scratch.ts";
import { makeDevice } from "../../../test/helpers/frame-peer.ts";
import { offerPackages } from "./offer-packages.ts";

const DAY = 86_400_000;

test("SR-35 the secret of a key package is kept while a Welcome of its last day may wait, and dropped behind that", async () => {
  const place = deviceScratch("fast");
  const store = storeInThisThread(openDatabase(place));
  onTestFinished(async () => {
    await store.close();
    place.remove();
  });
  const { engine } = makeDevice("A".repeat(22), { kind: "name", identity: "alice" });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of a client is asked here
  const client = { request: () => Promise.resolve({ kind: "answered" }) } as unknown as Parameters<
    typeof offerPackages
  >[0]["client"];
  const none = { packages: 0, lastResort: false };
  const begin = 20_000 * DAY;
  const firstAreKept: boolean[] = [];
  for (const day of [0, 85, 92, 180, 182]) {
    await offerPackages({ client, store, engine }, none, { now: begin + day * DAY, replace: true });
    firstAreKept.push((await store.load()).keyPackages.some(({ madeAt }) => madeAt === begin));
  }
  expect(firstAreKept).toEqual([true, true, true, true, false]);
});

import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { EVERYONE } from "../../src/agent/delivery/places.ts";
import { AgentStoreError } from "../../src/agent/storage/errors.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { isRow } from "../../src/store/stored.ts";
import { startTestServer } from "../helpers/server.ts";
import { diskError } from "../store/fault.ts";
import { allPoints } from "./fault-points/all-points.ts";
import { soakDevice } from "./server-soak/soak-device.ts";
import { expectNoFailures } from "./no-failures.ts";

// A few of each; .ci/run has every seventh, `npm run soak -- --faults` all.
test(
  "SR-29 at whichever statement of a store the server or a device ends, or its disk fails once, the conversation goes on: nobody loses or doubles a message, and all agree",
  async () => {
    const figures = await allPoints(120, 300);
    for (const [kind, count] of Object.entries(figures)) expect(count, kind).toBeGreaterThanOrEqual(2);
    // Each story has a bound of its own, by what changes.
  },
  20 * 60_000,
);

test("SR-33 what a device has to do on a connection, and the server's disk has failed, is tried again while it lasts", async () => {
  const offered: boolean[] = [];
  const twice = Promise.withResolvers<void>();
  const store = createMemoryStore();
  await using server = await startTestServer({
    store: {
      ...store,
      async commit(batch) {
        const isOffer = batch.facts.some((fact) => isRow(fact) && fact.table === "packages");
        if (isOffer && offered.push(true) === 1) throw diskError();
        await store.commit(batch);
        if (isOffer) twice.resolve();
      },
    },
  });
  const failures: unknown[] = [];
  const bob = soakDevice("bob", server.port, (error) => failures.push(error));
  onTestFinished(async () => await bob.remove());
  await bob.runtime.client.online();
  await twice.promise;
  expect(bob.runtime.client.state.kind).toBe("online");
  expectNoFailures(failures);
});

test("SR-33 a disk that fails a device anywhere on its way in ends nothing: it comes in", async () => {
  await using server = await startTestServer({ config: { messageRate: 0 } });
  const failures: unknown[] = [];
  const devices = [5, 15, 25, 30, 35, 40, 45, 60].map((at) => {
    const device = soakDevice(`d${at}`, server.port, (error) => failures.push(error));
    onTestFinished(async () => await device.remove());
    device.failAfter(at);
    return device;
  });
  for (const { runtime } of devices) {
    let view = null;
    while (view?.row.status !== "active") {
      await setImmediate();
      view = (await (await runtime.session(EVERYONE))?.look()) ?? null;
    }
  }
  expect(devices.filter(({ hasFailed }) => hasFailed).length).toBe(devices.length);
  expect(failures.every((error) => error instanceof AgentStoreError)).toBe(true);
});

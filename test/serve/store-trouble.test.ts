import { cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { fillDisk } from "../helpers/disks.ts";
import { askHttp } from "../helpers/http.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { mountSmallDisk, noMounts } from "../store/mounts.ts";
import { scratchDirectory, type Scratch } from "../store/scratch.ts";

let scratch: Scratch;
let data: string;
beforeEach(() => {
  scratch = scratchDirectory();
  data = join(scratch.path, "data");
});
afterEach(() => {
  for (const clean of cleanUp.splice(0)) clean();
  scratch.remove();
});
const cleanUp: (() => void)[] = [];

test.each([
  ["deleted", () => rmSync(data, { recursive: true })],
  [
    "replaced",
    () => {
      cpSync(data, join(scratch.path, "copy"), { recursive: true });
      renameSync(data, join(scratch.path, "before"));
      renameSync(join(scratch.path, "copy"), data);
    },
  ],
])(
  "SV-41 a data folder that is %s under the server: nothing is acknowledged, /healthz is red, chat goes on",
  async (_what, meddle) => {
    const said: string[] = [];
    const note = (message: string): void => void said.push(message);
    await using server = await startTestServer({
      store: await openSqliteStore(data),
      log: { debug: note, info: note, warn: note, error: note },
    });
    const alice = await server.join("alice");
    const bob = await server.join("bob");
    expect(await healthOf(server)).toMatchObject({ code: 200, status: "ok" });
    meddle();
    // Noticed before anybody has asked for anything.
    expect(await healthOf(server)).toMatchObject({ code: 503, status: "store failing" });
    expect(await alice.ask("BAN bob")).toBe("ERROR Server storage failed");
    const carol = await server.connect();
    expect(await carol.ask("REGISTER carol")).toBe("ERROR Server storage failed");
    bob.broadcast("still here");
    expect(await bob.line()).toBe("BROADCAST SENT");
    expect(await alice.message()).toEqual({ from: "bob", to: "ALL", text: "still here" });
    expect(await healthOf(server)).toMatchObject({ code: 503, status: "store failing" });
    expect(said.filter((line) => line.startsWith("the store keeps nothing"))).toHaveLength(1);
  },
);

test("SE-11 what a store refuses is one line of the log in a while, and what was not written is when the server stops", async () => {
  const store = createMemoryStore();
  let isBroken = false;
  const lines: object[] = [];
  const note = (message: string, fields: object = {}): void => {
    if (message === "facts could not be stored") lines.push(fields);
  };
  const server = await startTestServer({
    store: {
      ...store,
      commit: async (batch) => (isBroken ? Promise.reject(new Error("no")) : await store.commit(batch)),
    },
    log: { debug: note, info: note, warn: note, error: note },
  });
  isBroken = true;
  const alice = await server.connect();
  for (let tried = 0; tried < 5; tried += 1) {
    expect(await alice.ask("REGISTER alice")).toBe("ERROR Server storage failed");
  }
  expect(lines).toEqual([{}]);
  await server.stop();
  expect(lines).toEqual([{}, { more: 4 }]);
});

test("SV-40 a store that refuses every name makes /healthz red, until one is kept again", async () => {
  const store = createMemoryStore();
  let isBroken = false;
  const commit = store.commit.bind(store);
  const moody = {
    ...store,
    commit: (batch: Parameters<typeof commit>[0]) => (isBroken ? Promise.reject(new Error("no")) : commit(batch)),
  };
  await using server = await startTestServer({ store: moody });
  isBroken = true;
  const alice = await server.connect();
  expect(await alice.ask("REGISTER alice")).toBe("ERROR Server storage failed");
  expect(await healthOf(server)).toMatchObject({ code: 503, status: "store failing" });
  isBroken = false;
  expect(await healthOf(server)).toMatchObject({ code: 200, status: "ok" });
});

test.skipIf(noMounts)(
  "SV-40 a full disk makes /healthz red before and after anything was refused, until there is room",
  async () => {
    mkdirSync(data);
    const unmount = mountSmallDisk(data, 32_768);
    cleanUp.push(unmount);
    await using server = await startTestServer({ store: await openSqliteStore(data), config: { data } });
    await server.join("alice");
    expect(await healthOf(server)).toMatchObject({ code: 200, status: "ok" });
    const makeRoom = fillDisk(data);
    expect(await healthOf(server)).toMatchObject({ code: 503, status: "store failing" });
    const peers: string[] = [];
    for (let count = 0; count < 60 && !peers.includes("ERROR Server storage failed"); count++) {
      const peer = await server.connect();
      peers.push(await peer.ask(`REGISTER name-${count}`));
    }
    for (let look = 0; look < 3; look++) {
      expect(await healthOf(server)).toMatchObject({ code: 503, status: "store failing" });
    }
    makeRoom();
    expect(await healthOf(server)).toMatchObject({ code: 200, status: "ok" });
    await server.stop();
  },
);

test("SV-42 a commit that never returns: /healthz answers red, and the server stops", async () => {
  const store = createMemoryStore();
  let stuck = false;
  const commit = store.commit.bind(store);
  const hanging = {
    ...store,
    commit: (batch: Parameters<typeof commit>[0]) => (stuck ? new Promise<void>(() => {}) : commit(batch)),
    close: () => (stuck ? new Promise<void>(() => {}) : store.close()),
  };
  const server = await startTestServer({ store: hanging, timings: { storing: 20, storeTimeout: 20, closing: 20 } });
  const alice = await server.connect();
  stuck = true;
  alice.say("REGISTER alice");
  expect(await healthOf(server)).toMatchObject({ code: 503, status: "store stuck" });
  await server.stop();
});

async function healthOf(server: TestServer): Promise<{ readonly code: number; readonly status: unknown }> {
  const { status, body } = await askHttp(server.port, { path: "/healthz" });
  return { code: status, ...JSON.parse(body) };
}

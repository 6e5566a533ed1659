import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { openTcp, type Open } from "../../src/client/transport/index.ts";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { online, record } from "./recorder.ts";

const NOWHERE = { host: "100.64.0.99", port: 12_345 };

test("CC-26 a client opens its connection in the way that it is told, anew for each attempt", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  const asked: unknown[] = [];
  const open: Open = (wanted, signal) => {
    asked.push(wanted);
    return openTcp(server.address, signal);
  };
  await using alice = await online({ server: NOWHERE, id: "alice", open });
  expect(await alice.client.list()).toEqual({ kind: "answered", value: ["alice"] });
  server.drop("alice");
  await alice.reaches("online", 2);
  expect(asked).toEqual([NOWHERE, NOWHERE]);
});

test.each([
  ["its code", Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), "ENOTFOUND"],
  ["its name, where it has no code", new TypeError("wrong"), "TypeError"],
  ["a code that is no text", Object.assign(new Error("7"), { code: 7 }), "Error"],
  ["no error at all", "nonsense", "UNKNOWN"],
])("CC-26 a way that can't be gone is unreachable with %s", async (_what, reason, code) => {
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- others' code may do so
  await using alice = record({ server: NOWHERE, id: "alice", open: () => Promise.reject(reason) });
  expect(await alice.client.ended()).toEqual({ kind: "unreachable", code });
});

test("CC-26 a connection that is over when it is handed over is one that was closed", async () => {
  await using alice = record({ server: NOWHERE, id: "alice", open: openInVain });
  expect(await alice.client.ended()).toEqual({ kind: "closed" });
});

test("CC-27 who leaves while a connection is being opened ends it, and one that comes all the same", async () => {
  const late = new PassThrough();
  const { promise, resolve } = Promise.withResolvers<PassThrough>();
  const wanted: AbortSignal[] = [];
  const open: Open = (_server, signal) => {
    wanted.push(signal);
    return promise;
  };
  await using alice = record({ server: NOWHERE, id: "alice", open });
  await alice.client.close();
  expect(await alice.client.ended()).toEqual({ kind: "left" });
  expect(wanted.map(({ aborted }) => aborted)).toEqual([true]);
  const closed = once(late, "close");
  resolve(late);
  await closed;
  expect(late.readableLength + late.writableLength).toBe(0);
});

test("CC-27 a TCP connection that is no longer wanted is given up while it is being made", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  const giveUp = new AbortController();
  const opening = openTcp(server.address, giveUp.signal);
  giveUp.abort();
  await expect(opening).rejects.toMatchObject({ name: "AbortError" });
});

async function openInVain(): Promise<PassThrough> {
  const stream = new PassThrough();
  stream.destroy();
  await once(stream, "close");
  return stream;
}

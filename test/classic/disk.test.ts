import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import { namesOf } from "../helpers/conversation.ts";
import { fillDisk, mountFailingDisk, noFailingDisks } from "../helpers/disks.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { mountSmallDisk, noMounts } from "../store/mounts.ts";
import { scratchDirectory, type Scratch } from "../store/scratch.ts";

let scratch: Scratch;
let data: string;
let cleanUp: (() => void)[];
beforeEach(() => {
  scratch = scratchDirectory();
  data = join(scratch.path, "data");
  mkdirSync(data);
  cleanUp = [() => scratch.remove()];
});
afterEach(() => {
  for (const clean of cleanUp.toReversed()) clean();
});

test.skipIf(noMounts)(
  "SC-42 on a full disk what must be stored is refused and takes no effect, chat goes on, and with room it works again",
  async () => {
    cleanUp.push(mountSmallDisk(data, 512));
    await using server = await startTestServer({ store: await openSqliteStore(data) });
    const alice = await server.join("alice");
    const bob = await server.join("bob");
    const makeRoom = fillDisk(data);
    const carol = await nothingCanBeStored(server, alice, bob);
    makeRoom();
    expect(await carol.setUp("carol")).toBe("REGISTERED");
    expect(await alice.ask("BAN bob")).toBe("SUCCESS Banned client bob");
    expect(await bob.closed()).toEqual(["BANNED You have been banned by the operator"]);
    await server.stop();
    const store = await openSqliteStore(data);
    const { claims, bans } = await store.load();
    await store.close();
    expect(claims.map(({ name }) => name).toSorted()).toEqual(["alice", "bob", "carol"]);
    expect(bans.map(({ name }) => name)).toEqual(["bob"]);
  },
);

test.skipIf(noFailingDisks)(
  "SC-43 when the data directory becomes read-only, what must be stored is refused and takes no effect, and chat goes on",
  async () => {
    const disk = mountFailingDisk(join(scratch.path, "image"), data);
    cleanUp.push(() => disk.unmount());
    await using server = await startTestServer({ store: await openSqliteStore(data) });
    const alice = await server.join("alice");
    const bob = await server.join("bob");
    disk.fail();
    await nothingCanBeStored(server, alice, bob);
    // A name that is kept already needs no disk.
    bob.say("EXIT");
    await bob.closed();
    await server.join("bob");
    expect(await server.metric("padserve_store_failures_total")).toBeGreaterThan(0);
  },
);

/** Returns the peer that could not register. */
async function nothingCanBeStored(server: TestServer, alice: ClassicPeer, bob: ClassicPeer): Promise<ClassicPeer> {
  const carol = await server.connect();
  expect(await carol.ask("REGISTER carol")).toBe("ERROR Server storage failed");
  expect(await alice.ask("BAN bob")).toBe("ERROR Server storage failed");
  alice.say("LISTBANS");
  expect(await alice.lines(3)).toEqual(["BEGIN_RESPONSE", "No clients are currently banned", "END_RESPONSE"]);
  expect(await namesOf(alice)).toEqual(["alice", "bob"]);
  expect(await carol.ask("LIST")).toBe("ERROR Not registered");
  bob.broadcast("still here");
  expect(await bob.line()).toBe("BROADCAST SENT");
  expect(await alice.message()).toEqual({ from: "bob", to: "ALL", text: "still here" });
  return carol;
}

import { describe, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { scratchFolder } from "../helpers/program.ts";
import { startFakeTailscaled, startScene } from "../helpers/tailnet.ts";

const BANNED = "BANNED You have been banned by the operator";
const REFUSED = "ERROR You are banned from this server";
const IMMUNE = "ERROR Cannot ban the operator";

describe("bans", () => {
  test("TS-15 a ban holds on the person: on each node, under each name, and all of the person's sessions end", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    const laptop = await scene.join("bob-laptop", "bob");
    const phone = await scene.join("bob-phone", "bob.phone");
    const unnamed = await scene.dial("bob-phone");
    await unnamed.ask("LIST");
    expect(await alice.ask("BAN bob")).toBe("SUCCESS Banned client bob");
    for (const peer of [laptop, phone, unnamed]) expect(await peer.closed()).toEqual([BANNED]);
    for (const id of ["bob", "BOB", "bob.phone", "robert"]) expect(await scene.visit("bob-phone", id)).toBe(REFUSED);
    expect(await scene.visit("carol-laptop", "carol")).toBe("REGISTERED");
  });

  test("TS-15 a ban on a machine does not reach another one with its tag", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    await scene.join("nas", "nas");
    expect(await alice.ask("BAN nas")).toBe("SUCCESS Banned client nas");
    expect(await scene.visit("nas", "other")).toBe(REFUSED);
    expect(await scene.visit("printer", "printer")).toBe("REGISTERED");
  });

  test("TS-26 a banned machine stays banned under another name of its host, and with a tag more", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    await scene.join("nas", "nas");
    expect(await alice.ask("BAN nas")).toBe("SUCCESS Banned client nas");
    scene.fake.rename("nas", "storage");
    expect(await scene.visit("storage", "other")).toBe(REFUSED);
    scene.fake.node("storage", { tags: ["tag:backup", "tag:extra"], addresses: ["100.64.0.15"] });
    expect(await scene.visit("storage", "other")).toBe(REFUSED);
  });

  test("TS-15 who is banned while away is known by the name's claim", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    await scene.visit("bob-laptop", "bob");
    await alice.ask("BAN bob");
    expect(await scene.visit("bob-laptop", "robert")).toBe(REFUSED);
  });

  test("TS-16 a ban outlives the server, and lifting it lifts it from name and person", async () => {
    const [fake, data] = [await startFakeTailscaled(), scratchFolder()];
    const before = await startScene({ fake, store: await openSqliteStore(data) });
    const operator = await before.join("alice-laptop", "alice");
    await before.visit("bob-laptop", "bob");
    await operator.ask("BAN bob");
    await before.server.stop();

    const after = await startScene({ fake, store: await openSqliteStore(data) });
    expect(await after.visit("bob-phone", "robert")).toBe(REFUSED);
    const alice = await after.join("alice-laptop", "alice");
    expect(await alice.ask("UNBAN bob")).toBe("SUCCESS Unbanned client bob");
    expect(await after.visit("bob-phone", "robert")).toBe("REGISTERED");
    expect(await after.visit("bob-laptop", "bob")).toBe("REGISTERED");
  });

  test("TS-17 a ban of somebody at the server's machine reaches the name, never the machine", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    const one = await scene.join("chat", "one");
    const other = await scene.join("chat", "other");
    expect(await alice.ask("BAN one")).toBe("SUCCESS Banned client one");
    expect(await one.closed()).toEqual([BANNED]);
    expect(await other.ask("LIST")).toBe("BEGIN_RESPONSE");
    expect(await scene.visit("chat", "one")).toBe(REFUSED);
    expect(await scene.visit("chat", "third")).toBe("REGISTERED");
  });

  test("TS-18 an operator can't be banned, whatever the right comes from, under another name neither", async () => {
    const scene = await startScene({ config: { operators: ["carol@example.com"] } });
    scene.fake.grant("bob@example.com", { operator: true });
    const alice = await scene.join("alice-laptop", "alice");
    await scene.visit("bob-phone", "bob.phone");
    await scene.join("bob-laptop", "bob");
    await scene.visit("carol-laptop", "carol");
    for (const id of ["alice", "bob", "bob.phone", "carol"]) expect(await alice.ask(`BAN ${id}`)).toBe(IMMUNE);
    const bob = await scene.join("bob-phone", "bob.phone");
    expect(await bob.ask("BAN alice")).toBe(IMMUNE);
    expect(await alice.ask("LISTBANS")).toBe("BEGIN_RESPONSE");
    expect(await alice.lines(2)).toEqual(["No clients are currently banned", "END_RESPONSE"]);
  });

  test("TS-18 who is operator by the tailnet or the configuration comes in though a ban stands from before", async () => {
    const scene = await startScene();
    const alice = await scene.join("alice-laptop", "alice");
    await scene.visit("bob-laptop", "bob");
    await alice.ask("BAN bob");
    expect(await scene.visit("bob-laptop", "bob")).toBe(REFUSED);
    scene.fake.grant("bob@example.com", { operator: true });
    expect(await scene.visit("bob-laptop", "bob")).toBe("REGISTERED as operator");
  });
});

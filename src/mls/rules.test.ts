import { describe, expect, test } from "vitest";
import { INVITE, LIFETIME, makeRecord, newDevice, NOW, OPEN, seed } from "../../test/mls/people.ts";
import { addAll, hex, joinAll, text } from "../../test/mls/room.ts";
import { createGroupEngine } from "./create-group-engine.ts";
import { createObservers } from "./create-observers.ts";
import type { RoomPolicy } from "./room-policy.ts";

const id = Buffer.from("room");

function packageOf(engine: ReturnType<typeof newDevice>): Uint8Array {
  return engine.keyPackage({ now: NOW, lifetime: LIFETIME }).keyPackage;
}

describe("who may come in", () => {
  test("EN-3 nobody joins an invite room by itself, and no machine an open one", async () => {
    const alice = newDevice({ identity: "1" });
    const invite = alice.createGroup(id, INVITE);
    const open = alice.createGroup(id, OPEN);
    const bob = newDevice({ identity: "2" });
    const machine = newDevice({ identity: "n7", kind: "machine" });
    await expect(bob.joinExternal(invite.info())).rejects.toThrow("not-allowed");
    await expect(machine.joinExternal(open.info())).rejects.toThrow("not-allowed");
    await addAll(open, [], [machine]);
    expect(open.members()).toHaveLength(2);
  });

  test("EN-4 where moderators add, a member still adds devices of people who are there, its own or another's; nobody else's", async () => {
    const policy: RoomPolicy = { ...INVITE, add: "moderators", moderators: [{ kind: "person", identity: "1" }] };
    const bobKey = seed();
    const [alice, bob, phone] = [
      newDevice({ identity: "1" }),
      newDevice({ identity: "2" }, bobKey),
      newDevice({ identity: "2" }, bobKey),
    ];
    const atAlice = alice.createGroup(id, policy);
    const [atBob] = await addAll(atAlice, [], [bob]);
    await addAll(atBob!, [atAlice], [phone]);
    // The same person by name, under another user key: a ghost.
    for (const stranger of [newDevice({ identity: "2" }), newDevice({ identity: "3" })]) {
      expect(() => atBob!.commitAdd([packageOf(stranger)], NOW)).toThrow("not-allowed");
    }
    expect(atBob!.pending).toBe(false);
    const carolKey = seed();
    const [atCarol] = await addAll(atAlice, [atBob!], [newDevice({ identity: "3" }, carolKey)]);
    await addAll(atBob!, [atAlice, atCarol!], [newDevice({ identity: "3" }, carolKey)]);
    expect(atCarol!.members()).toHaveLength(5);
  });

  test("EN-5 only listed people's devices come into a direct conversation", async () => {
    const listed = [
      { kind: "person", identity: "1" },
      { kind: "person", identity: "2" },
    ] as const;
    const policy: RoomPolicy = { ...INVITE, access: "listed", listed };
    const atAlice = newDevice({ identity: "1" }).createGroup(id, policy);
    await addAll(atAlice, [], [newDevice({ identity: "2" })]);
    expect(() => atAlice.commitAdd([packageOf(newDevice({ identity: "3" }))], NOW)).toThrow("not-allowed");
    expect(() => atAlice.commitPolicy(OPEN)).toThrow("not-allowed");
    expect(atAlice.policy).toEqual(policy);
  });

  test("EN-6 a device of another server is never added, and never joins", async () => {
    const atAlice = newDevice({ identity: "1" }).createGroup(id, OPEN);
    const stranger = newDevice({ identity: "2", server: "elsewhere" });
    expect(() => atAlice.commitAdd([packageOf(stranger)], NOW)).toThrow("not-allowed");
    await expect(stranger.joinExternal(atAlice.info())).rejects.toThrow("not-allowed");
  });

  test("EN-7 an expired record or key package is refused by who adds and by the observer, at the time they say", async () => {
    const observers = createObservers();
    const atAlice = newDevice({ identity: "1" }).createGroup(id, OPEN);
    const short = newDevice({ identity: "2", notAfter: NOW + 10 });
    const keyPackage = packageOf(short);
    expect(() => atAlice.commitAdd([keyPackage], NOW + 11)).toThrow("not-allowed");
    expect(() => atAlice.commitAdd([packageOf(newDevice({ identity: "3" }))], NOW + LIFETIME + 1)).toThrow(
      "not-allowed",
    );
    expect(() => observers.inspectKeyPackage(keyPackage, NOW + 11)).toThrow("not-allowed");
    expect(observers.inspectKeyPackage(keyPackage, NOW)).toMatchObject({ lastResort: false, notAfter: NOW + LIFETIME });
    const observer = observers.observe(atAlice.info());
    const joined = await short.joinExternal(atAlice.info());
    expect(() => observer.stage(joined.commit, NOW + 11)).toThrow("not-allowed");
    expect(observer.stage(joined.commit, NOW).kind).toBe("external-join");
    // Members don't ask the time: an expired device's commit is a commit.
    expect(atAlice.process(joined.commit).kind).toBe("external-join");
  });
});

describe("who may go", () => {
  test("EN-8 where moderators remove, a person still removes its own devices; nobody removes itself", async () => {
    const policy: RoomPolicy = { ...INVITE, remove: "moderators", moderators: [{ kind: "person", identity: "1" }] };
    const bobKey = seed();
    const bob = newDevice({ identity: "2" }, bobKey);
    const phone = newDevice({ identity: "2" }, bobKey);
    const atAlice = newDevice({ identity: "1" }).createGroup(id, policy);
    const [atBob, atPhone] = await addAll(atAlice, [], [bob, phone]);
    expect(() => atBob!.commitRemove([atAlice.leaf])).toThrow("not-allowed");
    expect(() => atBob!.commitRemove([atBob!.leaf])).toThrow("not-allowed");
    expect(() => atBob!.commitRemove([77])).toThrow("unknown-leaf");
    const { commit } = atBob!.commitRemove([atPhone!.leaf]);
    atBob!.apply();
    expect(atAlice.process(commit).removed.map(({ record }) => record)).toEqual([phone.record]);
  });
});

describe("one device", () => {
  test("EN-9 a device replaces its own leaf in every room; its old state learns that it was removed", async () => {
    const atAlice = newDevice({ identity: "1" }).createGroup(id, INVITE);
    const bob = newDevice({ identity: "2" });
    const [old] = await addAll(atAlice, [], [bob]);
    const { group, replaced } = await joinAll([atAlice], bob);
    expect(replaced).toBe(old!.leaf);
    expect(hex(group.authenticator())).toBe(hex(atAlice.authenticator()));
    expect(() => old!.open(atAlice.seal(Buffer.from("x")).message)).toThrow("future-epoch");
  });

  test("EN-10 who claims another's identity and device id under keys of its own is another device", async () => {
    const deviceId = Buffer.alloc(16, 7);
    const atAlice = newDevice({ identity: "1" }).createGroup(id, INVITE);
    await addAll(atAlice, [], [newDevice({ identity: "2", deviceId })]);
    const ghost = newDevice({ identity: "2", deviceId });
    await expect(ghost.joinExternal(atAlice.info())).rejects.toThrow("not-allowed");
    expect(atAlice.members()).toHaveLength(2);
  });

  test("EN-11 a record that its user key didn't sign for this device is refused", () => {
    const [user, device, other] = [seed(), seed(), seed()];
    const record = makeRecord({ identity: "1" }, user, device);
    expect(() => createGroupEngine({ seed: other, record })).toThrow("bad-record");
    for (const at of [1, 5, 30, record.length - 1]) {
      const forged = Buffer.from(record);
      forged[at]! ^= 1;
      expect(() => createGroupEngine({ seed: device, record: forged })).toThrow("bad-record");
    }
    expect(() => createGroupEngine({ seed: device, record: Buffer.concat([record, Buffer.of(0)]) })).toThrow(
      "bad-record",
    );
  });

  test("EN-12 after its user key was rotated, a device's update carries the new record; others see it renewed", async () => {
    const device = seed();
    const deviceId = Buffer.alloc(16, 1);
    const bob = createGroupEngine({ seed: device, record: makeRecord({ identity: "2", deviceId }, seed(), device) });
    const atAlice = newDevice({ identity: "1" }).createGroup(id, INVITE);
    const observer = createObservers().observe(atAlice.info());
    const packageOfBob = bob.keyPackage({ now: NOW, lifetime: LIFETIME });
    const added = atAlice.commitAdd([packageOfBob.keyPackage], NOW);
    atAlice.apply();
    const staged = observer.stage(added.commit, NOW);
    expect(staged.keyPackages.map(hex)).toEqual([hex(packageOfBob.reference)]);
    expect(staged.welcomed(added.welcome!).map(hex)).toEqual([hex(packageOfBob.reference)]);
    expect([staged.matches(added.groupInfo), staged.matches(atAlice.info())]).toEqual([true, true]);
    observer.accept();
    const { group: atBob } = await bob.join(added.welcome!, packageOfBob.secret);
    const renewed = makeRecord({ identity: "2", deviceId }, seed(), device);
    expect(() => bob.renewRecord(makeRecord({ identity: "3", deviceId }, seed(), device))).toThrow("bad-record");
    bob.renewRecord(renewed);
    const { commit } = atBob.commitUpdate();
    atBob.apply();
    const seen = atAlice.process(commit);
    expect(seen).toMatchObject({ kind: "update", added: [], removed: [] });
    expect(seen.renewed.map(({ record }) => hex(record))).toEqual([hex(renewed)]);
    expect(observer.stage(commit, NOW).renewed.map(({ record }) => hex(record))).toEqual([hex(renewed)]);
    expect(text(atAlice.open(atBob.seal(Buffer.from("hi")).message).plaintext)).toBe("hi");
  });
});

describe("a policy", () => {
  test("EN-13 is changed by moderators only, and all take the same", async () => {
    const policy: RoomPolicy = { ...INVITE, moderators: [{ kind: "person", identity: "1" }] };
    const atAlice = newDevice({ identity: "1" }).createGroup(id, policy);
    const [atBob] = await addAll(atAlice, [], [newDevice({ identity: "2" })]);
    expect(() => atBob!.commitPolicy(OPEN)).toThrow("not-allowed");
    const observer = createObservers().observe(atAlice.info());
    const { commit } = atAlice.commitPolicy({ ...policy, access: "open" });
    expect(observer.stage(commit, NOW)).toMatchObject({ kind: "policy", policy: { ...policy, access: "open" } });
    expect(observer.policy).toEqual(policy);
    expect(atAlice.policy.access).toBe("invite");
    atAlice.apply();
    expect(atBob!.process(commit).kind).toBe("policy");
    expect([atAlice.policy, atBob!.policy]).toEqual([
      { ...policy, access: "open" },
      { ...policy, access: "open" },
    ]);
  });
});

import { expect, test } from "vitest";
import { INVITE, LIFETIME, newDevice, NOW, OPEN } from "../../test/mls/people.ts";
import { addAll, hex, joinAll, text } from "../../test/mls/room.ts";
import { createObservers } from "./create-observers.ts";
import type { Group, SavedGroup, WholeGroup } from "./group-engine.ts";

const id = Buffer.from("room");
const words = (bytes: string): Buffer => Buffer.from(bytes);

async function pair(): Promise<{ readonly alice: Group; readonly bob: Group }> {
  const alice = newDevice({ identity: "1" }).createGroup(id, INVITE);
  const [bob] = await addAll(alice, [], [newDevice({ identity: "2" })]);
  return { alice, bob: bob! };
}

test("EN-14 each message opens once, in any order within an epoch; what is replayed, of one's own or of the future says so", async () => {
  const { alice, bob } = await pair();
  const sealed = ["a", "b", "c"].map((word) => alice.seal(words(word), words("beside")));
  expect(sealed.map(({ generation }) => generation)).toEqual([0, 1, 2]);
  for (const nth of [2, 0, 1]) {
    const opened = bob.open(sealed[nth]!.message);
    expect([text(opened.plaintext), opened.generation]).toEqual(["abc"[nth], nth]);
    expect(text(opened.authenticatedData)).toBe("beside");
  }
  expect(() => bob.open(sealed[1]!.message)).toThrow("replayed");
  expect(() => alice.open(sealed[1]!.message)).toThrow("own-message");
  const { commit } = alice.commitUpdate();
  alice.apply();
  const later = alice.seal(words("later"));
  expect(() => bob.open(later.message)).toThrow("future-epoch");
  bob.process(commit);
  expect(text(bob.open(later.message).plaintext)).toBe("later");
  expect(() => bob.process(commit)).toThrow("past-epoch");
});

test("EN-15 a late message of a past epoch opens, as from who held the leaf then, until that epoch is forgotten", async () => {
  const { alice, bob } = await pair();
  const [carol] = await addAll(alice, [bob], [newDevice({ identity: "3" })]);
  const late = ["1", "2"].map((word) => carol!.seal(words(word)).message);
  const update = alice.commitUpdate();
  alice.apply();
  for (const group of [bob, carol!]) group.process(update.commit);
  const opened = bob.open(late[0]!);
  expect(text(opened.plaintext)).toBe("1");
  expect(opened.epoch).toBe(2);
  expect(opened.sender).toEqual(bob.member(carol!.leaf));
  bob.forgetEpochsBefore(bob.epoch);
  expect(() => bob.open(late[1]!)).toThrow("past-epoch");
});

test("EN-16 nothing is sealed while a commit waits; a lost race is cleared, the winner processed, and the intent made anew", async () => {
  const { alice, bob } = await pair();
  const lost = alice.commitUpdate();
  expect(() => alice.seal(words("x"))).toThrow("pending-commit");
  expect(() => alice.commitUpdate()).toThrow("pending-commit");
  const won = bob.commitUpdate();
  bob.apply();
  alice.clear();
  expect(() => alice.apply()).toThrow("no-pending-commit");
  expect(alice.process(won.commit)).toMatchObject({ kind: "update", epoch: 2 });
  expect(() => bob.process(lost.commit)).toThrow("past-epoch");
  const again = alice.commitUpdate();
  alice.apply();
  bob.process(again.commit);
  expect(hex(alice.authenticator())).toBe(hex(bob.authenticator()));
  expect(() => alice.process(again.commit)).toThrow("past-epoch");
});

test("EN-17 a pending commit is saved with its group, and applied or cleared after loading", async () => {
  const engine = newDevice({ identity: "1" });
  const made = engine.createGroup(id, INVITE);
  const [bob] = await addAll(made, [], [newDevice({ identity: "2" })]);
  const { commit } = made.commitUpdate();
  const saved = whole(made.save());
  const applied = engine.load(saved);
  expect(applied.pending).toBe(true);
  expect(() => applied.process(commit)).toThrow("own-message");
  applied.apply();
  bob!.process(commit);
  expect(hex(applied.authenticator())).toBe(hex(bob!.authenticator()));
  const cleared = engine.load(saved);
  cleared.clear();
  expect([cleared.pending, cleared.epoch]).toEqual([false, 1]);
});

test("EN-18 a group is saved in parts: the tree only with its epoch, a past epoch when it is new or a key of it was used", async () => {
  const { alice, bob } = await pair();
  const first = bob.save();
  expect(first.tree).not.toBeNull();
  bob.open(alice.seal(words("x")).message);
  const second = bob.save();
  expect([second.tree, second.epochs]).toEqual([null, []]);
  const late = alice.seal(words("late")).message;
  const update = alice.commitUpdate();
  alice.apply();
  bob.process(update.commit);
  const third = bob.save();
  expect(third.tree).not.toBeNull();
  expect(third.epochs.map(({ epoch }) => epoch)).toEqual([1]);
  bob.open(late);
  expect(bob.save().epochs.map(({ epoch }) => epoch)).toEqual([1]);
});

test("EN-19 what was saved later holds no key for what was opened before: a stolen state opens nothing older", async () => {
  const engine = newDevice({ identity: "2" });
  const alice = newDevice({ identity: "1" }).createGroup(id, INVITE);
  const [bob] = await addAll(alice, [], [engine]);
  const older = alice.seal(words("secret")).message;
  bob!.open(older);
  const stolen = engine.load(whole(bob!.save()));
  expect(() => stolen.open(older)).toThrow("replayed");
});

test("EN-20 parts of another state, another version or with a tail don't load", async () => {
  const engine = newDevice({ identity: "1" });
  const alice = engine.createGroup(id, OPEN);
  const before = whole(alice.save());
  await joinAll([alice], newDevice({ identity: "2" }));
  const after = whole(alice.save());
  expect(() => engine.load({ ...after, tree: before.tree })).toThrow("malformed");
  expect(() => engine.load({ ...after, state: Buffer.concat([after.state, Buffer.of(0)]) })).toThrow("malformed");
  expect(() => engine.load({ ...after, state: Buffer.from(after.state).fill(9, 0, 1) })).toThrow("malformed");
  expect(engine.load(after).epoch).toBe(1);
});

test("EN-21 a last-resort key package serves several groups; a Welcome for none of one's packages says so", async () => {
  const bob = newDevice({ identity: "2" });
  const packed = bob.keyPackage({ now: NOW, lifetime: LIFETIME, lastResort: true });
  expect(createObservers().inspectKeyPackage(packed.keyPackage, NOW)).toMatchObject({ lastResort: true });
  const other = bob.keyPackage({ now: NOW, lifetime: LIFETIME });
  for (const identity of ["1", "3"]) {
    const group = newDevice({ identity }).createGroup(Buffer.from(identity), INVITE);
    const { welcome } = group.commitAdd([packed.keyPackage], NOW);
    group.apply();
    expect(bob.welcomeReferences(welcome!).map(hex)).toEqual([hex(packed.reference)]);
    await expect(bob.join(welcome!, other.secret)).rejects.toThrow("no-key-package");
    const { group: joined } = await bob.join(welcome!, packed.secret);
    expect(hex(joined.authenticator())).toBe(hex(group.authenticator()));
  }
});

test("EN-22 a fork shows in the authenticator", async () => {
  const { alice, bob } = await pair();
  const one = alice.commitUpdate();
  const other = bob.commitUpdate();
  alice.apply();
  bob.apply();
  expect([alice.epoch, bob.epoch]).toEqual([2, 2]);
  expect(hex(alice.authenticator())).not.toBe(hex(bob.authenticator()));
  expect(one.commit).not.toEqual(other.commit);
  expect(() => bob.open(alice.seal(words("x")).message)).toThrow("invalid");
});

test("EN-23 members export the same secrets, for each purpose its own", async () => {
  const { alice, bob } = await pair();
  expect(exported(alice, "one")).toBe(exported(bob, "one"));
  expect(exported(alice, "one")).not.toBe(exported(alice, "two"));
});

const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].flatMap((point) => [point, withTopBit(point)]);

/** The same point: X25519 leaves that bit out (RFC 7748, 5). */
function withTopBit(point: string): string {
  return point.slice(0, -2) + (Number.parseInt(point.slice(-2), 16) | 0x80).toString(16);
}

test("EN-24 what is sealed to a key by HPKE opens with it, for what it was meant", () => {
  const engine = newDevice({ identity: "1" });
  const { secretKey, publicKey } = engine.hpkeKey();
  const sealed = engine.hpkeSeal(publicKey, words("purpose"), words("user key"));
  expect(text(engine.hpkeOpen(secretKey, publicKey, words("purpose"), sealed))).toBe("user key");
  expect(() => engine.hpkeOpen(secretKey, publicKey, words("another"), sealed)).toThrow("invalid");
  // RFC 9180, 7.1.4: of these points (order 1, 2, 4 and 8, in each encoding) the shared secret is zero, whoever seals or opens.
  for (const encoded of SMALL_ORDER) {
    const point = new Uint8Array(Buffer.from(encoded, "hex"));
    expect(() => engine.hpkeSeal(point, words("purpose"), words("user key"))).toThrow("invalid");
    const forged = new Uint8Array(sealed);
    // Behind its length.
    forged.set(point, 1);
    expect(() => engine.hpkeOpen(secretKey, publicKey, words("purpose"), forged)).toThrow("invalid");
  }
  const other = engine.hpkeKey();
  expect(() => engine.hpkeOpen(other.secretKey, other.publicKey, words("purpose"), sealed)).toThrow("invalid");
});

test("EN-25 eight members, two removed in one commit, others added and joining: nobody is locked out, warm or cold", async () => {
  for (const warm of [false, true]) {
    const engines = Array.from({ length: 8 }, (_, nth) => newDevice({ identity: `${nth}` }));
    const groups: Group[] = [engines[0]!.createGroup(id, OPEN)];
    groups.push(...(await addAll(groups[0]!, [], engines.slice(1))));
    if (warm) {
      for (const group of groups) {
        const { commit } = group.commitUpdate();
        group.apply();
        for (const other of groups) if (other !== group) other.process(commit);
      }
    }
    const removed = groups[0]!.commitRemove([1, 7]);
    groups[0]!.apply();
    for (const group of groups.slice(1)) group.process(removed.commit);
    const staying = groups.filter(({ leaf }) => leaf !== 1 && leaf !== 7);
    for (const name of ["x", "y", "z"]) {
      staying.push(...(await addAll(staying[0]!, staying.slice(1), [newDevice({ identity: name })])));
    }
    const joined = await joinAll(staying, newDevice({ identity: "e" }));
    staying.push(joined.group);
    expect(staying).toHaveLength(10);
    expect(new Set(staying.map((group) => hex(group.authenticator()))).size).toBe(1);
  }
});

test("EN-26 a big group is joined in a thread, as a small one is here", async () => {
  const alice = newDevice({ identity: "1" }).createGroup(id, OPEN);
  for (let batch = 0; batch < 4; batch += 1) {
    const newcomers = Array.from({ length: 64 }, (_, nth) => newDevice({ identity: `${batch}.${nth}` }));
    const packages = newcomers.map((engine) => engine.keyPackage({ now: NOW, lifetime: LIFETIME }).keyPackage);
    alice.commitAdd(packages, NOW);
    alice.apply();
    for (const engine of newcomers) engine.close();
  }
  const info = alice.info();
  expect(info.length).toBeGreaterThan(65_536);
  const external = await joinAll([alice], newDevice({ identity: "e" }));
  expect(hex(external.group.authenticator())).toBe(hex(alice.authenticator()));
  const [added] = await addAll(alice, [external.group], [newDevice({ identity: "w" })]);
  expect(hex(added!.authenticator())).toBe(hex(alice.authenticator()));
  expect(text(added!.open(external.group.seal(words("big")).message).plaintext)).toBe("big");
  const late = newDevice({ identity: "x" });
  const { keyPackage, secret } = late.keyPackage({ now: NOW, lifetime: LIFETIME });
  const { welcome } = alice.commitAdd([keyPackage], NOW);
  alice.apply();
  expect(await late.join(welcome!, secret)).toMatchObject({ committer: alice.leaf });
  await expect(newDevice({ identity: "f" }).joinExternal(Buffer.concat([info, Buffer.of(0)]))).rejects.toThrow(
    "malformed",
  );
});

function exported(group: Group, label: string): string {
  return hex(group.exportSecret(label, words("context"), 32));
}

function whole(saved: SavedGroup): WholeGroup {
  if (saved.tree === null) throw new Error("The tree was saved before.");
  return { ...saved, tree: saved.tree };
}

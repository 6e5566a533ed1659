import { expect, test } from "vitest";
import { INVITE, LIFETIME, newDevice, NOW, OPEN } from "../../test/mls/people.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("EN-1 who is added, who joins by itself, and who is there read one another and agree on the epoch", async () => {
  const [alice, bob, carol] = [
    newDevice({ identity: "1" }),
    newDevice({ identity: "2" }),
    newDevice({ identity: "3" }),
  ];
  const atAlice = alice.createGroup(Buffer.from("room"), OPEN);
  const { keyPackage, secret } = bob.keyPackage({ now: NOW, lifetime: LIFETIME });
  const { commit, welcome, groupInfo } = atAlice.commitAdd([keyPackage], NOW);
  expect(commit.length).toBeGreaterThan(0);
  expect(atAlice.apply().added.map(({ record }) => record)).toEqual([bob.record]);
  const { group: atBob } = await bob.join(welcome ?? new Uint8Array(), secret);
  const joined = await carol.joinExternal(groupInfo);
  expect(atAlice.process(joined.commit)).toMatchObject({ kind: "external-join", epoch: 2, removedSelf: false });
  expect(atBob.process(joined.commit).sender.record).toEqual(carol.record);
  const atCarol = joined.group;
  expect([atAlice, atBob].map((group) => text(group.authenticator()))).toEqual(
    [atCarol, atCarol].map((group) => text(group.authenticator())),
  );
  const { message } = atCarol.seal(Buffer.from("hello"));
  for (const group of [atAlice, atBob]) {
    const opened = group.open(message);
    expect(text(opened.plaintext)).toBe("hello");
    expect(opened.sender.record).toEqual(carol.record);
  }
});

test("EN-36 who is added learns from the Welcome itself who has added it, and nobody else can sign as them", async () => {
  const [alice, bob, carol] = [
    newDevice({ identity: "1" }),
    newDevice({ identity: "2" }),
    newDevice({ identity: "3" }),
  ];
  const atAlice = alice.createGroup(Buffer.from("room"), INVITE);
  const forBob = bob.keyPackage({ now: NOW, lifetime: LIFETIME });
  const { welcome } = atAlice.commitAdd([forBob.keyPackage], NOW);
  atAlice.apply();
  const { group: atBob, committer: bobsInviter } = await bob.join(welcome ?? new Uint8Array(), forBob.secret);
  expect(bobsInviter).toBe(atAlice.leaf);
  const forCarol = carol.keyPackage({ now: NOW, lifetime: LIFETIME });
  const byBob = atBob.commitAdd([forCarol.keyPackage], NOW);
  atBob.apply();
  const { group, committer } = await carol.join(byBob.welcome ?? new Uint8Array(), forCarol.secret);
  expect([committer, group.member(committer)?.record]).toEqual([atBob.leaf, bob.record]);
});

test("EN-2 a device that was removed opens nothing more", async () => {
  const [alice, bob] = [newDevice({ identity: "1" }), newDevice({ identity: "2" })];
  const atAlice = alice.createGroup(Buffer.from("room"), INVITE);
  const { keyPackage, secret } = bob.keyPackage({ now: NOW, lifetime: LIFETIME });
  const { welcome } = atAlice.commitAdd([keyPackage], NOW);
  atAlice.apply();
  const { group: atBob } = await bob.join(welcome ?? new Uint8Array(), secret);
  const { commit } = atAlice.commitRemove([atBob.leaf]);
  atAlice.apply();
  expect(atBob.process(commit)).toMatchObject({ kind: "remove", removedSelf: true });
  expect(() => atBob.open(atAlice.seal(Buffer.from("later")).message)).toThrow("not-a-member");
});

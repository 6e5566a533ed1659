/** What the tailnet itself says of people in sealed rooms, and what they say to each other beside it. */
import { expect } from "vitest";
import { Person } from "./person.ts";
import { test } from "./scene.ts";
import { EVERYBODY } from "./tailnet.ts";

const SEEN = {
  alice: "alice person alice@example.com: in tailnet",
  bob: "bob person bob@example.com: in tailnet",
  backup: "backup machine nas: in tailnet",
  carol: "carol person carol@example.com: in tailnet",
} as const;
const HIDDEN = "carol person carol@example.com: not seen in tailnet";

test("RT-34 who is hidden from one's node by the policy, or has left the tailnet, is marked, and who holds a message so, too", async ({
  tailnet,
  chat,
  alice: alicesNode,
  bob: bobsNode,
  nas,
  carol: carolsNode,
}) => {
  // To alice's laptop carol is what somebody shared in would be: the server's node sees her, and hers does not.
  const together = ["alice@example.com", "bob@example.com", "tag:backup"];
  await tailnet.policy({
    tagOwners: { "tag:backup": ["alice@example.com"] },
    grants: [
      { src: together, dst: together, ip: ["*"] },
      { src: ["carol@example.com"], dst: [`${chat.v4}/32`], ip: ["*"] },
    ],
  });
  await alicesNode.until(({ Peer }) => Object.values(Peer ?? {}).every(({ HostName }) => HostName !== "carol-laptop"));
  await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  const [bob, carol] = [new Person(bobsNode, "bob", chat.v4), new Person(carolsNode, "carol", chat.v4)];
  const backup = new Person(nas, "backup", chat.v4);
  await alice.comesIn();
  await bob.comesIn();
  await carol.comesIn();
  await alice.marks("#everyone", SEEN.alice, SEEN.bob, HIDDEN);
  const held = await alice.run("send", "#everyone", "hello");
  expect(held).toMatchObject({ code: 10, stdout: "" });
  expect(held.stderr).toContain("carol (not seen in your tailnet)");
  expect(held.stderr).not.toContain("bob (");
  await alice.pad("send", "#everyone", "hello", "--accept-members");
  await carol.hasRead("#everyone", "alice hello");
  // Carol's node sees the server's alone, which is alice's; so bob isn't there for her.
  await carol.marks("#everyone", SEEN.alice, "bob person bob@example.com: not seen in tailnet", SEEN.carol);

  await backup.pad("rooms");
  await alice.pad("rooms", "invite", "#everyone", "backup");
  await alice.marks("#everyone", SEEN.alice, SEEN.bob, SEEN.backup, HIDDEN);
  await backup.marks("#everyone", SEEN.alice, SEEN.bob, SEEN.backup, HIDDEN);

  await tailnet.policy({ tagOwners: { "tag:backup": ["alice@example.com"] }, grants: [EVERYBODY] });
  await alice.marks("#everyone", SEEN.alice, SEEN.bob, SEEN.backup, SEEN.carol);
  await tailnet.forget(carolsNode);
  // What an agent has seen it believes for half a minute; the next one asks.
  await alice.goAway();
  await alice.marks("#everyone", SEEN.alice, SEEN.bob, SEEN.backup, HIDDEN);
  // Nobody is put out by it.
  await alice.pad("send", "#everyone", "still here", "--accept-members");
});

test("RT-34 on the server's own machine nobody is marked: the server knows a name there, and Tailscale a person", async ({
  chat,
  alice: alicesNode,
}) => {
  await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  const here = new Person(chat, "here", "127.0.0.1");
  await here.comesIn();
  await alice.comesIn();
  await here.marks("#everyone", "alice person alice@example.com: -", "here name here: -");
  await alice.marks("#everyone", SEEN.alice, "here name here: -");
});

test("RT-35 people, and a person and a machine, see the same number, and each remembers that they have compared it", async ({
  chat,
  alice: alicesNode,
  bob: bobsNode,
  nas,
}) => {
  await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  const [bob, backup] = [new Person(bobsNode, "bob", chat.v4), new Person(nas, "backup", chat.v4)];
  await alice.comesIn();
  await bob.comesIn();
  await backup.pad("rooms");
  await alice.pad("rooms", "invite", "#everyone", "backup");
  await alice.marks("#everyone", SEEN.alice, SEEN.bob, SEEN.backup);
  await bob.marks("#everyone", SEEN.alice, SEEN.bob, SEEN.backup);
  await backup.marks("#everyone", SEEN.alice, SEEN.bob, SEEN.backup);
  const [bobs, machines] = [await numberOf(alice, "bob"), await numberOf(alice, "backup")];
  expect(bobs).toBe(await numberOf(bob, "alice"));
  expect(machines).toBe(await numberOf(backup, "alice"));
  expect(machines).not.toBe(bobs);
  expect(await alice.run("verify", "bob", machines)).toMatchObject({ code: 11 });
  await alice.pad("verify", "bob", bobs);
  await alice.pad("verify", "backup", "--compared", "--yes");
  const members = await alice.pad("rooms", "members", "#everyone");
  expect(members.match(/^(?:bob|backup)\t.*\tcompared\t/gm)).toHaveLength(2);
  // It is alice's knowledge, and nobody else's.
  expect(await bob.pad("rooms", "members", "#everyone")).not.toContain("compared");
});

async function numberOf(person: Person, other: string): Promise<string> {
  const { number }: { number: string } = JSON.parse(await person.pad("verify", other, "--json"));
  return number;
}

import { expect } from "vitest";
import { Person } from "./person.ts";
import { namesAt, test } from "./scene.ts";

const ALICE = "alice person alice@example.com";
const BOB = "bob person bob@example.com";
/** What `pad send` says whose message has not been stored in time. */
const KEPT_OR_NOT = /Nothing was sent|nothing was sent|keeps the message and sends it, once/;
const BACKUP = "backup machine nas";

test("RT-27 persons come into #everyone, a machine doesn't; invited to a room it reads and writes there", async ({
  chat,
  alice: alicesNode,
  bob: bobsNode,
  nas,
}) => {
  const server = await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  const bob = new Person(bobsNode, "bob", chat.name);
  const backup = new Person(nas, "backup", chat.v6);
  await alice.pad("send", "#everyone", "anybody here?");
  await bob.comesIn();
  await bob.sees("#everyone", ALICE, BOB);
  expect(await backup.pad("rooms")).toBe("#everyone\topen\tnot-a-member\t-\n");
  expect(await backup.run("send", "#everyone", "let me in")).toMatchObject({ code: 4 });
  await alice.sees("#everyone", ALICE, BOB);

  await alice.pad("rooms", "create", "#ops", "--invite-only");
  await alice.pad("rooms", "invite", "#ops", "backup");
  await backup.sees("#ops", ALICE, BACKUP);
  await backup.pad("send", "#ops", "backup done");
  await alice.hasRead("#ops", "backup backup done");
  await alice.pad("send", "#ops", "thanks");
  await backup.hasRead("#ops", "backup backup done", "alice thanks");
  await alice.pad("send", "backup", "and now rest");
  await backup.hasRead("alice", "alice and now rest");
  expect(await bob.run("rooms", "join", "#ops")).toMatchObject({ code: 4 });

  await alice.pad("rooms", "invite", "#everyone", "backup");
  await backup.sees("#everyone", ALICE, BOB, BACKUP);
  expect(await namesAt(chat, server)).toEqual({
    alice: "alice@example.com",
    bob: "bob@example.com",
    backup: "machine nas (tag:backup)",
  });
});

test("RT-28 who was away reads what was said meanwhile once and in order, though the server was killed in between", async ({
  chat,
  alice: alicesNode,
  bob: bobsNode,
}) => {
  const before = await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  const bob = new Person(bobsNode, "bob", chat.v4);
  await alice.comesIn();
  await bob.comesIn();
  await bob.sees("#everyone", ALICE, BOB);
  await bob.goAway();
  await alice.pad("send", "#everyone", "one", "--accept-members");
  before.program.kill("SIGKILL");
  await before.program.exited;
  const chatting = alice.start("chat", "alice", chat.v4);
  await chatting.complains(chat.v4);
  chatting.type("two, to nobody yet");
  await chat.serve({ data: before.data });
  await bob.hasRead("#everyone", "alice one", "alice two, to nobody yet");
  chatting.endInput();
  expect(await chatting.exited).toMatchObject({ code: 0 });

  await bobsNode.tailscale("down");
  await alice.pad("send", "#everyone", "three");
  await alice.pad("send", "#everyone", "four");
  await bobsNode.tailscale("up");
  const texts = ["alice one", "alice two, to nobody yet", "alice three", "alice four"];
  await bob.hasRead("#everyone", ...texts);
  await bob.pad("send", "#everyone", "all there");
  await alice.hasRead("#everyone", ...texts, "bob all there");
});

test("RT-29 a person's key expires: they can read what they have, and after a new login it goes on, as the same person", async ({
  tailnet,
  chat,
  alice: alicesNode,
}) => {
  await chat.serve();
  const carolsNode = await tailnet.join("carol", { user: "carol" });
  const alice = new Person(alicesNode, "alice", chat.v4);
  const carol = new Person(carolsNode, "carol", chat.v4);
  await alice.pad("send", "#everyone", "hello", "--accept-members");
  await carol.comesIn();
  await carol.sees("#everyone", ALICE, "carol person carol@example.com");
  await carol.pad("send", "#everyone", "good morning", "--accept-members");

  await tailnet.expire(carolsNode);
  await carolsNode.until(({ BackendState }) => BackendState === "NeedsLogin");
  const offline = await carol.run("history", "#everyone");
  expect(offline).toMatchObject({ code: 0, stdout: expect.stringMatching(/\tcarol\tgood morning\n$/) });
  const lost: string[] = [];
  for (const words of [["can you hear me?", "--timeout", "5"], ["can nobody hear me?"]]) {
    const { code, stdout, stderr } = await carol.run("send", "#everyone", ...words);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(KEPT_OR_NOT);
    // What was said to be kept comes once, and what was not, never.
    if (stderr.includes("keeps")) lost.push(`carol ${words[0]}`);
  }
  await alice.pad("send", "#everyone", "where is carol?", "--accept-members");

  await tailnet.login(carolsNode, { user: "carol" });
  await carol.hasReadInAnyOrder("#everyone", "carol good morning", "alice where is carol?", ...lost);
  await carol.pad("send", "#everyone", "back");
  const all = ["alice hello", "carol good morning", "alice where is carol?", ...lost, "carol back"];
  await alice.hasReadInAnyOrder("#everyone", ...all);
});

test("RT-29 the server's key expires: what is written waits, and after a new login it is stored, once", async ({
  tailnet,
  alice: alicesNode,
  bob: bobsNode,
}) => {
  const node = await tailnet.join("expiring", { user: "alice" });
  const server = await node.serve();
  const alice = new Person(alicesNode, "alice", node.v4);
  const bob = new Person(bobsNode, "bob", node.v4);
  await alice.comesIn();
  await bob.comesIn();
  await bob.sees("#everyone", ALICE, BOB);
  await alice.pad("send", "#everyone", "before", "--accept-members");
  await tailnet.expire(node);
  await server.program.until("Tailscale key has expired");
  const chatting = alice.start("chat", "alice", node.v4);
  await chatting.complains(node.v4);
  chatting.type("meanwhile");
  await tailnet.login(node, { user: "alice" });
  await server.program.until(server.listening);
  await bob.hasRead("#everyone", "alice before", "alice meanwhile");
  chatting.endInput();
  expect(await chatting.exited).toMatchObject({ code: 0 });
});

test("RT-30 another person can't speak under somebody's name, nor come into a room by invitation", async ({
  chat,
  alice: alicesNode,
  bob: bobsNode,
  carol: carolsNode,
}) => {
  await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  const bob = new Person(bobsNode, "bob", chat.v4);
  await alice.pad("rooms", "create", "#ours", "--invite-only");
  await bob.pad("rooms");
  await alice.pad("rooms", "invite", "#ours", "bob");
  await alice.pad("send", "#ours", "just us", "--accept-members");
  await bob.hasRead("#ours", "alice just us");

  const impostor = new Person(carolsNode, "bob", chat.v4);
  expect(await impostor.run("send", "alice", "it's me, bob")).toMatchObject({ code: 4 });
  const carol = new Person(carolsNode, "carol", chat.v4);
  expect(await carol.run("rooms", "join", "#ours")).toMatchObject({ code: 4 });
  expect(await carol.run("history", "#ours")).toMatchObject({ code: 4, stdout: "" });
  await alice.sees("#ours", ALICE, BOB);
});

test("RT-32 on the server's own machine one is known by name and key alone, and isn't the machine's owner", async ({
  chat,
  alice: alicesNode,
}) => {
  await chat.serve();
  const alice = new Person(alicesNode, "alice", chat.v4);
  await alice.pad("send", "#everyone", "hello", "--accept-members");
  const here = new Person(chat, "here", "127.0.0.1");
  await here.comesIn();
  await here.sees("#everyone", ALICE, "here name here");
  const chatting = here.start("chat", "here", "127.0.0.1");
  await chatting.complains(/counts as "local": you are here by name and key, and not alice@example\.com/);
  chatting.endInput();
  expect(await chatting.exited).toMatchObject({ code: 0 });
  expect(await here.run("send", "#everyone", "as alice", "--as", "alice")).toMatchObject({ code: 4 });
});

import { expect } from "vitest";
import { join, namesAt, restart, test, visit } from "./scene.ts";

const TAKEN = "ERROR Client name already registered";

test("RT-3 a person's node is that person, each of them, over both families", async ({ chat, bob, bobsPhone }) => {
  const server = await chat.serve();
  expect(await visit(bob, "bob", chat.v4)).toBe("REGISTERED");
  expect(await visit(bob, "bob6", chat.v6)).toBe("REGISTERED");
  expect(await visit(bobsPhone, "bobs-phone", chat)).toBe("REGISTERED");
  expect(await namesAt(chat, server)).toEqual({
    bob: "bob@example.com",
    bob6: "bob@example.com",
    "bobs-phone": "bob@example.com",
  });
});

test("RT-3 a tagged node is a machine, named by its tags and its node's name, whoever logged it in", async ({
  chat,
  nas,
}) => {
  const server = await chat.serve();
  expect(await visit(nas, "backup", chat)).toBe("REGISTERED");
  expect(await namesAt(chat, server)).toEqual({ backup: "machine nas (tag:backup)" });
});

test("RT-4 a name is its owner's: refused to others, there on the second node, and after a restart", async ({
  chat,
  alice,
  alicesPhone,
  bob,
}) => {
  const before = await chat.serve();
  expect(await visit(alice, "alice", chat)).toBe("REGISTERED as operator");
  expect(await visit(bob, "alice", chat)).toBe(TAKEN);
  expect(await visit(bob, "ALICE", chat)).toBe(TAKEN);
  expect(await visit(alicesPhone, "alice", chat)).toBe("REGISTERED as operator");
  const after = await restart(chat, before);
  expect(await visit(bob, "alice", chat)).toBe(TAKEN);
  expect(await visit(alicesPhone, "alice", chat)).toBe("REGISTERED as operator");
  expect(await namesAt(chat, after)).toEqual({ alice: "alice@example.com" });
});

test("RT-5 a process of the server's machine is local, over loopback and over its tailnet addresses, and owns nothing", async ({
  chat,
}) => {
  const server = await chat.serve();
  for (const [name, address] of Object.entries({ loop: "127.0.0.1", loop6: "::1", four: chat.v4, six: chat.v6 })) {
    const peer = await join(chat, name, address);
    expect(await peer.ask("LISTBANS")).toBe("ERROR Not authorized as operator");
  }
  const local = "this machine";
  expect(await namesAt(chat, server)).toEqual({ loop: local, loop6: local, four: local, six: local });
});

test("RT-5 a name that a local user took first becomes a person's who comes for it", async ({ chat, alice, bob }) => {
  const server = await chat.serve();
  expect(await visit(chat, "alice", "127.0.0.1")).toBe("REGISTERED");
  expect(await visit(alice, "alice", chat)).toBe("REGISTERED as operator");
  expect(await namesAt(chat, server)).toEqual({ alice: "alice@example.com" });
  expect(await visit(chat, "alice", "127.0.0.1")).toBe(TAKEN);
  expect(await visit(bob, "alice", chat)).toBe(TAKEN);
});

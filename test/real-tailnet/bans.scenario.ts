import { expect } from "vitest";
import { join, restart, test, visit } from "./scene.ts";

const REFUSED = "ERROR You are banned from this server";
const IMMUNE = "ERROR Cannot ban the operator";

test("RT-9 a ban on a person holds against another name, another connection, the second node, and a restart; unban undoes it", async ({
  chat,
  alice,
  bob,
  bobsPhone,
  carol,
}) => {
  const before = await chat.serve();
  const operator = await join(alice, "alice", chat);
  const session = await join(bob, "bob", chat);
  const nameless = bobsPhone.dial(chat.v6);
  expect(await nameless.ask("LIST")).toBe("ERROR Not registered");

  expect(await operator.ask("BAN bob")).toBe("SUCCESS Banned client bob");
  for (const peer of [session, nameless]) {
    expect(await peer.closed()).toEqual(["BANNED You have been banned by the operator"]);
  }
  expect(await visit(bob, "bob", chat)).toBe(REFUSED);
  expect(await visit(bob, "robert", chat.v6)).toBe(REFUSED);
  expect(await visit(bobsPhone, "bobs-phone", chat)).toBe(REFUSED);
  expect(await visit(carol, "carol", chat)).toBe("REGISTERED");

  await restart(chat, before);
  expect(await visit(bobsPhone, "robert", chat)).toBe(REFUSED);
  const again = await join(alice, "alice", chat);
  expect(await again.ask("UNBAN bob")).toBe("SUCCESS Unbanned client bob");
  expect(await visit(bobsPhone, "robert", chat)).toBe("REGISTERED");
  expect(await visit(bob, "bob", chat)).toBe("REGISTERED");
});

test("RT-10 a ban never reaches an operator, whatever the right comes from, nor the server's machine", async ({
  chat,
  alice,
  alicesPhone,
  bob,
}) => {
  await chat.serve({ args: ["--operator", "bob@example.com"] });
  const owner = await join(alice, "alice", chat);
  const configured = await join(bob, "bob", chat);
  const local = await join(chat, "here", "127.0.0.1");
  expect(await visit(alicesPhone, "phone", chat)).toBe("REGISTERED as operator");
  for (const name of ["bob", "phone"]) expect(await owner.ask(`BAN ${name}`)).toBe(IMMUNE);
  expect(await configured.ask("BAN alice")).toBe(IMMUNE);

  expect(await owner.ask("BAN here")).toBe("SUCCESS Banned client here");
  await local.closed();
  expect(await visit(chat, "here", "127.0.0.1")).toBe(REFUSED);
  expect(await visit(chat, "there", "127.0.0.1")).toBe("REGISTERED");
});

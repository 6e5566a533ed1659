/** What the server can read, over frames: messages to all and to one, and what people say of being away. */
import { expect, test } from "vitest";
import { FramePeer, makeDevice } from "../helpers/frame-peer.ts";
import { startTestServer } from "../helpers/server.ts";

test("FR-15 direct messages over frames are held to the flood limit, long ones as several", async () => {
  await using server = await startTestServer({ config: { messageRate: 1 } });
  using alice = await FramePeer.connect(server.port);
  await alice.greet("alice", null);
  using bob = await FramePeer.connect(server.port);
  await bob.greet("bob", null);
  const tell = (text: string) => alice.ask("tell", { to: "bob", text });
  for (let count = 0; count < 5; count++) expect(await tell(`${count}`)).toEqual({ reply: {} });
  expect(await tell("x".repeat(8192))).toEqual({ refusal: { reason: "too-many-messages" } });
  expect(await bob.next("told")).toMatchObject({ from: "alice", text: "0" });
});

test("FR-16 what somebody says of being away is told to others when it changes, and goes with who said it", async () => {
  await using server = await startTestServer();
  using bob = await FramePeer.connect(server.port);
  await bob.greet("bob", null);
  using alice = await FramePeer.connect(server.port);
  const owner = { kind: "name", identity: "alice" } as const;
  await alice.greet("alice", makeDevice(alice.hello.server.id, owner));
  expect(await bob.next("presence")).toMatchObject({ people: [{ name: "alice", online: true, away: null }] });
  await alice.get("away", { away: "lunch" });
  expect(await bob.next("presence")).toMatchObject({ people: [{ name: "alice", online: true, away: "lunch" }] });
  await alice.get("away", { away: "lunch" });
  await alice.get("away", { away: null });
  expect(await bob.next("presence")).toMatchObject({ people: [{ away: null }] });
  await alice.get("away", { away: "gone" });
  expect(await bob.next("presence")).toMatchObject({ people: [{ away: "gone" }] });
  alice[Symbol.dispose]();
  expect(await bob.next("presence")).toMatchObject({ people: [{ name: "alice", online: false, away: null }] });
});

test("FR-16 changes of it count as messages", async () => {
  await using server = await startTestServer({ config: { messageRate: 1 } });
  using alice = await FramePeer.connect(server.port);
  await alice.greet("alice", null);
  const answers: unknown[] = [];
  for (let count = 0; count < 12; count++) answers.push(await alice.ask("away", { away: `${count}` }));
  expect(answers.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => ({ reply: {} })));
  expect(answers).toContainEqual({ refusal: { reason: "too-many-messages" } });
});

test("FR-17 people come page by page in the order of their names, whoever comes meanwhile", async () => {
  await using server = await startTestServer({ config: { maxLocalNames: 500 } });
  const names = Array.from({ length: 130 }, (_, n) => `n-${String((n * 37) % 130).padStart(3, "0")}`);
  for (const name of names) {
    const peer = await server.connect();
    expect(await peer.ask(`REGISTER ${name}`)).toContain("REGISTERED");
  }
  using reader = await FramePeer.connect(server.port);
  await reader.greet("reader", null);
  const first = await reader.get("people", { after: null });
  expect(first.more).toBe(true);
  using late = await FramePeer.connect(server.port);
  await late.greet("n-099-late", null);
  const second = await reader.get("people", { after: first.people.at(-1)?.name ?? null });
  expect(second.more).toBe(false);
  const all = [...first.people, ...second.people].map(({ name }) => name);
  expect(all).toEqual([...names, "n-099-late", "reader"].toSorted());
});

test("MO-8 an operator reads over frames who is banned, and why, sorted", async () => {
  await using server = await startTestServer();
  using alice = await FramePeer.connect(server.port);
  await alice.greet("alice", null);
  await alice.get("ban", { target: "zoe", reason: null });
  await alice.get("ban", { target: "mallory", reason: "spam, \u{1f600} and more" });
  await alice.get("ban", { target: "Bert", reason: "x".repeat(250) });
  expect(await alice.get("bans", {})).toEqual({
    names: ["Bert", "mallory", "zoe"],
    reasons: [
      { name: "Bert", reason: "x".repeat(200) },
      { name: "mallory", reason: "spam, \u{1f600} and more" },
    ],
  });
});

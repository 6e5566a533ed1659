import { expect, test } from "vitest";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { startScriptedServer } from "../fakes/scripted-server.ts";
import { online, record } from "./recorder.ts";

test("CC-14 lines that nobody asked for are told as notices and do no harm", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice" });
  const garbage = ["\u0000\u001b[2J", "MESSAGE from nobody", "BROADCAST SENT", "END_RESPONSE", "ERROR of a new kind"];
  server.say("alice", garbage.map((line) => `${line}\n`).join("\r\n\n"));
  await alice.hears((event) => event.kind === "notice" && event.text === garbage.at(-1));
  expect(await alice.client.list()).toEqual({ kind: "answered", value: ["alice"] });
  const notices = alice.events.filter((event) => event.kind === "notice");
  expect(notices).toEqual(garbage.map((text) => ({ kind: "notice", text })));
});

test("CC-15 messages are heard even before REGISTERED, and what doesn't open is told", async () => {
  const lines = [
    "BROADCAST from bob: 00|41",
    "BROADCAST from bob: 0041",
    "MESSAGE from bob: ff|bd",
    "MESSAGE from bob: x",
  ];
  await using server = await startScriptedServer(() => lines.map((line) => `${line}\n`).join(""));
  await using alice = record({ server: server.address, id: "alice" });
  expect(await alice.client.ended()).toEqual({ kind: "closed" });
  expect(alice.events.filter((event) => event.kind !== "state")).toEqual([
    { kind: "message", from: "bob", to: "ALL", text: "A" },
    { kind: "unreadable", from: "bob", to: "ALL" },
    { kind: "message", from: "bob", to: "alice", text: "B" },
    { kind: "unreadable", from: "bob", to: "alice" },
  ]);
});

test("CC-15 what others cause in the midst of an answer is told, and the answer is whole", async () => {
  await using server = await FakeOldServer.start({ generation: 3, mute: (line) => line === "LIST" });
  await using alice = await online({ server: server.address, id: "alice" });
  const list = alice.client.list();
  await server.hears("LIST");
  const [begin, ...rest] = ["BEGIN_RESPONSE", "CLIENT alice", "CLIENT bob", "END_RESPONSE"];
  const between = "MESSAGE from bob: ff|bd\nREGISTERED\nCLIENTPUBKEY_RECEIVED\nsomething else\n";
  server.say("alice", `${begin}\n${rest.map((line) => `${between}${line}\n`).join("")}`);
  expect(await list).toEqual({ kind: "answered", value: ["alice", "bob"] });
  const told = alice.events.filter(({ kind }) => kind === "message" || kind === "notice").map(({ kind }) => kind);
  expect(told).toEqual(["message", "notice", "message", "notice", "message", "notice"]);
});

test("CC-16 the operator's right is told when it comes and when it goes", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using bob = await online({ server: server.address, id: "bob" });
  await using alice = await online({ server: server.address, id: "alice" });
  server.say("alice", "REGISTERED as operator\nREGISTERED as operator\nREGISTERED\n");
  await alice.client.list();
  expect(bob.client.state).toEqual({ kind: "online", operator: true });
  expect(alice.events.filter(({ kind }) => kind === "state" || kind === "operator")).toEqual([
    { kind: "state", state: { kind: "online", operator: false } },
    { kind: "state", state: { kind: "online", operator: true } },
    { kind: "operator", operator: true },
    { kind: "state", state: { kind: "online", operator: false } },
    { kind: "operator", operator: false },
  ]);
});

test.each([
  ["ERROR Server is full", { kind: "refused", error: { reason: "server-full" } }],
  ["ERROR Too early in the day", { kind: "refused", error: { reason: "other", text: "Too early in the day" } }],
  ["HTTP/1.1 400 Bad Request", { kind: "not-padserve" }],
  [`REGISTERED\nPUBLICKEY\n04${"ab".repeat(64)}\nEND PUBLICKEY`, { kind: "not-padserve" }],
])("CC-17 what answers REGISTER with %j gets no key, and the client ends with the reason", async (text, cause) => {
  await using server = await startScriptedServer(() => `${text}\n`);
  await using alice = record({ server: server.address, id: "alice" });
  expect(await alice.client.ended()).toEqual(cause);
  expect(server.heard()).toBe("REGISTER alice\n");
});

test("CC-17 a server that closes says why, and what was under way is unknown for that reason", async () => {
  await using server = await FakeOldServer.start({ generation: 3, mute: (line) => line.startsWith("SEND") });
  await using alice = await online({ server: server.address, id: "alice", reconnect: "never" });
  const sent = alice.client.broadcast("hello");
  await server.hears("SEND");
  server.say("alice", "ERROR Identity unavailable\n");
  const why = { kind: "refused", error: { reason: "identity-unavailable" } };
  expect(await sent).toEqual({ kind: "unknown", why });
  expect(await alice.client.ended()).toEqual(why);
});

import { describe, expect, test } from "vitest";
import { FakeOldServer } from "../fakes/fake-old-server.ts";
import { online } from "./recorder.ts";

const ADDRESSES = ["100.64.0.1", "fd7a:115c:a1e0::1"];

describe.each([1, 2, 3] as const)("a server of generation %i", (generation) => {
  test.each([false, true])("CC-3 registers and is online, byte by byte: %s", async (byteByByte) => {
    await using server = await FakeOldServer.start({ generation, byteByByte });
    await using alice = await online({ server: server.address, id: "alice" });
    expect(alice.client.state).toEqual({ kind: "online", operator: generation > 1 });
    expect(await alice.client.list()).toEqual({ kind: "answered", value: ["alice"] });
    expect(server.heard.slice(0, 2)).toEqual(["REGISTER alice", "CLIENTPUBKEY"]);
  });

  test("CC-4 a broadcast is taken when the server says so, and the others read it", async () => {
    await using server = await FakeOldServer.start({ generation });
    await using alice = await online({ server: server.address, id: "alice" });
    await using bob = await online({ server: server.address, id: "bob" });
    for (const text of ["hello", "", "two\nlines, ünïcode 🙂"]) {
      expect(await alice.client.broadcast(text)).toEqual({ kind: "taken" });
      const heard = await bob.hears((event) => event.kind === "message" && event.text === text);
      expect(heard).toEqual({ kind: "message", from: "alice", to: "ALL", text });
    }
  });

  test("CC-5 a direct message is taken when the LIST behind it is answered, refused when an error comes before", async () => {
    await using server = await FakeOldServer.start({ generation });
    await using alice = await online({ server: server.address, id: "alice" });
    await using bob = await online({ server: server.address, id: "bob" });
    const outcomes = await Promise.all([
      alice.client.send("bob", "one"),
      alice.client.send("nobody", "two"),
      alice.client.send("bob", ""),
      alice.client.send("nobody", "four"),
      alice.client.broadcast("five"),
    ]);
    const taken = { kind: "taken" };
    const refused = { kind: "refused", error: { reason: "recipient-not-found" } };
    expect(outcomes).toEqual([taken, refused, taken, refused, taken]);
    await bob.hears((event) => event.kind === "message" && event.to === "ALL");
    expect(bob.events.filter((event) => event.kind === "message")).toEqual([
      { kind: "message", from: "alice", to: "bob", text: "one" },
      { kind: "message", from: "alice", to: "bob", text: "" },
      { kind: "message", from: "alice", to: "ALL", text: "five" },
    ]);
  });

  test("CC-6 the answers to questions are read as this generation gives them", async () => {
    await using server = await FakeOldServer.start({ generation });
    await using alice = await online({ server: server.address, id: "alice" });
    await using bob = await online({ server: server.address, id: "bob" });
    const replies = Promise.all([
      alice.client.list(),
      alice.client.info(),
      alice.client.help(),
      alice.client.serverInfo(),
      alice.client.listBans(),
      bob.client.list(),
    ]);
    const list = { kind: "answered", value: ["alice", "bob"] };
    expect(await replies).toEqual([list, INFO[generation], HELP[generation], ...FOR_OPERATORS[generation], list]);
    expect(alice.events.filter((event) => event.kind === "notice")).toEqual([]);
  });

  test("CC-7 orders are answered, and what this generation doesn't know is refused", async () => {
    await using server = await FakeOldServer.start({ generation });
    await using alice = await online({ server: server.address, id: "alice" });
    await using bob = await online({ server: server.address, id: "bob" });
    const outcomes = [
      await bob.client.kick("alice"),
      await alice.client.kick("alice"),
      await alice.client.kick("nobody"),
      await alice.client.unban("carol"),
      await alice.client.ban("carol"),
      await alice.client.listBans(),
      await alice.client.unban("carol"),
    ];
    const first = ["KICK alice", "KICK alice", "KICK nobody", "UNBAN carol", "BAN carol", "LISTBANS", "UNBAN carol"];
    expect(outcomes).toEqual(
      generation === 1
        ? first.map(() => UNSUPPORTED)
        : [
            { kind: "refused", error: { reason: "not-operator" } },
            { kind: "refused", error: { reason: "operator-immune", action: "kick" } },
            { kind: "refused", error: { reason: "target-not-found", target: "nobody" } },
            { kind: "refused", error: { reason: "not-banned", target: "carol" } },
            { kind: "taken" },
            { kind: "answered", value: ["carol"] },
            { kind: "taken" },
          ],
    );
  });

  test("CC-8 leaving says EXIT and closes; answers on their way are still read", async () => {
    await using server = await FakeOldServer.start({ generation });
    await using alice = await online({ server: server.address, id: "alice" });
    await using bob = await online({ server: server.address, id: "bob" });
    const sent = alice.client.send("bob", "bye");
    await alice.client.close();
    expect(await sent).toEqual({ kind: "taken" });
    expect(alice.client.state).toEqual({ kind: "ended", cause: { kind: "left" } });
    expect(alice.events.filter((event) => event.kind === "notice")).toEqual([]);
    expect(await alice.client.broadcast("late")).toEqual({ kind: "not-sent", why: "ended" });
    await bob.hears((event) => event.kind === "message");
    expect(server.heard.filter((line) => line === "EXIT")).toHaveLength(1);
  });
});

test("CC-4 a broadcast under the connection's own key, without a pad, is read too", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  await using alice = await online({ server: server.address, id: "alice" });
  await server.hears("END CLIENTPUBKEY");
  server.sayUnderKey("alice", "bob", "hello");
  const heard = await alice.hears((event) => event.kind === "message");
  expect(heard).toEqual({ kind: "message", from: "bob", to: "ALL", text: "hello" });
});

const LIST_HELP = { usage: "LIST", text: "List all connected clients", operator: false };
const INFO_HELP = { usage: "INFO", text: "Print server information", operator: false };
const OPERATOR_HELP = [
  { usage: "KICK <clientID>", text: "Kick a client from the server", operator: true },
  { usage: "BAN <clientID>", text: "Ban a client from the server", operator: true },
  { usage: "UNBAN <clientID>", text: "Unban a client from the server", operator: true },
  { usage: "LISTBANS", text: "List all banned clients", operator: true },
];

const INFO = {
  1: { kind: "answered", value: { host: null, addresses: ["100.64.0.1"], ids: ["alice", "bob"] } },
  2: { kind: "answered", value: { host: null, addresses: ADDRESSES, ids: null } },
  3: { kind: "refused", error: { reason: "unsupported" } },
};

const HELP = {
  1: {
    kind: "answered",
    value: [LIST_HELP, INFO_HELP, { usage: "SERVERHELP", text: "Print this help text", operator: false }],
  },
  2: { kind: "answered", value: [LIST_HELP, INFO_HELP, ...OPERATOR_HELP] },
  3: {
    kind: "answered",
    value: [LIST_HELP, { usage: "SERVERINFO", text: "Retrieve server information", operator: true }, ...OPERATOR_HELP],
  },
};

const UNSUPPORTED = { kind: "refused", error: { reason: "unsupported" } };

const noServerInfo = UNSUPPORTED;
const FOR_OPERATORS = {
  1: [noServerInfo, UNSUPPORTED],
  2: [noServerInfo, { kind: "answered", value: [] }],
  3: [
    { kind: "answered", value: { host: "oldbox", addresses: ADDRESSES } },
    { kind: "answered", value: [] },
  ],
};

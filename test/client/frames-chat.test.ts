/** What can be said over frames without a key, against a fake of the server. */
import { expect, test } from "vitest";
import { connectFrames, framesChat } from "../../src/client/frames/index.ts";
import { classicDirect, OPEN_ROOM, type ChatEvent } from "../../src/client/index.ts";
import { FakeFramesServer, type FakeFramesOptions } from "../fakes/fake-frames-server.ts";

test("CC-55 the open room and direct messages go out as they are, and come in with their places", async () => {
  await using scene = await start();
  const { server, chat, messages } = scene;
  expect(await chat.send(OPEN_ROOM.id, "hello")).toEqual({ kind: "taken" });
  expect(await chat.send(classicDirect("bob").id, "hi")).toEqual({ kind: "taken" });
  expect(server.requests.slice(-2)).toMatchObject([
    { type: "say", body: { text: "hello" } },
    { type: "tell", body: { to: "bob", text: "hi" } },
  ]);
  server.push(
    { type: "said", from: "bob", text: "before", at: 5, earlier: true },
    { type: "said", from: "bob", text: "just before", at: 6, earlier: true },
    { type: "said", from: "bob", text: "now", at: 7, earlier: false },
    { type: "told", from: "bob", text: "to you", at: 8 },
  );
  await scene.hears((event) => event.kind === "message" && event.message.text === "to you");
  const inRoom = messages().filter(({ conversation }) => conversation === OPEN_ROOM.id);
  const order = inRoom.toSorted((one, other) => one.place - other.place).map(({ text }) => text);
  expect(order).toEqual(["before", "just before", "hello", "hello", "now"]);
  expect(messages().at(-1)).toMatchObject({ conversation: classicDirect("bob").id, own: false, at: 8, from: "bob" });
});

test("CC-55 a refusal is told with its reason, and what is too long is not sent", async () => {
  const refuse = { reason: "no-open-room" } as const;
  await using scene = await start({ answer: ({ type }) => (type === "say" ? { refuse } : null) });
  const { chat, messages } = scene;
  const failure = { kind: "refused", error: { reason: "no-open-room" } } as const;
  expect(await chat.send(OPEN_ROOM.id, "hello")).toEqual(failure);
  expect(messages().at(-1)?.delivery).toEqual({ kind: "failed", failure });
  expect(await chat.send(OPEN_ROOM.id, "é".repeat(20_000))).toEqual({ kind: "not-sent", why: "too-long" });
  expect(messages()).toHaveLength(2);
});

test("CC-55 everybody with a name is known, page by page, and kept up by what is pushed", async () => {
  await using scene = await start({
    answer: (request) => {
      if (request.type !== "people") return null;
      const first = { people: [person("alice"), person("Bob", { online: false })], more: true };
      return {
        reply: request.body.after === null ? first : { people: [person("carol", { away: "lunch" })], more: false },
      };
    },
  });
  const { chat, server } = scene;
  expect(await chat.people()).toEqual({
    kind: "answered",
    value: [
      { name: "alice", presence: "online" },
      { name: "Bob", presence: "offline" },
      { name: "carol", presence: "away" },
    ],
  });
  server.push({ type: "presence", people: [person("Bob")] });
  await scene.hears((event) => event.kind === "people" && event.people.some(isOnline("Bob")));
  // A name is sent as its owner writes it.
  await chat.send(classicDirect("BOB").id, "hi");
  expect(server.requests.at(-1)).toMatchObject({ type: "tell", body: { to: "Bob" } });
});

test("CC-55 pages that never end are not asked for for ever", async () => {
  const endless = { reply: { people: [person("same")], more: true } };
  await using scene = await start({ answer: ({ type }) => (type === "people" ? endless : null) });
  expect(await scene.chat.people()).toMatchObject({ kind: "answered", value: [{ name: "same" }] });
});

test("CC-55 what operators do is asked, answered and told", async () => {
  await using scene = await start({
    answer: ({ type }) => {
      if (type === "ban") return { refuse: { reason: "operator-immune", action: "ban" } };
      return type === "bans"
        ? { reply: { names: ["eve", "mallory"], reasons: [{ name: "mallory", reason: "spam" }] } }
        : null;
    },
  });
  const { chat, server } = scene;
  expect(await chat.kick("bob")).toEqual({ kind: "taken" });
  expect(await chat.ban("bob")).toEqual({ kind: "refused", error: { reason: "operator-immune", action: "ban" } });
  expect(await chat.bans()).toEqual({
    kind: "answered",
    value: [
      { name: "eve", reason: null },
      { name: "mallory", reason: "spam" },
    ],
  });
  expect(await chat.serverInfo()).toEqual({ kind: "answered", value: { host: "box", addresses: [] } });
  server.push({ type: "moderated", name: "bob", by: "alice", how: "kick", reason: "spam" });
  await scene.hears((event) => event.kind === "notice" && event.text === "alice kicked bob (spam)");
});

function person(name: string, more: { readonly online?: boolean; readonly away?: string } = {}) {
  const { online = true, away = null } = more;
  const owner = { kind: "name", identity: name } as const;
  return { name, owner, label: name, online, classic: false, away, userKey: null, devices: [] };
}

function isOnline(wanted: string) {
  return ({ name, presence }: { readonly name: string; readonly presence: string }) =>
    name === wanted && presence === "online";
}

async function start(options: FakeFramesOptions = {}) {
  const server = await FakeFramesServer.start(options);
  const client = connectFrames({ server: server.address, name: "alice", client: "a test" });
  const chat = framesChat({ client, name: "alice" });
  const events: ChatEvent[] = [];
  let wake = Promise.withResolvers<void>();
  chat.onEvent((event) => {
    events.push(event);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  await chat.online();
  return {
    server,
    chat,
    messages: () => events.flatMap((event) => (event.kind === "message" ? [event.message] : [])),
    hears: async (accepts: (event: ChatEvent) => boolean) => {
      while (!events.some(accepts)) await wake.promise;
    },
    async [Symbol.asyncDispose]() {
      await chat.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

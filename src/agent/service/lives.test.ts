import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { FakeAgents, SERVER } from "../../../test/agent/fake-agent.ts";
import { FakeOldServer } from "../../../test/fakes/fake-old-server.ts";
import { FakeSealedWorld } from "../../../test/helpers/fake-sealed-world.ts";
import { scratchFolder } from "../../../test/helpers/program.ts";
import { startTestServer } from "../../../test/helpers/server.ts";
import { agentStatus, forgetServer } from "../face/control.ts";
import { Lives } from "./lives.ts";
import type { OpensDevice, ServedChat } from "./ports.ts";
import { probe } from "./probe.ts";
import { serversIn } from "./servers.ts";

const OTHER_ID = "BBBBBBBBBBBBBBBBBBBBBA";
const DONE = Promise.resolve();
const TCP = () => Promise.resolve({});

test.for([1, 2, 3] as const)(
  "AG-17 a server of the original's generation %i is classic, at once",
  async (generation) => {
    await using server = await FakeOldServer.start({ generation });
    expect(await probe(server.address, TCP)).toEqual({ kind: "classic-only" });
    await using agents = new FakeAgents();
    expect(await agents.attach({ server: server.address })).toEqual({ kind: "classic-only" });
    expect(await agents.attach({ server: server.address })).toEqual({ kind: "classic-only" });
    // It is believed for a while.
    expect(server.connections).toBe(2);
    expect(server.heard.filter((line) => line.startsWith("REGISTER"))).toEqual([]);
  },
);

test("AG-17 a server of ours from before frames is classic; a busy one, and one that isn't there, are asked again", async () => {
  let status = 404;
  const http = createServer((_request, response) => response.writeHead(status).end("no\n")).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => void http.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const { port } = http.address() as AddressInfo;
  const server = { host: "127.0.0.1", port };
  await using agents = new FakeAgents();
  status = 503;
  expect(await agents.attach({ server })).toMatchObject({ kind: "failed", why: "server", end: { kind: "refused" } });
  status = 404;
  expect(await agents.attach({ server })).toEqual({ kind: "classic-only" });
  http.closeAllConnections();
  http.close();
  expect(await agents.attach({ server: { host: "127.0.0.1", port: 1 } })).toMatchObject({
    kind: "failed",
    why: "server",
    end: { kind: "unreachable", code: "ECONNREFUSED" },
  });
});

test("AG-18 a server that is new is asked who it is and not told who we are; then it is known, under each of its addresses", async () => {
  await using server = await startTestServer();
  await using agents = new FakeAgents();
  const suggested: string[] = [];
  const suggest = () => {
    suggested.push("asked");
    return Promise.resolve(["alice", "alice-2"] as const);
  };
  const first = await agents.attach({ server: { host: "127.0.0.1", port: server.port }, suggest });
  expect(first).toMatchObject({ kind: "attached", name: "alice" });
  const again = await agents.attach({ server: { host: "localhost", port: server.port }, suggest });
  expect(again).toMatchObject({ kind: "attached", name: "alice" });
  expect(agents.opened).toHaveLength(1);
  await server.stop();
  await agents.end();
  // Nobody is there now, and nobody need be.
  const offline = await agents.attach({ server: { host: "localhost", port: server.port }, suggest });
  expect(offline).toMatchObject({ kind: "attached", name: "alice" });
  const [before, after] = agents.opened;
  expect(after?.folder).toBe(before?.folder);
  expect(after?.where()).toEqual({ host: "localhost", port: server.port });
  // While it isn't online, the way that somebody asks for is tried next.
  agents.world.setOnline(false);
  await agents.attach({ server: { host: "127.0.0.1", port: server.port }, suggest });
  expect(after?.where()).toEqual({ host: "127.0.0.1", port: server.port });
  expect(agents.opened).toHaveLength(2);
  expect(suggested).toEqual(["asked", "asked"]);
});

test("AG-18 without a tailnet each name is a device of its own, and the one used first is meant where none is named, whatever was said once since", async () => {
  await using server = await startTestServer();
  await using agents = new FakeAgents();
  const address = { host: "127.0.0.1", port: server.port };
  for (const name of ["alice", "bob"]) await (await agents.face({ server: address, name })).close();
  expect(await agents.attach({ server: address })).toMatchObject({ name: "alice" });
  expect(await agents.attach({ server: address, name: "BOB" })).toMatchObject({ name: "bob" });
  expect(await agents.attach({ server: address })).toMatchObject({ name: "alice" });
  expect(new Set(agents.opened.map(({ folder }) => folder)).size).toBe(2);
  expect(agents.opened).toHaveLength(2);
});

test("AG-18 a name that no server of ours takes makes no device", async () => {
  await using server = await startTestServer();
  await using agents = new FakeAgents();
  const address = { host: "127.0.0.1", port: server.port };
  for (const name of ["bad:name", "all", "a".repeat(33), "ä"]) {
    expect(await agents.attach({ server: address, name })).toEqual({
      kind: "failed",
      why: "server",
      end: { kind: "refused", error: { reason: "invalid-name" } },
    });
  }
  expect(agents.opened).toHaveLength(0);
});

test("AG-31 a window is told that its address leads to another server than before, and what to do", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const face = await agents.face();
  agents.opened[0]?.notAtHome(OTHER_ID);
  agents.chats.get("alice")?.end({ kind: "refused", error: { reason: "other", text: "no proof" } });
  expect(await face.ended()).toMatchObject({
    kind: "agent",
    why: "another-server",
    text: expect.stringContaining("another server than before. If it was set up anew on purpose: pad agent forget"),
  });
  const servers = serversIn(agents.place.folder, () => {});
  expect(servers.find(SERVER, null)?.name).toBe("alice");
  expect(servers.isReplaced(SERVER)).toBe(true);
});

test("AG-18 who is somebody else on the same server begins anew there; which server it is stays known", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const face = await agents.face();
  agents.opened[0]?.notAtHome("AAAAAAAAAAAAAAAAAAAAAA");
  agents.chats.get("alice")?.end({ kind: "refused", error: { reason: "other", text: "no proof" } });
  expect(await face.ended()).toMatchObject({ why: "another-server", text: expect.stringContaining("somebody else") });
  const servers = serversIn(agents.place.folder, () => {});
  expect(servers.find(SERVER, null)).toBeNull();
  expect(servers.idAt(SERVER)).toBe("AAAAAAAAAAAAAAAAAAAAAA");
});

test("AG-31 nobody is attached to another server at a known address, under whatever name, until it is forgotten", async () => {
  await using server = await startTestServer();
  const address = { host: "127.0.0.1", port: server.port };
  await using agents = new FakeAgents();
  agents.know("alice", address);
  const another = {
    kind: "failed",
    why: "another-server",
    text: expect.stringContaining("pad agent forget 127.0.0.1"),
  };
  expect(await agents.attach({ server: address, name: "bob" })).toMatchObject(another);
  // It has been found out: the device that is known there isn't opened either, with the next agent neither.
  expect(await agents.attach({ server: address })).toMatchObject(another);
  await agents.end();
  expect(await agents.attach({ server: address })).toMatchObject(another);
  expect(agents.opened).toEqual([]);
  const forget = async () => await forgetServer({ state: agents.state, env: {}, server: address });
  expect(await forget()).toEqual({ kind: "answered", value: "forgotten" });
  expect(await forget()).toEqual({ kind: "answered", value: "unknown" });
  await agents.face({ server: address, name: "alice" });
  expect(agents.opened[0]?.known.server.id).not.toBe("AAAAAAAAAAAAAAAAAAAAAA");
});

test("AG-31 a device of the former server that comes late changes nothing of the one that was let in since", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  await agents.face();
  expect(await forgetServer({ state: agents.state, env: {}, server: SERVER })).toMatchObject({ value: "forgotten" });
  agents.know("alice", SERVER, OTHER_ID);
  await agents.end();
  const servers = serversIn(agents.place.folder, () => {});
  expect(servers.idAt(SERVER)).toBe(OTHER_ID);
  await agents.face();
  agents.opened[0]?.notAtHome(OTHER_ID);
  expect(serversIn(agents.place.folder, () => {}).isReplaced(SERVER)).toBe(false);
});

test("AG-31 the former server that answers again is gone on with; one that no longer seals isn't taken for classic", async () => {
  await using server = await startTestServer();
  const address = { host: "127.0.0.1", port: server.port };
  const probed = await probe(address, TCP);
  await using agents = new FakeAgents();
  agents.know("alice", address, probed.kind === "frames" ? probed.known.server.id : "");
  serversIn(agents.place.folder, () => {}).setReplaced(address, true);
  expect(await agents.attach({ server: address })).toMatchObject({ kind: "attached", name: "alice" });
  expect(serversIn(agents.place.folder, () => {}).isReplaced(address)).toBe(false);
  await using old = await FakeOldServer.start({ generation: 3 });
  await agents.end();
  agents.know("alice", old.address);
  expect(await agents.attach({ server: old.address, name: "bob" })).toMatchObject({ why: "another-server" });
  expect(await agents.attach({ server: old.address })).toMatchObject({ kind: "attached", name: "alice" });
});

test("AG-18 what is known of servers is this user's alone, outlives the agent, and a damaged file is passed over", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  const path = join(agents.place.folder, "servers.json");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, "utf8")).toContain("chat.example");
  for (let i = 0; i < 300; i += 1) agents.know("alice", { host: `chat-${i}`, port: 12345 });
  const servers = serversIn(agents.place.folder, () => {});
  expect(servers.find({ host: "chat-299", port: 12345 }, null)?.name).toBe("alice");
  expect(servers.find(SERVER, null)).toBeNull();
  const log: string[] = [];
  for (const damaged of ["{", "[]", '{"version":2}', '{"version":1,"addresses":[{"address":1}]}']) {
    writeFileSync(path, damaged);
    expect(serversIn(agents.place.folder, (line) => log.push(line)).find(SERVER, null)).toBeNull();
  }
  expect(log).toHaveLength(4);
});

test("AG-26 what a face began in vain doesn't stay behind it; what waits to be sent does, and what was online", async () => {
  await using agents = new FakeAgents();
  for (const name of ["alice", "bob", "carol"]) agents.know(name);
  await agents.start({ tidyAfter: 0 });
  const devices = async () => {
    const status = await agentStatus(agents.state);
    return status.kind === "answered" ? status.value.devices.map(({ name }) => name) : [];
  };
  await (await agents.face({ name: "alice" })).close();
  agents.world.setOnline(false);
  agents.waiting = 1;
  await (await agents.face({ name: "bob" })).close();
  while (agents.looked === 0) await setImmediate();
  expect(await devices()).toEqual(["alice", "bob"]);
  agents.waiting = 0;
  await (await agents.face({ name: "carol" })).close();
  while ((await devices()).length > 1);
  expect(await devices()).toEqual(["alice"]);
  // It is there again for whoever asks.
  expect((await agents.face({ name: "carol" })).me).toBe("carol");
});

test("AG-26 an agent that stays opens the devices that were used before by itself, each once", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  agents.know("alice", { host: "other.example", port: 12345 });
  agents.know("bob");
  await agents.start({ openKnown: true, tidyAfter: 0 });
  await (await agents.face({ name: "bob" })).close();
  expect(agents.opened.map(({ name, where }) => [name, where()])).toEqual([
    ["bob", SERVER],
    ["alice", SERVER],
  ]);
});

test("AG-19 the agent tells how it is: its process, its faces, each device with its state and what waits", async () => {
  await using agents = new FakeAgents();
  agents.know("alice");
  await agents.face();
  agents.waiting = 3;
  agents.world.setOnline(false);
  expect(await agentStatus(agents.state)).toEqual({
    kind: "answered",
    value: {
      pid: process.pid,
      version: "0.1.0",
      since: expect.any(Number),
      stays: true,
      folder: agents.place.folder,
      faces: 1,
      devices: [
        {
          address: "chat.example",
          name: "alice",
          identity: "AAAAAAAAAAAAAAAAAAAAAA name alice",
          state: agents.chats.get("alice")?.state,
          standing: "confirmed",
          faces: 1,
          waiting: 3,
        },
      ],
    },
  });
});

test("SY-7 for its group a shared agent makes no more than 64 folders of devices, over whatever time; what is there is opened, and its own user goes on", async () => {
  const folder = scratchFolder();
  const opened: string[] = [];
  const world = new FakeSealedWorld();
  const open: OpensDevice = async (device) => {
    mkdirSync(device.folder, { recursive: true });
    opened.push(device.folder);
    const chat: ServedChat = Object.assign(world.join(device.name), { held: [] });
    const rest = { comeIn() {}, hurry() {}, useToken: () => DONE, isAwaited: () => Promise.resolve(false) };
    return { ...rest, chat, waiting: () => Promise.resolve(0), close: () => DONE };
  };
  const enter = async (nth: number, isGuest: boolean) => {
    const servers = serversIn(folder, () => {});
    const id = Buffer.alloc(16, nth).toString("base64url");
    const server = { host: `server-${nth}.example`, port: 1 };
    servers.keep(server, { known: { server: { id }, you: { owner: null, label: "" } }, name: "backup" });
    // As after an earlier agent, which knows them.
    const agent = new Lives({ folder, servers, open, reach: TCP, log: () => {} });
    const found = await agent.find({ server, name: "backup", suggested: [], token: null, isGuest });
    await agent.close();
    return found;
  };
  for (let nth = 0; nth < 64; nth += 1) expect(await enter(nth, true)).toHaveProperty("life");
  const refused = { reply: { kind: "busy", text: expect.stringContaining(join(folder, "devices")) } };
  expect(await enter(64, true)).toEqual(refused);
  expect(await enter(7, true)).toHaveProperty("life");
  expect(await enter(64, false)).toHaveProperty("life");
  expect(await enter(64, true)).toHaveProperty("life");
  expect(await enter(65, true)).toEqual(refused);
  expect(new Set(opened).size).toBe(65);
});

/** `pad send` with a real server and a real agent, to whom nothing can be sealed for; the rest is in the documents' transcripts. */
import { expect, onTestFinished, test } from "vitest";
import { ask } from "../../../src/admin/ask.ts";
import { ReleaseResultSchema } from "../../../src/admin/records.ts";
import { aboutBeingLocal } from "../../../src/cli/chatting/being-local.ts";
import { startFakeLocalApi } from "../../fakes/fake-local-api.ts";
import { places } from "../../../src/cli/start/places.ts";
import { remember } from "../../../src/cli/start/remembered.ts";
import type { Member, SealedChat } from "../../../src/client/index.ts";
import { FakeSealedWorld } from "../../helpers/fake-sealed-world.ts";
import { FakeOldServer } from "../../fakes/fake-old-server.ts";
import { FramePeer, makeDevice } from "../../helpers/frame-peer.ts";
import { besideTailscaled } from "../../helpers/process-context.ts";
import { startLyingServer } from "../../lying-server/lying-server.ts";
import { runPadserve, scratchFolder, startPadserve } from "../../helpers/program.ts";
import { startTestServer } from "../../helpers/server.ts";

test("CS-3 to whom there is no device it goes in the open, under the name that was given too, and that is said", async () => {
  await using server = await startTestServer();
  const dave = await server.join("dave");
  const { pad } = home(`127.0.0.1:${server.port}`);
  const said = "pad send: The server can read this: dave has no device to seal it for.\n";
  expect(await pad("send", "dave", "hi", "--as", "backup")).toMatchObject({ code: 0, stderr: said });
  expect(await dave.message()).toMatchObject({ from: "backup", text: "hi" });
  expect(await pad("send", "dave", "hi", "--as", "backup", "--json")).toMatchObject({ code: 0 });
  expect(await dave.message()).toMatchObject({ from: "backup" });
});

test("CS-2 what is piped into a chat is held by new readers as well, and it is said by which command it goes all the same", async () => {
  await using server = await startTestServer();
  const address = `127.0.0.1:${server.port}`;
  const [alice, bob] = [home(address), home(address)];
  expect(await alice.pad("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  expect(await bob.pad("send", "#everyone", "two", "--as", "bob", "--accept-members")).toMatchObject({ code: 0 });
  const chat = startPadserve(["chat", "alice", address], { env: alice.env });
  chat.type("three");
  chat.endInput();
  const { code, stderr } = await chat.exited;
  expect(code).toBe(10);
  expect(stderr).toContain('"three": Not sent yet: new here, and would read it: bob. pad send --accept-members sends');
});

test("CS-21 a name that was given to one command isn't the next one's: that has the last chat's", async () => {
  await using server = await startTestServer();
  const { pad, env } = home(`127.0.0.1:${server.port}`);
  remember(places(env), { server: { host: "127.0.0.1", port: server.port }, id: "alice" });
  expect(await pad("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  expect(await pad("send", "#everyone", "two", "--as", "bob", "--accept-members")).toMatchObject({ code: 0 });
  const { stdout } = await pad("send", "#everyone", "three", "--accept-members", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ from: "alice", text: "three" });
});

test("CS-21 a command that makes a device without having been told a name says under which, once; the first name stays", async () => {
  await using server = await startTestServer();
  const { pad } = home(`127.0.0.1:${server.port}`);
  const first = await pad("devices");
  expect(first).toMatchObject({ code: 0 });
  const [, name = ""] =
    /^pad devices: You are (\S+) on 127\.0\.0\.1:\d+ from now on, .*--as NAME/.exec(first.stderr) ?? [];
  expect(name).not.toBe("");
  expect(await pad("devices")).toMatchObject({ code: 0, stderr: "" });
  expect(await pad("send", "#everyone", "one", "--as", "alice", "--accept-members")).toMatchObject({ stderr: "" });
  const sent = await pad("send", "#everyone", "two", "--accept-members", "--json");
  expect(JSON.parse(sent.stdout)).toMatchObject({ from: name });
});

test("CS-22 a second device under a name waits, and is told what to run; confirmed there it reads and writes", async () => {
  await using server = await startTestServer();
  const address = `127.0.0.1:${server.port}`;
  const [first, second] = [home(address).pad, home(address).pad];
  expect(await first("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  const waiting = await second("send", "#everyone", "two", "--as", "alice");
  expect(waiting).toMatchObject({ code: 12, stdout: "" });
  const [, code = ""] = /pad devices confirm ([0-9A-Z-]{19})/.exec(waiting.stderr) ?? [];
  expect(waiting.stderr).toContain("choose another name");

  const listed = await first("devices", "--json");
  const [own, other]: { id: string; this: boolean; code: string | null; status: string }[] = JSON.parse(listed.stdout);
  expect([own, other]).toMatchObject([
    { this: true, status: "confirmed" },
    { this: false, status: "pending", code },
  ]);
  expect(await first("devices", "confirm", code)).toMatchObject({ code: 0, stderr: "" });
  expect(await second("send", "#everyone", "two", "--as", "alice")).toMatchObject({ code: 0 });
  const numbers = await Promise.all([first, second].map(async (pad) => (await pad("devices", "number")).stdout));
  expect(numbers[0]).toMatch(/^[\d ]+\n$/);
  expect(numbers[1]).toBe(numbers[0]);
  expect((await first("history", "#everyone")).stdout).toMatch(/\talice\ttwo\n$/);
});

test("CS-48 a device that was confirmed while it was off is listed as never seen and removed from there; started again it is told so", async () => {
  await using server = await startTestServer();
  const address = `127.0.0.1:${server.port}`;
  const [first, second] = [home(address).pad, home(address).pad];
  expect(await first("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  const waiting = await second("devices", "--as", "alice");
  const [, code = ""] = /pad devices confirm ([0-9A-Z-]{19})/.exec(waiting.stderr) ?? [];
  await second("agent", "stop");
  expect(await first("devices", "confirm", code)).toMatchObject({ code: 0, stderr: "" });
  const [, id = ""] = /\tconfirmed\tnever\t(\S+)\n/.exec((await first("devices")).stdout) ?? [];
  expect(await first("devices", "remove", id, "--yes")).toMatchObject({ code: 0, stderr: "" });
  expect((await first("devices")).stdout).toMatch(/^\*\S+\tconfirmed\tnow\t\S+\n$/);
  // Until the server has said so it is one that waits.
  let told = await second("devices", "--as", "alice");
  for (let turn = 0; turn < 20 && !told.stderr.includes("removed"); turn += 1) told = await second("devices");
  expect(told.stderr).toContain("was removed from your devices");
  const sent = await second("send", "#everyone", "two");
  expect(sent).toMatchObject({ code: 4, stdout: "", stderr: expect.stringContaining("was removed from your devices") });
  expect(await second("devices", "new")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("pad devices confirm"),
  });
});

test("CS-54 what was said with somebody who has begun anew is read; what isn't sent to them says how their key is compared and accepted", async () => {
  await using server = await startTestServer();
  const address = `127.0.0.1:${server.port}`;
  const [bob, eve, anew] = [home(address).pad, home(address).pad, home(address).pad];
  expect(await eve("devices", "--as", "eve")).toMatchObject({ code: 0 });
  expect(await bob("send", "eve", "one", "--as", "bob")).toMatchObject({ code: 0 });
  const before = (await bob("verify", "eve")).stdout;
  expect(await eve("history", "bob")).toMatchObject({ code: 0 });
  await eve("agent", "stop");
  const running = { port: server.port, token: "token", pid: process.pid };
  expect(await ask(running, "DELETE", "/admin/names/eve", ReleaseResultSchema)).toEqual({ kind: "released" });
  expect(await anew("devices", "--as", "eve")).toMatchObject({ code: 0 });

  expect(await bob("history", "eve")).toMatchObject({ code: 0, stdout: expect.stringMatching(/\tbob\tone\n$/) });
  const unsent = await bob("send", "eve", "two");
  expect(unsent).toMatchObject({ code: 11, stdout: "" });
  expect(unsent.stderr).toContain("the key of eve is not the one you know");
  expect(unsent.stderr).toContain("/accept eve in pad chat, behind /to eve. To be sure, compare: pad verify eve.");
  const shown = await bob("verify", "eve");
  expect(shown.code).toBe(11);
  expect(shown.stdout).not.toBe(before);
  expect(await bob("verify", "eve", "--compared", "--yes")).toMatchObject({ code: 0 });
  expect(await bob("send", "eve", "three")).toMatchObject({ code: 0, stderr: "" });
  expect((await anew("history", "bob")).stdout).toMatch(/^[^\n]*\tbob\tthree\n$/);
});

test("AD-31 where no place to wait is left a second device says so from the first time on, and gets one when somebody is dismissed", async () => {
  await using server = await startTestServer();
  const address = `127.0.0.1:${server.port}`;
  const [first, second] = [home(address).pad, home(address).pad];
  expect(await first("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  for (const label of ["a", "b", "c", "d"]) {
    const peer = await FramePeer.connect(server.port);
    onTestFinished(() => peer[Symbol.dispose]());
    const { id, key, sealKey } = makeDevice(peer.hello.server.id, { kind: "name", identity: "alice" });
    const [device, publicKey] = [id, key.publicKey].map((bytes) => Buffer.from(bytes).toString("base64url"));
    const asked = { name: "alice", device: device ?? "", key: publicKey ?? "", label, sealKey };
    await peer.get("ask-confirmation", { ...asked, token: null, fresh: false });
  }
  for (let nth = 0; nth < 2; nth += 1) {
    const refused = await second("send", "#everyone", "two", "--as", "alice");
    expect(refused).toMatchObject({ code: 12, stdout: "" });
    expect(refused.stderr).toContain("Too many devices wait to be alice's already");
    expect(refused.stderr).toContain("pad devices dismiss");
    expect(refused.stderr).not.toContain("pad devices confirm");
  }
  expect(await first("devices", "dismiss", "b")).toMatchObject({ code: 0 });
  const waiting = await second("send", "#everyone", "two", "--as", "alice");
  const [, code = ""] = /pad devices confirm ([0-9A-Z-]{19})/.exec(waiting.stderr) ?? [];
  expect(await first("devices", "confirm", code)).toMatchObject({ code: 0, stderr: "" });
});

test("ID-33 whoever comes when the users of the server's machine have all their names is told that, and what frees one", async () => {
  await using server = await startTestServer({ config: { maxLocalNames: 1 } });
  const address = `127.0.0.1:${server.port}`;
  expect(await home(address).pad("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  const refused = await home(address).pad("send", "#everyone", "two", "--as", "bob");
  expect(refused).toMatchObject({ code: 4, stdout: "" });
  expect(refused.stderr).toContain("The users of the server's machine have all the names");
  expect(refused.stderr).toContain("padserve names release NAME");
});

test("CS-47 where the server makes no #everyone for one, what is written there is refused with why and what to do", async () => {
  await using server = await startTestServer({ config: { groupsPerPerson: 0 } });
  await using liar = await startLyingServer(() => server.port);
  // To it, it is a room like any other.
  liar.tell({
    request: (_, request) =>
      request.type === "create-group"
        ? { ...request, body: { ...request.body, place: { kind: "room", name: "ops" } } }
        : request,
  });
  const { pad } = home(`127.0.0.1:${liar.port}`);
  const refused = await pad("send", "#everyone", "one", "--as", "alice");
  expect(refused).toMatchObject({ code: 4, stdout: "" });
  expect(refused.stderr).toContain("no more conversations can be made");
  expect(refused.stderr).toContain("pad rooms leave");
});

test("CS-9 an old server has no rooms; a person is written to as before, and it is said that it can't seal", async () => {
  await using server = await FakeOldServer.start({ generation: 3 });
  const { pad } = home(`127.0.0.1:${server.address.port}`);
  const { code, stderr } = await pad("send", "#ops", "hi");
  expect(code).toBe(4);
  expect(stderr).toContain("which can't seal");
  expect((await pad("send", "nobody", "hi")).stderr).toMatch(
    /^pad send: The server can read this: .* can't seal\.\npad send: Not delivered/,
  );
});

test("CS-10 on the server's own machine it is said that one counts as local, where the tailnet knows one's login", async () => {
  const fake = await startFakeLocalApi();
  onTestFinished(() => fake.stop());
  const beside = besideTailscaled(fake.path);
  const here = { host: "localhost", port: 12345 };
  const [line = ""] = await aboutBeingLocal(knownAs("name"), here, beside);
  expect(line).toContain('counts as "local"');
  expect(line).toContain("not alice@example.com");
  expect(line).toContain("--trust-local");
  expect(await aboutBeingLocal(knownAs("name"), { host: "chat", port: 12345 }, beside)).toEqual([]);
  // With --trust-local.
  expect(await aboutBeingLocal(knownAs("person"), here, beside)).toEqual([]);
  // In a pipe it stands beside the messages, whatever becomes of them.
  await using server = await startTestServer();
  const { pad } = home(`127.0.0.1:${server.port}`, { PADSERVE_TAILSCALE_SOCKET: fake.path });
  const piped = await pad("chat", "alice");
  expect(piped).toMatchObject({ code: 0, stdout: "" });
  expect(piped.stderr).toBe(`pad chat: ${line}\n`);
  await fake.goAway();
  expect(await aboutBeingLocal(knownAs("name"), here, beside)).toEqual([]);
});

/** Alice, whom the server takes for such. */
function knownAs(kind: Member["kind"]): SealedChat {
  const self = {
    name: "alice",
    identity: "",
    kind,
    level: "unverified",
    tailnet: "unknown",
    devices: [],
    isSelf: true,
  } as const;
  const chat = new FakeSealedWorld().join("alice");
  return Object.assign(chat, { members: () => Promise.resolve({ kind: "answered", value: [self] } as const) });
}

test("CS-43 what lists, what is refused and what is wrong joins nothing; who writes to #everyone comes into it, and can leave it", async () => {
  await using server = await startTestServer();
  const address = `127.0.0.1:${server.port}`;
  const [alice, bob] = [home(address), home(address)];
  expect(await alice.pad("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  const members = async () =>
    (await alice.pad("rooms", "members", "#everyone", "--as", "alice")).stdout.split("\n").length - 1;
  const asks = [
    ["rooms"],
    ["history", "#everyone"],
    ["devices"],
    ["rooms", "members", "#everyone"],
    ["send", "#nope", "x"],
    ["send", "nobody", "x"],
  ];
  for (const words of asks) await bob.pad(...words, "--as", "bob");
  expect(await members()).toBe(1);
  expect(await bob.pad("send", "#everyone", "hi", "--as", "bob", "--accept-members")).toMatchObject({ code: 0 });
  expect(await members()).toBe(2);
  expect(await bob.pad("rooms", "leave", "#everyone", "--as", "bob")).toMatchObject({ code: 0 });
  expect(await bob.pad("send", "#everyone", "hi", "--as", "bob")).toMatchObject({ code: 4 });
  expect(await bob.pad("rooms", "join", "#everyone", "--as", "bob")).toMatchObject({ code: 0 });
  expect(await bob.pad("send", "#everyone", "again", "--as", "bob", "--accept-members")).toMatchObject({ code: 0 });
});

test("CS-44 the first command that finds another server at its address says so, with exit code 11, whether an agent runs or not", async () => {
  const first = await startTestServer();
  const { port } = first;
  const { pad } = home(`127.0.0.1:${port}`);
  expect(await pad("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  await pad("agent", "stop");
  await first.stop();
  const second = await startTestServer({ config: { port } });
  const { code, stderr } = await pad("send", "#everyone", "two", "--as", "alice");
  expect(stderr).toContain("is another server than before");
  expect(code).toBe(11);
  expect(await pad("agent", "forget", `127.0.0.1:${port}`)).toMatchObject({ code: 0 });
  expect(await pad("send", "#everyone", "three", "--as", "alice")).toMatchObject({ code: 0 });
  await second.stop();
  await using third = await startTestServer({ config: { port } });
  expect(third.port).toBe(port);
  const again = await pad("send", "#everyone", "four", "--as", "alice");
  expect(again).toMatchObject({ code: 11, stderr: expect.stringContaining("is another server than before") });
});

test("CS-45 history tells what was said while no agent ran, also the first command after that", async () => {
  await using server = await startTestServer();
  const address = `127.0.0.1:${server.port}`;
  const [alice, bob] = [home(address).pad, home(address).pad];
  expect(await bob("send", "#everyone", "one", "--as", "bob")).toMatchObject({ code: 0 });
  await bob("agent", "stop");
  expect(await alice("send", "#everyone", "two", "--as", "alice")).toMatchObject({ code: 0 });
  const { stdout } = await bob("history", "#everyone");
  expect(stdout.split("\n").map((line) => line.split("\t").at(-1))).toEqual(["one", "two", ""]);
});

test("CS-52 a room that was left is read as far as this device has it, which is said, and nothing is written there or heard", async () => {
  await using server = await startTestServer();
  const { pad } = home(`127.0.0.1:${server.port}`);
  expect(await pad("rooms", "create", "#ops", "--as", "alice")).toMatchObject({ code: 0 });
  expect(await pad("send", "#ops", "the last word")).toMatchObject({ code: 0 });
  expect(await pad("rooms", "leave", "#ops")).toMatchObject({ code: 0 });
  for (const isFresh of [false, true]) {
    if (isFresh) await pad("agent", "stop");
    const read = await pad("history", "#ops");
    expect(read).toMatchObject({ code: 0, stdout: expect.stringMatching(/\talice\tthe last word\n$/) });
    expect(read.stderr).toContain("You are not in #ops now: this is what was said while this device was.");
  }
  for (const words of [
    ["send", "#ops", "hi"],
    ["listen", "#ops", "--count", "1", "--timeout", "9"],
  ]) {
    expect(await pad(...words)).toMatchObject({ code: 4, stderr: expect.stringContaining("You are not in") });
  }
});

test("CS-46 a name that waits to be confirmed is the one that is meant where none is said, until another one is said", async () => {
  await using server = await startTestServer();
  const address = `127.0.0.1:${server.port}`;
  const [first, second] = [home(address).pad, home(address).pad];
  expect(await first("send", "#everyone", "one", "--as", "alice")).toMatchObject({ code: 0 });
  expect(await second("send", "#everyone", "two", "--as", "alice")).toMatchObject({ code: 12 });
  expect(await second("send", "#everyone", "two")).toMatchObject({ code: 12 });
  await second("agent", "stop");
  expect(await second("send", "#everyone", "two")).toMatchObject({ code: 12 });
  expect(await second("send", "#everyone", "two", "--as", "bob")).toMatchObject({ code: 0 });
  const { stdout } = await second("send", "#everyone", "three", "--json");
  expect(JSON.parse(stdout)).toMatchObject({ from: "bob" });
});

function home(server: string, more: Readonly<Record<string, string>> = {}) {
  const env = { HOME: scratchFolder(), PAD_CLASSIC: "", PAD_AGENT_IDLE: "30", PAD_SERVER: server, ...more };
  const pad = async (...words: readonly string[]) => await runPadserve(words, { env });
  onTestFinished(async () => void (await pad("agent", "stop")));
  return { pad, env };
}

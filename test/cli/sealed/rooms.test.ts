/** `pad rooms`, `pad history` and `pad devices` on a fake chat; over the real server and agent: `real.test.ts`. */
import * as fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { devicesCommand } from "../../../src/cli/devices/command.ts";
import { historyCommand } from "../../../src/cli/history.ts";
import { roomsCommand } from "../../../src/cli/rooms/command.ts";
import { readRoomAction } from "../../../src/cli/rooms/read.ts";
import { readTarget } from "../../../src/cli/sealed/target.ts";
import { whenOnline } from "../../../src/cli/sealed/whereabouts.ts";
import { FakeSealedWorld } from "../../helpers/fake-sealed-world.ts";
import { attachTo, startCommand } from "../../helpers/run-command.ts";

test("CS-8 rooms are made, listed, joined and left, and people are invited and told", async () => {
  const { world, rooms, as } = meet();
  expect(await rooms("create", "#ops", "--invite-only")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await rooms("create", "lobby", "--json")).toMatchObject({ stdout: '{"room":"#lobby","access":"open"}\n' });
  expect(await rooms("invite", "#ops", "bob")).toMatchObject({ code: 0 });
  expect(await rooms()).toMatchObject({
    stdout: "#everyone\topen\tmember\t2\n#ops\tinvite\tmember\t2\n#lobby\topen\tmember\t1\n",
  });
  expect(await rooms("members", "ops")).toMatchObject({
    stdout: "*alice\tname\talice\tunverified\tlaptop\t-\nbob\tname\tbob\tunverified\tlaptop\t-\n",
  });
  expect(await as("bob", "join", "#lobby")).toMatchObject({ code: 0 });
  expect(await rooms("leave", "#lobby")).toMatchObject({ code: 0 });
  expect(world.group("#lobby").members).toEqual(["bob"]);
  const { stdout } = await rooms("list", "--json");
  expect(JSON.parse(stdout)).toEqual([
    { room: "#everyone", access: "open", status: "member", people: 2 },
    { room: "#ops", access: "invite", status: "member", people: 2 },
    { room: "#lobby", access: "open", status: "not-a-member", people: 1 },
  ]);
});

test("CS-4 what can't be done with rooms is said, each with its exit code", async () => {
  const { rooms, as } = meet();
  expect(await rooms("members", "#ops")).toMatchObject({ code: 4 });
  // One that somebody else has made is not to be made again.
  expect(await as("bob", "create", "#secret", "--invite-only")).toMatchObject({ code: 0 });
  for (const action of [
    ["members", "#secret"],
    ["invite", "#secret", "bob"],
    ["leave", "#secret"],
  ]) {
    const { code, stderr } = await rooms(...action);
    expect([code, stderr]).toEqual([4, expect.stringMatching(/that you are in or could join.*has to invite you/)]);
    expect(stderr).not.toContain("create");
  }
  expect(await rooms("invite", "#everyone", "nobody")).toMatchObject({ code: 4 });
  const wrong = [
    ["create"],
    ["create", "#a b"],
    ["invite", "#ops"],
    ["fly", "#ops"],
    ["join", "#ops", "x"],
    ["list", "x"],
  ];
  for (const words of wrong) expect(await rooms(...words)).toMatchObject({ code: 1, stdout: "" });
  expect(await rooms("join", "#ops", "--invite-only")).toMatchObject({ code: 1 });
});

test("CS-4 no words whatever make the readers throw, and a room's title always begins with one #", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom("create", "#ops", "invite")), { maxLength: 4 }),
      fc.boolean(),
      (words, flag) => {
        const action = readRoomAction(words, flag);
        if ("title" in action) expect(action.title).toMatch(/^#[A-Za-z0-9]/);
        for (const word of words) expect(["all", "room", "person", "wrong"]).toContain(readTarget(word).kind);
      },
    ),
  );
});

test("CS-7 history of what this device has nothing of prints nothing, and says why beside it", async () => {
  const { history } = meet();
  const empty = await history("#everyone");
  expect([empty.code, empty.stdout]).toEqual([0, ""]);
  expect(empty.stderr).toContain("Nothing that was said in #everyone is kept on this device");
  const missed = await history("#everyone", "--search", "nowhere");
  expect([missed.code, missed.stdout]).toEqual([0, ""]);
  expect(missed.stderr).toContain("Nothing that is kept here of #everyone has these words.");
});

test("CS-7 history is the newest, oldest first; found by words; also while the server is away", async () => {
  const { world, bob, everyone, history } = meet();
  for (let nth = 0; nth < 450; nth += 1) await bob.send(everyone, `line ${nth}`);
  await bob.send(everyone, "disk full\n\u001b[2J");
  const { stdout } = await history("#everyone", "--limit", "440");
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(440);
  expect(lines[0]).toMatch(/^\d+\t2026-11-27T\S+Z\tbob\tline 11$/);
  expect(lines.at(-1)).toMatch(/\tbob\tdisk full\\n\\u001b\[2J$/);
  world.setOnline(false);
  const found = await history("#everyone", "--search", "FULL disk", "--json");
  expect(JSON.parse(found.stdout)).toMatchObject({ room: "#everyone", text: "disk full\n\u001b[2J", sealed: true });
  expect(await history("ALL")).toMatchObject({ code: 1 });
});

test("CS-50 what is missing is told in its place, as nobody's words, and doesn't count as one of the messages asked for", async () => {
  const { world, history } = meet();
  const say = (text: string, body: "text" | "gap" | "unreadable" = "text", from = "bob") =>
    world.append(world.group("#everyone"), { from, text, body });
  say("one");
  say("1 message before this one never came", "gap");
  say("three");
  say("a message that can't be opened (replayed)", "unreadable", "");
  const { stdout } = await history("#everyone", "--limit", "2");
  expect(stdout.replaceAll(/^\d+\t/gm, "N\t").replaceAll(/\S+Z/g, "at")).toBe(
    [
      "N\tat\tbob\tone",
      "-\tat\t\t-- bob: 1 message before this one never came",
      "N\tat\tbob\tthree",
      "-\tat\t\t-- a message that can't be opened (replayed)",
      "",
    ].join("\n"),
  );
  const lines = (await history("#everyone", "--json")).stdout.trimEnd().split("\n");
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { from: "bob", text: "one" },
    { room: "#everyone", gap: "bob: 1 message before this one never came", sealed: true },
    { from: "bob", text: "three" },
    { gap: "a message that can't be opened (replayed)" },
  ]);
  expect((await history("#everyone", "--search", "never")).stdout).toBe("");
});

test("CS-49 history marks whose key is in doubt", async () => {
  const { world, history } = meet();
  world.append(world.group("#everyone"), { from: "bob", text: "my new account", doubt: "changed-key" });
  expect((await history("#everyone")).stdout).toMatch(/\tbob \(key changed, not confirmed\)\tmy new account\n$/);
  expect(JSON.parse((await history("#everyone", "--json")).stdout)).toMatchObject({ doubt: "changed-key" });
});

test("CS-45 who can do without the server waits for an attempt to reach it, and not for the next one", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { world, alice } = meet();
  world.setOnline(false);
  const never = new AbortController().signal;
  const outcomes: unknown[] = [];
  const away = whenOnline(alice, { host: "127.0.0.1", port: 1 }, never, true).then((one) => outcomes.push(one));
  alice.tellEvent({ kind: "state", state: { kind: "connecting", attempt: 1 } });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(outcomes).toEqual([]);
  alice.tellEvent({ kind: "state", state: alice.state });
  await vi.advanceTimersByTimeAsync(500);
  await away;
  expect(outcomes).toMatchObject([{ code: 3 }]);
});

test("CS-8 devices are listed, this one marked", async () => {
  const { alice } = meet();
  const run = (...args: readonly string[]) => startCommand(devicesCommand(attachTo(alice)), args).ended;
  expect(await run()).toMatchObject({ code: 0, stdout: "*laptop\tconfirmed\tnow\talice-1\n" });
  expect(JSON.parse((await run("--json")).stdout)).toMatchObject([{ id: "alice-1", this: true, status: "confirmed" }]);
});

test("CS-9 a classic server has no rooms, and that is said", async () => {
  const command = roomsCommand(() => Promise.resolve({ kind: "classic-only" }));
  expect(await startCommand(command, []).ended).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("can't seal"),
  });
});

function meet() {
  const world = new FakeSealedWorld();
  const [alice, bob] = [world.join("alice"), world.join("bob")];
  const everyone = bob.named("#everyone")?.id;
  if (everyone === undefined) throw new Error("no room");
  const run = (chat: typeof alice, ...args: readonly string[]) =>
    startCommand(roomsCommand(attachTo(chat)), args).ended;
  return {
    world,
    alice,
    bob,
    everyone,
    rooms: (...args: readonly string[]) => run(alice, ...args),
    as: (name: string, ...args: readonly string[]) => run(world.people.get(name) ?? alice, ...args),
    history: (...args: readonly string[]) => startCommand(historyCommand(attachTo(alice)), args).ended,
  };
}

/** `pad send` on a fake chat; over the real server and agent: `real.test.ts`. */
import { expect, onTestFinished, test } from "vitest";
import { sendCommand } from "../../../src/cli/send/command.ts";
import { FakeSealedWorld } from "../../helpers/fake-sealed-world.ts";
import { runPadserve, scratchFolder } from "../../helpers/program.ts";
import { attachTo, startCommand } from "../../helpers/run-command.ts";
import { startTestServer } from "../../helpers/server.ts";

test("CS-1 a message to a room or a person is sealed and stored, nobody else being there, and told as JSON", async () => {
  const { world, send } = meet("alice", "bob");
  expect(await send("#everyone", "backup done")).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(world.group("#everyone").log.at(-1)).toMatchObject({ from: "alice", text: "backup done" });
  const { code, stdout } = await send("bob", "for you", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    with: "bob",
    from: "alice",
    device: "laptop",
    at: expect.stringMatching(/^2026-11-27T12:/),
    number: 0,
    id: expect.stringMatching(/^m\d+$/),
    text: "for you",
    sealed: true,
  });
});

test(
  "CS-43 what is written to #everyone by whoever has left it is refused without a wait",
  { timeout: 10_000 },
  async () => {
    const { world, send, alice } = meet("alice", "bob");
    const everyone = alice.named("#everyone");
    if (everyone?.kind !== "sealed-room") throw new Error("no #everyone");
    const left = { ...everyone, readers: [] };
    world.leave(world.group("#everyone"), "alice");
    alice.named = () => left;
    alice.send = () => Promise.resolve({ kind: "refused", error: { reason: "not-in-conversation" } });
    const { code, stderr } = await send("#everyone", "hi");
    expect([code, stderr]).toEqual([4, expect.stringContaining("join it again (pad rooms join, /join)")]);
  },
);

test("CS-2 new readers hold a script's message, exit code 10, and it is gone; --accept-members sends it", async () => {
  const { world, send } = meet("alice", "bob");
  await send("#everyone", "first");
  world.join("carol");
  const { code, stderr } = await send("#everyone", "second");
  expect({ code, stderr }).toEqual({
    code: 10,
    stderr: "pad send: Not sent yet: new here, and would read it: carol. --accept-members sends it all the same.\n",
  });
  expect(await send("#everyone", "third", "--accept-members")).toMatchObject({ code: 0 });
  expect(said(world)).toEqual(["first", "third"]);
});

test.each([
  [
    "changed-key",
    "Not sent: the key of bob is not the one you know. Ask them, by another way, whether they made a new one. When they have told you: /accept bob in pad chat. To be sure, compare: pad verify bob. Then send it again.",
  ],
  [
    "remapped-name",
    "Not sent: the name bob means somebody else now than it did. Ask them, by another way, who they are. When they have told you: /accept bob in pad chat.",
  ],
  [
    "removed-device",
    "Not sent yet: bob removed a device, and that device is still in here, or in again: it would read this. That ends as soon as the device is out. If it takes longer than a minute: ask bob,",
  ],
] as const)("CS-2 a %s holds it whatever is accepted, exit code 11, with what to do", async (kind, what) => {
  const { world, send, alice } = meet("alice", "bob");
  alice.hold("#everyone", { kind, who: ["bob"] });
  const { code, stderr } = await send("#everyone", "hi", "--accept-members");
  expect([code, stderr]).toEqual([11, expect.stringContaining(what)]);
  expect(said(world)).toEqual([]);
});

test("CS-3 to whom nothing can be sealed for it goes the classic way, which is said before it goes", async () => {
  const { world, send } = meet("alice");
  world.classic.push("dave");
  // Nobody listens there: it gets no further.
  const { code, stderr } = await send("dave", "hi");
  expect(stderr).toMatch(
    /^pad send: The server can read this: dave has no device to seal it for\.\npad send: Nobody listens/,
  );
  expect(code).toBe(3);
});

test("CS-3 a name that is its device's alone speaks in the open room and to classic clients, too, from that device", async () => {
  await using server = await startTestServer();
  const nora = await server.join("nora");
  const home = scratchFolder();
  onTestFinished(async () => void (await runPadserve(["agent", "stop"], { env: { HOME: home, PAD_CLASSIC: "" } })));
  const pad = async (...args: readonly string[]) =>
    await runPadserve([...args, "--server", `127.0.0.1:${server.port}`, "--as", "alice"], {
      env: { HOME: home, PAD_CLASSIC: "" },
    });
  expect(await pad("send", "#everyone", "sealed")).toMatchObject({ code: 0 });
  expect(await pad("send", "nora", "just you")).toMatchObject({ code: 0 });
  expect(await nora.message()).toMatchObject({ from: "alice", text: "just you" });
  expect(await pad("send", "ALL", "all of you")).toMatchObject({ code: 0, stderr: "" });
  expect(await nora.message()).toMatchObject({ from: "alice", text: "all of you" });
  // By the classic protocol alone the name can't be used, which is said at once.
  expect(await pad("send", "ALL", "no", "--classic")).toMatchObject({ code: 4 });
});

test("CS-4 rooms that are none, and names that nobody has, are refused with what to do", async () => {
  const { send } = meet("alice");
  const { code, stderr } = await send("#ops", "hi");
  expect(code).toBe(4);
  expect(stderr).toContain("If it is new: pad rooms create '#ops'.");
  expect(await send("nobody", "hi")).toMatchObject({ code: 4, stderr: expect.not.stringContaining("room") });
  // Where the # was left out, as a shell takes it for a remark.
  expect(await send("everyone", "hi")).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/Nobody called everyone.*There is a room of that name: '#everyone', in quotes/),
  });
  expect(await send("#a b", "hi")).toMatchObject({ code: 1 });
  expect(await send("#everyone", "hi", "--classic")).toMatchObject({ code: 1 });
  expect(await send("#everyone", "x".repeat(20_000))).toMatchObject({ code: 1 });
});

test("CS-5 while the server is away nothing is sent, and that is said", async () => {
  const { world, send } = meet("alice");
  world.setOnline(false);
  const { code, stderr } = await send("#everyone", "hi", "--timeout", "0.1");
  expect(code).toBe(3);
  expect(stderr).toContain("nothing was sent");
  world.setOnline(true);
  expect(said(world)).toEqual([]);
});

test("CS-5 where the server can't be reached at all, that ends with what became of the message", async () => {
  const end = { kind: "unreachable", code: "ECONNREFUSED" } as const;
  const { code, stderr } = await startCommand(
    sendCommand(async () => await Promise.resolve({ kind: "unreached", end })),
    ["#everyone", "hi"],
  ).ended;
  expect(code).toBe(3);
  expect(stderr).toMatch(/Nobody listens .* Nothing was sent\.\n$/);
});

function meet(...names: readonly string[]) {
  const world = new FakeSealedWorld();
  const [alice] = names.map((name) => world.join(name));
  if (alice === undefined) throw new Error("nobody");
  for (const one of world.people.values())
    void one.acceptReaders(one.conversations[0]?.id ?? alice.conversations[0]!.id);
  const command = sendCommand(attachTo(alice));
  return { world, alice, send: (...args: readonly string[]) => startCommand(command, args).ended };
}

function said(world: FakeSealedWorld): readonly string[] {
  return world.group("#everyone").log.flatMap(({ body, text }) => (body === "text" ? [text] : []));
}

/** `pad listen` on a fake chat; over the real server and agent: `real.test.ts`. */
import { expect, test } from "vitest";
import { listenCommand } from "../../../src/cli/listen/command.ts";
import { FakeSealedWorld } from "../../helpers/fake-sealed-world.ts";
import { attachTo, startCommand } from "../../helpers/run-command.ts";

test("CS-6 what others say from now on, one a line, without one's own and what was changed", async () => {
  const { world, bob, listen, everyone } = meet();
  await bob.send(everyone, "before");
  const listening = listen("#everyone", "--count", "2");
  await listening.complains("Listening in #everyone on 127.0.0.1:1 as alice.");
  const before = world.group("#everyone").log.find(({ text }) => text === "before");
  await bob.edit(everyone, before?.id ?? "", "changed");
  await world.people.get("alice")?.send(everyone, "my own");
  await bob.send(everyone, "one\ntwo");
  await bob.send(everyone, "three");
  expect(await listening.ended).toMatchObject({
    code: 0,
    stdout: "bob\t#everyone\tone\\ntwo\nbob\t#everyone\tthree\n",
  });
});

test("CS-6 what came behind a number comes first, however much it is, and then what comes", async () => {
  const { world, bob, listen, everyone } = meet();
  for (let nth = 0; nth < 250; nth += 1) await bob.send(everyone, `${nth}`);
  const since = world.group("#everyone").log.find(({ text }) => text === "9")?.number ?? 0;
  const listening = listen("#everyone", "--since", `${since}`, "--count", "241", "--json", "--queue", "7");
  await listening.says('"text":"249"');
  await bob.send(everyone, "250");
  const { code, stdout } = await listening.ended;
  expect(code).toBe(0);
  const messages = stdout
    .trimEnd()
    .split("\n")
    .map((line): { text: string; number: number } => JSON.parse(line));
  expect(messages.map(({ text }) => text)).toEqual(Array.from({ length: 241 }, (_, nth) => `${nth + 10}`));
  expect(messages[0]).toMatchObject({
    room: "#everyone",
    from: "bob",
    device: "laptop",
    sealed: true,
    number: since + 1,
  });
});

test("CS-49 a message whose key is in doubt is under nobody's name: --from doesn't take it, which is said, and lines and JSON have the mark", async () => {
  const { world, listen } = meet();
  const say = (text: string, doubt?: "changed-key" | "removed-device") =>
    world.append(world.group("#everyone"), { from: "bob", text, ...(doubt === undefined ? {} : { doubt }) });
  const [narrow, wide, json] = [
    listen("#everyone", "--from", "bob", "--count", "1"),
    listen("#everyone", "--count", "2"),
    listen("#everyone", "--json", "--count", "1"),
  ];
  for (const one of [narrow, wide, json]) await one.complains("Listening in #everyone");
  say("deploy evil", "changed-key");
  say("deploy worse", "removed-device");
  say("deploy web");
  expect(await narrow.ended).toMatchObject({
    code: 0,
    stdout: "bob\t#everyone\tdeploy web\n",
    stderr: expect.stringContaining("Not taken for theirs: a message of bob (key changed, not confirmed)"),
  });
  expect((await wide.ended).stdout).toBe(
    "bob (key changed, not confirmed)\t#everyone\tdeploy evil\nbob (from a device that they removed)\t#everyone\tdeploy worse\n",
  );
  expect(JSON.parse((await json.ended).stdout)).toMatchObject({
    from: "bob (key changed, not confirmed)",
    text: "deploy evil",
    doubt: "changed-key",
  });
});

test("CS-6 a direct conversation is heard by the other's name, and a command runs for each message", async () => {
  const { bob, listen } = meet();
  const listening = listen("bob", "--count", "1");
  await listening.complains("Listening to bob on");
  const direct = await bob.direct("alice");
  if (direct.kind !== "answered") throw new Error("no conversation");
  await bob.send(direct.value.id, "psst");
  expect(await listening.ended).toMatchObject({ code: 0, stdout: "bob\talice\tpsst\n" });
});

test("CS-6 it tells a lost server and goes on; a signal ends it as it ends others", async () => {
  const { world, bob, listen, everyone } = meet();
  const listening = listen("#everyone");
  await listening.complains("Listening in");
  world.setOnline(false);
  await listening.complains("Trying again until it comes back.");
  world.setOnline(true);
  await listening.complains("Listening again.");
  await bob.send(everyone, "back");
  await listening.says("back");
  listening.stop("SIGTERM");
  expect(await listening.ended).toMatchObject({ code: 0 });
});

test("CS-42 a number that isn't there yet is said, and nothing that comes is missed", async () => {
  const { bob, everyone, listen } = meet();
  await bob.send(everyone, "one");
  const listening = listen("#everyone", "--since", "9000", "--count", "1");
  await listening.complains("There is no message 9000 yet");
  await listening.complains("Listening in");
  await bob.send(everyone, "two");
  expect(await listening.ended).toMatchObject({ code: 0, stdout: "bob\t#everyone\ttwo\n" });
});

test("CS-6 time is bounded, and what can't be meant is said", async () => {
  const { listen } = meet();
  expect(await listen("#everyone", "--count", "1", "--timeout", "0.1").ended).toMatchObject({ code: 3 });
  expect(await listen("#ops").ended).toMatchObject({ code: 4 });
  expect(await listen("--since", "3").ended).toMatchObject({ code: 1 });
  expect(await listen("#everyone", "--to", "me").ended).toMatchObject({ code: 1 });
  expect(await listen("#everyone", "--classic").ended).toMatchObject({ code: 1 });
});

function meet() {
  const world = new FakeSealedWorld();
  const [alice, bob] = [world.join("alice"), world.join("bob")];
  const everyone = bob.named("#everyone")?.id;
  if (everyone === undefined) throw new Error("no room");
  void alice.acceptReaders(everyone);
  const command = listenCommand(attachTo(alice));
  return { world, alice, bob, everyone, listen: (...args: readonly string[]) => startCommand(command, args) };
}

/** `pad verify` on a fake chat; over the real server and agent: the transcript in docs/rooms.md. */
import { expect, test } from "vitest";
import { verifyCommand } from "../../../src/cli/verify.ts";
import { FakeSealedWorld } from "../../helpers/fake-sealed-world.ts";
import { attachTo, startCommand } from "../../helpers/run-command.ts";

test("VN-4 the number is shown in groups of five, or as JSON, the same to both", async () => {
  const { verify, as } = meet();
  const { code, stdout } = await verify(["bob"]);
  expect(code).toBe(0);
  expect(stdout.split("\n").slice(1, 4)).toEqual(
    Array.from({ length: 3 }, () => expect.stringMatching(/^ {4}\d{5}( \d{5}){3}$/)),
  );
  expect(stdout).toContain("You and bob, a name only:");
  expect(stdout).toContain("pad verify bob --compared");
  const [json, other] = [await verify(["bob", "--json"]), await as("bob", ["alice", "--json"])];
  const shown: { number: string } = JSON.parse(json.stdout);
  expect(shown).toEqual({
    name: "bob",
    kind: "name",
    identity: "bob",
    number: stdout.replaceAll(/\D/g, ""),
    level: "unverified",
    tailnet: "unknown",
    changed: false,
  });
  expect(JSON.parse(other.stdout)).toMatchObject({ number: shown.number });
});

test("VN-4 --compared asks and takes nothing but yes; --yes asks nothing", async () => {
  const { verify, alice } = meet();
  for (const answer of ["", "no\n", "y\n", "\n"]) {
    expect(await verify(["bob", "--compared"], answer)).toMatchObject({ code: 4, stdout: "" });
  }
  expect(alice.comparedKeys.size).toBe(0);
  const asked = await verify(["bob", "--compared"], "Yes\n");
  expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining("Remembered") });
  expect(asked.stderr).toContain("Does bob see the same number?");
  expect(alice.comparedKeys.has("bob")).toBe(true);
  expect(await verify(["bob", "--compared", "--yes", "--json"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"level":"compared"'),
    stderr: "",
  });
});

test("VN-4 the number as the other told it is taken with or without spaces; another one is said, with 11", async () => {
  const { verify, alice } = meet();
  const shown = await alice.safetyNumber("bob");
  if (shown.kind !== "answered") throw new Error("no number");
  const { number } = shown.value;
  const wrong = await verify(["bob", "1".repeat(60)]);
  expect(wrong).toMatchObject({ code: 11, stdout: "" });
  expect(wrong.stderr).toContain("not the number of the two of you");
  expect(await verify(["bob", ...(number.match(/.{5}/g) ?? [])])).toMatchObject({ code: 0 });
  expect(await verify(["bob", number])).toMatchObject({ code: 0 });
});

test("VN-4 a key that isn't the known one is shown with a warning, and with 11 until it has been compared", async () => {
  const { verify, alice } = meet();
  alice.changedKeys.add("bob");
  expect(await verify(["bob"])).toMatchObject({ code: 11, stdout: expect.stringContaining("CAREFUL") });
  expect(await verify(["bob", "--compared", "--yes"])).toMatchObject({ code: 0 });
  expect(await verify(["bob"])).toMatchObject({ code: 0, stdout: expect.stringContaining("You have compared it") });
});

test("VN-4 who isn't there, oneself, and what can't be meant are said", async () => {
  const { verify } = meet();
  expect(await verify(["nobody"])).toMatchObject({ code: 4 });
  expect(await verify(["alice"])).toMatchObject({ code: 1, stderr: expect.stringContaining("alice is you") });
  expect(await verify(["bob", "12345"])).toMatchObject({ code: 1, stderr: expect.stringContaining("60 digits") });
  expect(await verify(["bob", "1".repeat(60), "--compared"])).toMatchObject({ code: 1 });
  expect(await verify(["bob", "--yes"])).toMatchObject({ code: 1 });
});

function meet() {
  const world = new FakeSealedWorld();
  const [alice] = [world.join("alice"), world.join("bob")];
  const run = (chat: typeof alice, args: readonly string[], input = "") =>
    startCommand(verifyCommand(attachTo(chat)), args, input).ended;
  return {
    alice,
    verify: (args: readonly string[], input = "") => run(alice, args, input),
    as: (name: string, args: readonly string[]) => run(world.people.get(name) ?? alice, args),
  };
}

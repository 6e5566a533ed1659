import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { places } from "../../src/cli/start/places.ts";
import { remember } from "../../src/cli/start/remembered.ts";
import { runPadserve, scratchFolder } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";

test("CM-8 a script goes to the server of the last chat, under its name and the machine's", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const env = { XDG_STATE_HOME: scratchFolder() };
  remember(places(env), { server: { host: "127.0.0.1", port: server.port }, id: "alice" });
  expect(await runPadserve(["send", "bob", "hi"], { env })).toMatchObject({ code: 0, stderr: "" });
  expect((await bob.message()).from).toMatch(/^alice-./);
});

test("CM-28 what fails in a checkout says how commands are typed there, and nowhere else", async () => {
  const npm = { npm_package_name: "padserve", npm_lifecycle_event: "pad" };
  expect(await said(npm, "devices", "nonsense")).toMatch(
    /\n\(In this checkout pad COMMAND is typed npm run -s pad -- /,
  );
  expect(await said(npm, "--version")).toBe("");
  expect(await said(npm, "send", "bob", "hello", "--server", "no where")).toMatch(
    /^pad send: "no where" is no address.*\n$/,
  );
  for (const env of [{}, { ...npm, npm_package_name: "mine" }, { ...npm, npm_lifecycle_event: "test" }]) {
    expect(await said(env, "devices", "nonsense")).not.toContain("checkout");
  }
});

test("CM-20 a damaged memory is told of, and the script does its work", async () => {
  await using server = await startTestServer();
  await server.join("bob");
  const env = { XDG_STATE_HOME: scratchFolder(), PAD_SERVER: `127.0.0.1:${server.port}` };
  remember(places(env), { server: { host: "chat", port: 1 }, id: "alice" });
  const file = join(places(env).state, "client.json");
  writeFileSync(file, "{");
  expect(await runPadserve(["who"], { env })).toEqual({
    code: 0,
    signal: null,
    stdout: "bob\n",
    stderr: `pad: ${file} is damaged and was passed over; the next chat writes a new one\n`,
  });
});

/** What it says on standard error. */
async function said(env: Readonly<Record<string, string>>, ...words: readonly string[]): Promise<string> {
  return (await runPadserve(words, { env })).stderr;
}

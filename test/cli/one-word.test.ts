import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { chooseIds, nameFrom } from "../../src/cli/start/choose-id.ts";
import { places } from "../../src/cli/start/places.ts";
import { remember } from "../../src/cli/start/remembered.ts";
import { besideTailscaled } from "../helpers/process-context.ts";
import { runPadserve, scratchFolder, startPadserve } from "../helpers/program.ts";
import { startServe } from "../helpers/serve.ts";
import { startTestServer } from "../helpers/server.ts";
import { startFakeTailscaled, startScene } from "../helpers/tailnet.ts";

const root = join(import.meta.dirname, "../..");

test("CM-33 pad chat localhost goes to this machine's server, under the usual name", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const alice = startPadserve(["chat", `localhost:${server.port}`]);
  alice.type("hello");
  alice.endInput();
  expect((await bob.message()).text).toBe("hello");
  expect(await alice.exited).toMatchObject({ code: 0, stderr: "" });
});

test("CM-33 in a pipe a word that is no machine's name is one's own, at the server that is known otherwise", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const env = { PAD_SERVER: `127.0.0.1:${server.port}` };
  const alice = startPadserve(["chat", "alice.invalid"], { env });
  alice.type("hello");
  alice.endInput();
  expect(await bob.message()).toMatchObject({ from: "alice.invalid", text: "hello" });
  expect(await alice.exited).toMatchObject({ code: 0, stderr: "" });
});

test("CM-33 a server that was visited is one, although its name is not found any more", async () => {
  const env = { XDG_STATE_HOME: scratchFolder() };
  remember(places(env), { server: { host: "gone.invalid", port: 1 }, id: "alice" });
  remember(places(env), { server: { host: "127.0.0.1", port: 1 }, id: "alice" });
  const { code, stderr } = await runPadserve(["chat", "gone.invalid"], { env });
  expect([code, stderr]).toEqual([3, expect.stringContaining("gone.invalid")]);
});

test("CM-34 the hint that a server prints at its start works as it is printed", async () => {
  const { port, join: hint, data } = await startServe();
  const command = /join with: {2}(.+)$/.exec(hint)?.[1] ?? "";
  expect(command).toContain(`localhost:${port}`);
  await promisify(execFile)("sh", ["-c", `echo hello | ${command}`], {
    cwd: root,
    env: { PATH: process.env["PATH"], HOME: scratchFolder(), PAD_AGENT_IDLE: "0" },
  });
  expect((await runPadserve(["names", "--data", data])).stdout).toContain("this machine");
});

test("CM-35 two people whose logins give the same name both come in, the second under another", async () => {
  const fake = await startFakeTailscaled();
  fake.node("other-alice", { user: "bob@github", addresses: ["100.64.0.44"] });
  const scene = await startScene({ fake });
  expect(await scene.visit("bob-laptop", "bob")).toBe("REGISTERED");
  const other = await startFakeTailscaled();
  other.self("other-alice", { user: "bob@github", addresses: ["100.64.0.44"] });
  const ids = await chooseIds(undefined, null, besideTailscaled(other.path));
  expect(ids).toEqual(["bob", "bob-github", "bob-2", "bob-3"]);
  expect(await scene.visit("other-alice", ids[0])).toBe("ERROR Client name already registered");
  expect(await scene.visit("other-alice", ids[1] ?? "")).toBe("REGISTERED");
});

test("CM-35 the one that was given or remembered is that one or none", async () => {
  const context = besideTailscaled("/nonexistent/tailscaled.sock");
  expect(await chooseIds("alice", "bob", context)).toEqual(["alice"]);
  expect(await chooseIds(undefined, "bob", context)).toEqual(["bob"]);
});

test("CM-35 somebody whose usual name is borne comes in under the next one", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  await server.join(nameFrom(userInfo().username) ?? "somebody");
  const env = { PADSERVE_TAILSCALE_SOCKET: "/nonexistent/tailscaled.sock" };
  const alice = startPadserve(["chat", `127.0.0.1:${server.port}`], { env });
  alice.type("hello");
  alice.endInput();
  expect((await bob.message()).from).toMatch(/-2$/);
  expect(await alice.exited).toMatchObject({ code: 0 });
});

test("CM-36 files of one's own may begin with a byte-order mark", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const env = { XDG_STATE_HOME: scratchFolder() };
  mkdirSync(join(env.XDG_STATE_HOME, "padserve"));
  const memory = `\uFEFF${JSON.stringify({ server: `127.0.0.1:${server.port}`, id: "alice" })}`;
  writeFileSync(join(env.XDG_STATE_HOME, "padserve", "client.json"), memory);
  expect(await runPadserve(["send", "bob", "hi"], { env })).toMatchObject({ code: 0, stderr: "" });
  expect((await bob.message()).from).toMatch(/^alice-./);
});

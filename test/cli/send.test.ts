import { expect, test } from "vitest";
import { startPadserve } from "../helpers/program.ts";
import { startTestServer } from "../helpers/server.ts";

test("CM-5 a message that the server took exits with 0 and says nothing", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const send = startPadserve(["send", "bob", "backup done", "--server", `127.0.0.1:${server.port}`, "--as", "nas"]);
  expect(await bob.message()).toMatchObject({ from: "nas", text: "backup done" });
  expect(await send.exited).toMatchObject({ code: 0, stdout: "", stderr: "" });
});

test("CM-5 a single dash sends what is piped in, to everybody", async () => {
  await using server = await startTestServer();
  const bob = await server.join("bob");
  const send = startPadserve(["send", "ALL", "-", "--server", `127.0.0.1:${server.port}`, "--as", "nas"]);
  send.type("two");
  send.type("lines");
  send.endInput();
  expect(await bob.message()).toMatchObject({ from: "nas", text: "two\nlines" });
  expect(await send.exited).toMatchObject({ code: 0 });
});

test("CM-5 a message that nobody is there to take exits with 4", async () => {
  await using server = await startTestServer();
  const { code, stderr } = await startPadserve(["send", "bob", "hi", "--server", `127.0.0.1:${server.port}`]).exited;
  expect(code).toBe(4);
  expect(stderr).toBe("pad send: Nobody of that name is here. LIST tells who is.\n");
});

test("CM-5 one message too many exits with 5", async () => {
  await using server = await startTestServer({ config: { messageRate: 0.01 } });
  await server.join("bob");
  const { code, stderr } = await startPadserve(["send", "bob", "hi", "--server", `127.0.0.1:${server.port}`]).exited;
  expect(code).toBe(5);
  expect(stderr).toContain("Too many messages at once");
});

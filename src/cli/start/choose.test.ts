import { once } from "node:events";
import { createServer } from "node:net";
import { PassThrough } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseId, nameFrom, scriptId } from "./choose-id.ts";
import { chooseServer, isListening } from "./choose-server.ts";

const nobody = () => Promise.resolve(false);
const somebody = () => Promise.resolve(true);
const chat = { host: "chat", port: 12345 };

describe("which server", () => {
  test("CM-8 the one given wins over the environment, it over the last, that over this machine's", async () => {
    const env = { PAD_SERVER: "other:1" };
    expect(await chooseServer("given:2", env, chat, somebody)).toEqual({
      kind: "chosen",
      server: { host: "given", port: 2 },
    });
    expect(await chooseServer(undefined, env, chat, somebody)).toEqual({
      kind: "chosen",
      server: { host: "other", port: 1 },
    });
    expect(await chooseServer(undefined, {}, chat, somebody)).toEqual({ kind: "chosen", server: chat });
    expect(await chooseServer(undefined, { PAD_SERVER: "" }, null, somebody)).toEqual({
      kind: "chosen",
      server: { host: "localhost", port: 12345 },
    });
  });

  test("CM-8 where none listens here and none is known, there is none", async () => {
    expect(await chooseServer(undefined, {}, null, nobody)).toEqual({ kind: "none" });
  });

  test("CM-8 words that are no address are told of, wherever they come from", async () => {
    expect(await chooseServer("no where", {}, chat, somebody)).toEqual({ kind: "not-an-address", words: "no where" });
    expect(await chooseServer(undefined, { PAD_SERVER: ":1" }, chat)).toEqual({ kind: "not-an-address", words: ":1" });
  });
});

test("CM-8 a server is one that takes connections", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(await isListening({ host: "127.0.0.1", port })).toBe(true);
  server.close();
  await once(server, "close");
  expect(await isListening({ host: "127.0.0.1", port })).toBe(false);
});

describe("which name", () => {
  const around = {
    // No tailscaled: so it comes to the user's name.
    env: { PADSERVE_TAILSCALE_SOCKET: "/nonexistent/tailscaled.sock" },
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    stop: new AbortController().signal,
  };

  test("CM-9 the one given is taken as it is, and wins over the last", async () => {
    expect(await chooseId("a:b", "alice", around)).toBe("a:b");
    expect(await chooseId(undefined, "alice", around)).toBe("alice");
  });

  test("CM-9 without either it is a valid name all the same", async () => {
    expect(nameFrom(await chooseId(undefined, null, around))).not.toBeNull();
  });

  test.each([
    ["alice", "alice"],
    ["José María", "Jose-Maria"],
    ["+49 (0) 30", "49-0-30"],
    ["x".repeat(40), "x".repeat(32)],
    ["", null],
    ["世界", null],
    ["all", null],
  ])("CM-9 %j as a name is %j", (words, name) => expect(nameFrom(words)).toBe(name));

  test.each([
    ["alice", "nas.example.org", "alice-nas"],
    ["alice", "", "alice-script"],
    ["a".repeat(32), "nas", `${"a".repeat(26)}-nas`],
    ["alice", "a-very-long-host-name", "alice-a-very-long-hos"],
  ])("CM-10 the script's name of %j on %j is %j", (id, host, name) => expect(scriptId(id, host)).toBe(name));

  test("CM-9 any words give a valid name or none", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (words) => {
        expect(nameFrom(words) ?? "none").toMatch(/^(?!all$)[A-Za-z0-9._-]{1,32}$/i);
      }),
    );
  });

  test("CM-10 a script's name is valid and leaves room for -2, whatever person and host are called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (words, host) => {
        expect(`${scriptId(nameFrom(words) ?? "somebody", host)}-2`).toMatch(/^[A-Za-z0-9._-]{3,32}$/);
      }),
    );
  });
});

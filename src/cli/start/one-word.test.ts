import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isKnownToSystem, readOneWord } from "./one-word.ts";

const visited = [{ host: "Old-Server.tail.test", port: 4000 }];
const nobody = () => Promise.resolve(false);
const somebody = () => Promise.resolve(true);

test.each(["127.0.0.1", "fd7a::1", "[fd7a::1]", "chat:4000", "chat:12345", "[::1]:1"])(
  "CM-33 %s can only be the server",
  async (word) => expect(await readOneWord(word, [], nobody)).toEqual({ kind: "server" }),
);

test.each(["old-server.tail.test", "OLD-SERVER.tail.test."])(
  "CM-33 %s, visited before, is the server",
  async (word) => {
    expect(await readOneWord(word, visited, nobody)).toEqual({ kind: "server" });
  },
);

test("CM-33 a word that is some machine's name is the server, another is for the person to say", async () => {
  expect(await readOneWord("chat", [], somebody)).toEqual({ kind: "server" });
  expect(await readOneWord("chat", [], nobody)).toEqual({ kind: "unknown" });
});

test("CM-33 what can be no machine's name is a name, without anybody being asked", async () => {
  const asked: string[] = [];
  const find = async (host: string) => asked.push(host) > 0;
  for (const word of ["-alice-", "a..b", "al ice", "42"]) {
    expect(await readOneWord(word, visited, find)).toEqual({ kind: "name" });
  }
  expect(asked).toEqual([]);
});

test("CM-33 any word is one of these", async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.domain(), fc.ipV6()), async (word) => {
      expect(["server", "name", "unknown"]).toContain((await readOneWord(word, visited, nobody)).kind);
    }),
  );
});

test("CM-33 a name that the resolver doesn't know is not found, nor one that it takes too long for, and this machine's is", async () => {
  // The real resolver, which may be slow where much else runs.
  expect(await isKnownToSystem("localhost", { patience: 50_000 })).toBe(true);
  expect(await isKnownToSystem("x", { ask: () => Promise.reject(new Error("ENOTFOUND")), patience: 50_000 })).toBe(
    false,
  );
  expect(await isKnownToSystem("x", { ask: () => new Promise(() => {}), patience: 1 })).toBe(false);
});

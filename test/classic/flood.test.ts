import { expect, test } from "vitest";
import { namesOf } from "../helpers/conversation.ts";
import { startTestServer } from "../helpers/server.ts";

test("SC-37 messages beyond the burst are refused and not delivered; after a while they are taken again", async () => {
  await using server = await startTestServer({ config: { messageRate: 5 } });
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  for (let number = 0; number < 500; number++) alice.broadcast(`${number}`);
  const answers = await alice.lines(500);
  const taken = answers.flatMap((answer, number) => (answer === "BROADCAST SENT" ? [`${number}`] : []));
  expect(new Set(answers)).toEqual(new Set(["BROADCAST SENT", "ERROR Too many messages"]));
  expect(taken.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, number) => `${number}`));
  let answer = "";
  while (answer !== "BROADCAST SENT") {
    alice.broadcast("the last");
    answer = await alice.line();
  }
  const heard: string[] = [];
  while (heard.at(-1) !== "the last") heard.push((await bob.message()).text);
  expect(heard).toEqual([...taken, "the last"]);
});

test("SC-37 direct messages count too; commands don't, and each session has its own burst", async () => {
  await using server = await startTestServer({ config: { messageRate: 1 } });
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  for (let number = 0; number < 100; number++) alice.direct("nobody", `${number}`);
  const answers = await alice.lines(100);
  expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => "ERROR Recipient not found"));
  expect(answers).toContain("ERROR Too many messages");
  for (let number = 0; number < 50; number++) expect(await namesOf(alice)).toEqual(["alice", "bob"]);
  for (let number = 0; number < 10; number++) bob.direct("alice", `${number}`);
  for (let number = 0; number < 10; number++) expect(await alice.message()).toMatchObject({ text: `${number}` });
});

import { expect, test } from "vitest";
import { namesOf } from "../helpers/conversation.ts";
import { startTestServer } from "../helpers/server.ts";

const TEXT = "x".repeat(16_000);

test("SC-38 a reader that stops is dropped when its queue is full; every sender and every other reader goes on as before", async () => {
  await using server = await startTestServer({ config: { messageRate: 0, maxQueue: 256 * 1024 } });
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  const carol = await server.join("carol");
  bob.socket.pause();
  let names: readonly string[] = [];
  for (let number = 0; !isGone("bob", names); number++) {
    alice.broadcast(`${number} ${TEXT}`);
    expect(await alice.line()).toBe("BROADCAST SENT");
    expect(await carol.message()).toEqual({ from: "alice", to: "ALL", text: `${number} ${TEXT}` });
    names = await namesOf(alice);
  }
  expect(names).toEqual(["alice", "carol"]);
  expect(await server.metric('padserve_closed_total{reason="slow-reader"}')).toBe(1);
  expect(await server.metric("padserve_queue_bytes")).toBe(0);
  expect(await alice.ask("SEND bob |")).toBe("ERROR Recipient not found");
  expect(await (await server.connect()).setUp("bob")).toBe("REGISTERED");
});

test("SC-38 a reader that goes on reading is not dropped for a burst that the server admitted, though it is far behind", async () => {
  await using server = await startTestServer({ timings: {} });
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  const text = "x".repeat(32_000);
  bob.socket.pause();
  let taken = 0;
  for (let sent = 0; sent < 20; sent++) {
    alice.broadcast(`${sent} ${text}`);
    if ((await alice.line()) === "BROADCAST SENT") taken++;
  }
  // One burst is what one queue holds, so it can't end anybody by itself.
  expect(taken).toBeGreaterThanOrEqual(7);
  expect(await server.metric("padserve_queue_bytes")).toBeLessThan(1 << 20);
  bob.socket.resume();
  for (let heard = 0; heard < taken; heard++) expect((await bob.message()).from).toBe("alice");
  expect(await namesOf(bob)).toEqual(["alice", "bob"]);
});

test("SC-39 a peer that vanishes with a reset is gone at once, with its name", async () => {
  await using server = await startTestServer();
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  bob.socket.resetAndDestroy();
  while ((await namesOf(alice)).includes("bob"));
  expect(await server.metric('padserve_closed_total{reason="reset"}')).toBe(1);
  expect(await (await server.connect()).setUp("bob")).toBe("REGISTERED");
});

test("SC-39 one that vanishes in the middle of a line, too, and the line is not taken for a command", async () => {
  await using server = await startTestServer();
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  bob.socket.end("SEND alice |");
  await bob.closed();
  alice.say("LIST");
  expect(await alice.until("END_RESPONSE")).toEqual(["BEGIN_RESPONSE", "CLIENT alice", "END_RESPONSE"]);
});

function isGone(id: string, names: readonly string[]): boolean {
  return names.length > 0 && !names.includes(id);
}

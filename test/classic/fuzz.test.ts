import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeServerLine } from "../../src/wire/classic/server-lines.ts";
import { ending, openLines, writeInPieces, type FuzzedLine } from "../helpers/classic-fuzz.ts";
import type { ClassicPeer } from "../helpers/classic-peer.ts";
import { converse, namesOf } from "../helpers/conversation.ts";
import { startTestServer } from "../helpers/server.ts";

const RUNS = 400;
const LINES = 25;

test("SC-34 each of 10,000 random lines is answered in the protocol's words or not at all, while two others talk undisturbed", async () => {
  await using server = await startTestServer({ config: { messageRate: 0, maxLocalNames: 100_000 } });
  const alice = await server.join("alice");
  const bob = await server.join("bob");
  const talk = converse(alice, bob);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      openLines(LINES),
      fc.array(fc.nat(), { maxLength: 8 }),
      ending,
      async (registered, lines, cuts, end) => {
        const peer = await server.connect();
        if (registered) await peer.setUp(`run-${run++}`);
        await torment(peer, alice.serverKey, lines, cuts);
        end(peer);
        await peer.closed();
      },
    ),
    // Whatever hangs is told with its seed, too.
    { numRuns: RUNS, timeout: 200_000, endOnFailure: true },
  );
  expect(await talk.stop()).toBeGreaterThan(RUNS);
  while ((await namesOf(alice)).length > 2);
  expect(await namesOf(alice)).toEqual(["alice", "bob"]);
});

/** Resolves when the server has read every line; rejects when it says what no server of ours says. */
async function torment(
  peer: ClassicPeer,
  serverKey: string,
  lines: readonly FuzzedLine[],
  cuts: readonly number[],
): Promise<void> {
  const keys = { server: serverKey, current: peer.key ?? new Uint8Array(32) };
  const said = lines.flatMap((line) => [line(keys), Buffer.from("\n")]);
  // A word first: a stranger whose first bytes are those of TLS or HTTP is another matter.
  writeInPieces(peer, Buffer.concat([Buffer.from("LIST\n"), ...said, Buffer.from("that was all\n")]), cuts);
  for (const answer of await peer.until("ERROR Unknown command: that was all")) {
    const { kind } = decodeServerLine(answer);
    if (kind === "text" || kind === "other-error") throw new Error(`no line of the protocol: ${answer}`);
  }
}

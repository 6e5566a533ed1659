import * as v from "valibot";
import { expect, test } from "vitest";
import { ClassicPeer } from "../helpers/classic-peer.ts";
import { scratchFolder } from "../helpers/program.ts";
import { askAsAdministrator, startServe, type Serving } from "../helpers/serve.ts";
import { randomFrom } from "../helpers/random-from.ts";

const SEED = 20_261_122;
const ROUNDS = 6;
const NAMES_AT_ONCE = 8;

test("SV-13 after kill -9 at any moment the next start has every name and ban that was acknowledged", async () => {
  const data = scratchFolder();
  const random = randomFrom(SEED);
  const [names, bans]: [Set<string>, Set<string>] = [new Set(), new Set()];
  const args = ["--operator", "name:root"];
  let serving = await startServe({ data, args });
  for (let round = 0; round < ROUNDS; round++) {
    await claimAndBanUntilKilled(serving, round, Math.floor(random() * 60), names, bans);
    serving = await startServe({ data, args });
    const lost = [...(await missing("names", names, serving)), ...(await missing("bans", bans, serving))];
    expect(lost, `seed ${SEED}, round ${round}`).toEqual([]);
  }
  expect(names.size).toBeGreaterThan(ROUNDS);
  expect(bans.size).toBeGreaterThan(0);
});

/** Names are claimed and others banned as fast as they are acknowledged, until so many were and the server is killed. */
async function claimAndBanUntilKilled(
  { program, port }: Serving,
  round: number,
  enough: number,
  names: Set<string>,
  bans: Set<string>,
): Promise<void> {
  let acknowledged = 0;
  const took = (record: Set<string>, name: string): void => {
    record.add(name);
    acknowledged += 1;
    if (acknowledged === enough) program.kill("SIGKILL");
  };
  using root = await ClassicPeer.connect(port);
  await root.setUp("root");
  took(names, "root");
  if (enough === 0) program.kill("SIGKILL");

  await Promise.all([
    untilClosed(async (n) => {
      const name = `banned-${round}-${n}`;
      if ((await root.ask(`BAN ${name}`)) === `SUCCESS Banned client ${name}`) took(bans, name);
    }),
    ...Array.from({ length: NAMES_AT_ONCE }, (_, lane) =>
      untilClosed(async (n) => {
        const name = `name-${round}-${lane}-${n}`;
        using peer = await ClassicPeer.connect(port);
        if ((await peer.ask(`REGISTER ${name}`)) === "REGISTERED") took(names, name);
      }),
    ),
  ]);
  expect(await program.exited).toMatchObject({ signal: "SIGKILL" });
}

/** Does it again and again, until it fails because nobody is there any more. */
async function untilClosed(act: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; ; n++) {
    try {
      await act(n);
    } catch {
      return;
    }
  }
}

/** Which of these a running server doesn't tell its administrator. */
async function missing(
  what: "names" | "bans",
  taken: ReadonlySet<string>,
  serving: Serving,
): Promise<readonly string[]> {
  const records = await askAsAdministrator(serving, `/admin/${what}`, v.array(v.object({ name: v.string() })));
  const kept = new Set(records.map(({ name }) => name));
  return [...taken].filter((name) => !kept.has(name));
}

import { expect, test } from "vitest";
import { LIFETIME, newDevice, NOW, OPEN } from "../../test/mls/people.ts";
import { addAll, hex, joinAll } from "../../test/mls/room.ts";
import { mutated, random } from "../../test/mls/mutations.ts";
import { createObservers } from "./create-observers.ts";
import { EngineError } from "./engine-error.ts";
import type { Group } from "./group-engine.ts";

/** As many as `FUZZ` says: 10⁶ by `npm run fuzz`, 10⁵ in CI. */
const INPUTS = Number(process.env["FUZZ"] ?? (process.env["CI"] === undefined ? 10_000 : 100_000));
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
/** Milliseconds: far above what any call takes, for machines that are busy. */
const LONGEST = 30_000;

test(
  `EN-33 mutated messages and random bytes are refused by an error of the list (seed ${SEED}, ${INPUTS} inputs)`,
  { timeout: 3_600_000 },
  async () => {
    const draw = random(SEED);
    const { targets, corpus, check } = await ground();
    const codes: Record<string, number> = {};
    let longest = 0;
    let before = 0;
    for (let nth = 0; nth < INPUTS; nth += 1) {
      // Code is compiled and caches fill first; what grows after that grows with the inputs.
      if (nth === Math.floor(INPUTS / 10)) before = process.memoryUsage().rss;
      const input = mutated(corpus, draw);
      const target = targets[draw(targets.length)]!;
      const started = performance.now();
      const code = await tried(target, input);
      longest = Math.max(longest, performance.now() - started);
      const key = `${target.name}: ${code}`;
      codes[key] = (codes[key] ?? 0) + 1;
    }
    check();
    process.stdout.write(`${JSON.stringify({ seed: SEED, inputs: INPUTS, longest, codes })}\n`);
    expect(longest).toBeLessThan(LONGEST);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
    expect(Object.keys(codes).filter((code) => code.includes("engine-failed"))).toEqual([]);
  },
);

interface Target {
  readonly name: string;
  readonly take: (input: Uint8Array) => void | Promise<void>;
}

async function tried({ take }: Target, input: Uint8Array): Promise<string> {
  try {
    await take(input);
    return "taken";
  } catch (error) {
    if (error instanceof EngineError) return error.code;
    throw error;
  }
}

/** Groups in a known state, what they send one another, and where bytes may come in. */
async function ground() {
  const [alice, bob] = [newDevice({ identity: "1" }), newDevice({ identity: "2" })];
  const [carol, dave] = [newDevice({ identity: "3" }), newDevice({ identity: "4" })];
  const atAlice = alice.createGroup(Buffer.from("room"), OPEN);
  const [atBob] = await addAll(atAlice, [], [bob]);
  const { group: atCarol } = await joinAll([atAlice, atBob!], carol);
  const observers = createObservers();
  const observer = observers.observe(atAlice.info());
  const packed = dave.keyPackage({ now: NOW, lifetime: LIFETIME });
  const messages = ["a", "b", "c"].map((word) => atBob!.seal(Buffer.from(word)).message);
  const made = [
    (group: Group) => group.commitUpdate(),
    (group: Group) => group.commitAdd([packed.keyPackage], NOW),
    (group: Group) => group.commitRemove([atAlice.leaf]),
  ].map((commit) => {
    const pending = commit(atBob!);
    atBob!.clear();
    return pending;
  });
  const external = await dave.joinExternal(atAlice.info());
  const commits = [...made.map(({ commit }) => commit), external.commit];
  const welcome = made[1]!.welcome!;
  const corpus = [...messages, ...commits, welcome, packed.keyPackage, atAlice.info(), external.groupInfo];
  const saved = atCarol.save();
  const whole = { ...saved, tree: saved.tree! };
  const authenticator = hex(atAlice.authenticator());

  const targets: readonly Target[] = [
    {
      name: "process",
      take(input) {
        // On a group that is thrown away: what is left as it was is a commit.
        const group = carol.load(whole);
        try {
          group.process(input);
          if (!commits.some((commit) => same(commit, input))) throw new Error("a commit that nobody made was taken");
        } finally {
          group.close();
        }
      },
    },
    {
      name: "open",
      take(input) {
        const group = carol.load(whole);
        try {
          group.open(input);
          if (!messages.some((message) => same(message, input)))
            throw new Error("a message that nobody sent was opened");
        } finally {
          group.close();
        }
      },
    },
    { name: "open, the same group", take: (input) => void atAlice.open(input) },
    { name: "join", take: async (input) => (await dave.join(input, packed.secret)).group.close() },
    { name: "join external", take: async (input) => (await dave.joinExternal(input)).group.close() },
    {
      name: "stage",
      take(input) {
        observer.stage(input, NOW).matches(input);
      },
    },
    { name: "observe", take: (input) => observers.observe(input).close() },
    { name: "inspect", take: (input) => void observers.inspectKeyPackage(input, NOW) },
    { name: "references", take: (input) => void dave.welcomeReferences(input) },
  ];

  return {
    targets,
    corpus,
    check: () => {
      expect(hex(atAlice.authenticator())).toBe(authenticator);
      expect(observer.epoch).toBe(atAlice.epoch);
      const later = atBob!.seal(Buffer.from("later")).message;
      expect(Buffer.from(atAlice.open(later).plaintext).toString()).toBe("later");
      const { commit } = atBob!.commitUpdate();
      atBob!.apply();
      expect(observer.stage(commit, NOW).kind).toBe("update");
      atAlice.process(commit);
      expect(hex(atAlice.authenticator())).toBe(hex(atBob!.authenticator()));
    },
  };
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

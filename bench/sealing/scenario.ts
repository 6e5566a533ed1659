import { rmSync, mkdtempSync, readFileSync } from "node:fs";
import { createCipheriv, createDecipheriv, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import { createObservers } from "../../src/mls/create-observers.ts";
import type { Group, GroupEngine, WholeGroup } from "../../src/mls/group-engine.ts";
import { guard, type Guarded } from "../../src/mls/guarded.ts";
import { createInstance } from "../../src/mls/module/instance.ts";
import { LIFETIME, makeRecord, newDevice, NOW, OPEN, seed } from "../../test/mls/people.ts";
import type { Figure } from "../figures.ts";
import type { Effort } from "../pair.ts";
import { median } from "../statistics.ts";
import { growTo } from "./crowd.ts";

/** Bytes of a message; and messages between two saves of the durable kind. */
export const BYTES = 100;
export const BATCH = 32;
/** A second's messages, as goals. */
const SEALS = 9_000;
const OPENS = 6_000;

type Conditions = Pick<Figure, "scenario" | "conditions">;

/** What sealing costs, without a server: messages, commits, joins, memory, size and start. */
export async function sealing(effort: Effort): Promise<readonly Figure[]> {
  const quick = effort.runs < 5;
  const figures: Figure[] = [moduleSize(), start()];
  for (const size of quick ? [2, 100] : [2, 10, 100, 500]) {
    const pair = await members(size);
    if (size !== 10) figures.push(...messages(size, pair, effort));
    if (size !== 2) figures.push(...(await commits(size, pair, quick ? 5 : 9)));
    figures.push(memory(size, pair));
  }
  return figures;
}

interface Pair {
  readonly alice: Group;
  readonly bob: Group;
  readonly engine: GroupEngine;
  readonly saved: WholeGroup;
}

/** Two members of a warm group of so many, with what the one has saved. */
async function members(size: number): Promise<Pair> {
  const engine = newDevice({ identity: "alice" });
  const alice = engine.createGroup(Buffer.from(`room of ${size}`), OPEN);
  growTo(alice, size - 1);
  const joined = await newDevice({ identity: "bob" }).joinExternal(alice.info());
  alice.process(joined.commit);
  const saved = alice.save();
  return { alice, bob: joined.group, engine, saved: { ...saved, tree: saved.tree! } };
}

function messages(size: number, { alice, bob }: Pair, { runs, seconds }: Effort): readonly Figure[] {
  const about: Conditions = { scenario: "sealing", conditions: `messages of ${BYTES} B, ${size} members` };
  const count = Math.max(200, Math.round(2_000 * seconds));
  const content = randomBytes(BYTES);
  const told = Array.from({ length: runs + 1 }, () => {
    const sealed: Uint8Array[] = [];
    const seal = perCall(count, () => sealed.push(alice.seal(content).message));
    const open = perCall(count, (nth) => bob.open(sealed[nth]!));
    return { seal, open, floor: bareLimit(count) };
  }).slice(1);
  const seal = median(told.map((each) => each.seal));
  const open = median(told.map((each) => each.open));
  const floor = {
    seal: median(told.map((each) => each.floor.seal)),
    open: median(told.map((each) => each.floor.open)),
  };
  const durable = durably(count, content, alice, bob);
  const figure = (measured: string, server: number, bare: number, goal: Figure["goal"]): Figure => ({
    ...about,
    measured,
    unit: "µs",
    server: server * 1e3,
    floor: bare * 1e3,
    goal,
  });
  return [
    figure("seal", seal, floor.seal, { most: 2.5, of: "ratio" }),
    figure(`seal, for ${SEALS} a second`, seal, floor.seal, { most: Math.round(1e6 / SEALS), of: "figure" }),
    figure("open", open, floor.open, { most: 2.5, of: "ratio" }),
    figure(`open, for ${OPENS} a second`, open, floor.open, { most: Math.round(1e6 / OPENS), of: "figure" }),
    figure(`seal, saved each ${BATCH}`, durable.seal, floor.seal, { most: Math.round(2e6 / SEALS), of: "figure" }),
    figure(`open, saved each ${BATCH}`, durable.open, floor.open, { most: Math.round(2e6 / OPENS), of: "figure" }),
  ];
}

/** Milliseconds for each: Ed25519 and AES-128-GCM of node:crypto over the same bytes, and nothing else. */
function bareLimit(count: number): { readonly seal: number; readonly open: number } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const [key, nonce, content] = [randomBytes(16), randomBytes(12), randomBytes(BYTES + 64)];
  const sent: { readonly signature: Buffer; readonly sealed: Buffer; readonly tag: Buffer }[] = [];
  const seal = perCall(count, () => {
    const signature = sign(null, content, privateKey);
    const cipher = createCipheriv("aes-128-gcm", key, nonce);
    const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
    sent.push({ signature, sealed, tag: cipher.getAuthTag() });
  });
  const open = perCall(count, (nth) => {
    const { signature, sealed, tag } = sent[nth]!;
    const decipher = createDecipheriv("aes-128-gcm", key, nonce).setAuthTag(tag);
    const opened = Buffer.concat([decipher.update(sealed), decipher.final()]);
    if (!verify(null, opened, publicKey, signature)) throw new Error("A signature that was just made doesn't hold.");
  });
  return { seal, open };
}

/** The same with the state kept on disk after each batch, in SQLite that waits for the disk. */
function durably(
  count: number,
  content: Uint8Array,
  alice: Group,
  bob: Group,
): { readonly seal: number; readonly open: number } {
  const folder = mkdtempSync(join(tmpdir(), "padserve-bench-"));
  const database = new DatabaseSync(join(folder, "states.db"));
  try {
    database.exec(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE states (member TEXT PRIMARY KEY, state BLOB)",
    );
    const keep = database.prepare("INSERT OR REPLACE INTO states VALUES (?, ?)");
    const sealed: Uint8Array[] = [];
    const seal = perCall(count, (nth) => {
      sealed.push(alice.seal(content).message);
      if (nth % BATCH === BATCH - 1) keep.run("alice", alice.save().state);
    });
    const open = perCall(count, (nth) => {
      bob.open(sealed[nth]!);
      if (nth % BATCH === BATCH - 1) keep.run("bob", bob.save().state);
    });
    return { seal, open };
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each repetition leaves the group as large and as warm as it was. */
async function commits(
  size: number,
  { alice, bob, engine, saved }: Pair,
  repetitions: number,
): Promise<readonly Figure[]> {
  const times: Record<string, number[]> = {};
  const took = (what: string, started: number): void => void (times[what] ??= []).push(performance.now() - started);
  const timed = <T>(what: string, call: () => T): T => {
    const started = performance.now();
    const result = call();
    took(what, started);
    return result;
  };
  for (let nth = 0; nth < repetitions; nth += 1) {
    const observer = createObservers().observe(alice.info());
    const follow = (commit: Uint8Array): void => {
      timed("process", () => bob.process(commit));
      timed("observe", () => observer.stage(commit, NOW));
      observer.accept();
    };
    const update = timed("update", () => alice.commitUpdate());
    alice.apply();
    follow(update.commit);
    const newcomer = newDevice({ identity: `new${nth}` });
    const packed = newcomer.keyPackage({ now: NOW, lifetime: LIFETIME });
    const added = timed("add", () => alice.commitAdd([packed.keyPackage], NOW));
    alice.apply();
    follow(added.commit);
    let started = performance.now();
    const { group: joined } = await newcomer.join(added.welcome!, packed.secret);
    took("join", started);
    const removed = timed("remove", () => alice.commitRemove([joined.leaf]));
    alice.apply();
    follow(removed.commit);
    const info = alice.info();
    const comer = newDevice({ identity: `comer${nth}` });
    started = performance.now();
    const external = await comer.joinExternal(info);
    took("external join", started);
    alice.process(external.commit);
    follow(external.commit);
    const gone = alice.commitRemove([external.group.leaf]);
    alice.apply();
    bob.process(gone.commit);
    newcomer.close();
    comer.close();
  }
  timed("load", () => engine.load(saved));
  const limits = size === 100 ? { commit: 5, join: 20 } : size === 500 ? { commit: 10, join: 90 } : null;
  const floor = bareLimit(200);
  return Object.entries(times).map(([what, all]) => {
    const most = what.includes("join") ? limits?.join : limits?.commit;
    return {
      scenario: "sealing",
      conditions: `commits, ${size} members, warm`,
      measured: what,
      unit: "ms",
      server: median(all),
      floor: floor.seal + floor.open,
      goal: most === undefined || what === "observe" || what === "load" ? null : { most, of: "figure" },
    };
  });
}

/** Of the module's memory, for each group loaded; the floor is what was saved of it. */
function memory(size: number, { saved }: Pair): Figure {
  let guarded: Guarded | null = null;
  const device = seed();
  const record = makeRecord({ identity: "holder" }, seed(), device);
  const engine = createGroupEngine({ seed: device, record }, (signer) => (guarded = guard(signer)));
  const count = size >= 500 ? 60 : 300;
  const loaded: Group[] = [];
  const fill = (): void => {
    for (let nth = 0; nth < count; nth += 1) loaded.push(engine.load(saved));
  };
  fill();
  const before = guarded!.instance.memory();
  fill();
  const grown = guarded!.instance.memory() - before;
  engine.close();
  return {
    scenario: "sealing",
    conditions: `memory, ${size} members`,
    measured: "of the module, each group",
    unit: "kB",
    server: grown / count / 1000,
    floor: (saved.state.length + saved.tree.length) / 1000,
    goal: null,
  };
}

function moduleSize(): Figure {
  const wasm = readFileSync(new URL("../../src/mls/module/engine.wasm", import.meta.url));
  return {
    scenario: "sealing",
    conditions: "the module",
    measured: "gzip, of all its bytes",
    unit: "kB",
    server: gzipSync(wasm, { level: 9 }).length / 1000,
    floor: wasm.length / 1000,
    goal: { most: 450, of: "figure" },
  };
}

/** An instance for a device; the first time the module is read and compiled, too, which is told as the floor. */
function start(): Figure {
  const first = madeInstance();
  return {
    scenario: "sealing",
    conditions: "the module",
    measured: "an instance, of the first",
    unit: "ms",
    server: median(Array.from({ length: 9 }, madeInstance)),
    floor: first,
    goal: null,
  };
}

function madeInstance(): number {
  return perCall(1, () => createInstance({ sign: () => new Uint8Array(64), panicked: () => {} }));
}

/** Milliseconds. */
function perCall(count: number, call: (nth: number) => unknown): number {
  const started = performance.now();
  for (let nth = 0; nth < count; nth += 1) call(nth);
  return (performance.now() - started) / count;
}

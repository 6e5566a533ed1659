import { afterEach, expect, test, vi } from "vitest";
import { LIFETIME, makeRecord, newDevice, NOW, OPEN, seed } from "../../test/mls/people.ts";
import { addAll, hex, text } from "../../test/mls/room.ts";
import { createGroupEngine } from "./create-group-engine.ts";
import { createObservers } from "./create-observers.ts";
import { EngineError } from "./engine-error.ts";
import { guard, type Guarded } from "./guarded.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** An engine and what guards it. */
function guardedDevice(identity: string) {
  const device = seed();
  let guarded: Guarded | null = null;
  const engine = createGroupEngine({ seed: device, record: makeRecord({ identity }, seed(), device) }, (sign) => {
    guarded = guard(sign);
    return guarded;
  });
  return { engine, trap: () => guarded!.call((instance) => instance.trap()) };
}

test("EN-27 a panic ends one instance: one error, then groups are as they were saved and the next call works", async () => {
  const { engine, trap } = guardedDevice("1");
  const group = engine.createGroup(Buffer.from("room"), OPEN);
  const [bob] = await addAll(group, [], [newDevice({ identity: "2" })]);
  group.save();
  const saved = bob!.seal(Buffer.from("before"));
  group.open(saved.message);
  const unsaved = engine.createGroup(Buffer.from("unsaved"), OPEN);
  expect(trap).toThrow(/engine-failed: .*asked to/s);
  // Opened after the last save: the key is there again, as it is on disk.
  expect(text(group.open(saved.message).plaintext)).toBe("before");
  expect(hex(group.authenticator())).toBe(hex(bob!.authenticator()));
  expect(text(bob!.open(group.seal(Buffer.from("after")).message).plaintext)).toBe("after");
  expect(() => unsaved.seal(Buffer.from("x"))).toThrow("closed");
  expect(engine.keyPackage({ now: NOW, lifetime: LIFETIME }).reference).toHaveLength(32);
});

test("EN-27 after a panic a past epoch that was forgotten opens nothing, whether that was saved since or not", async () => {
  for (const isSavedSince of [true, false]) {
    const { engine, trap } = guardedDevice("1");
    const group = engine.createGroup(Buffer.from("room"), OPEN);
    const [bob] = await addAll(group, [], [newDevice({ identity: "2" })]);
    const late = ["1", "2"].map((word) => bob!.seal(Buffer.from(word)).message);
    bob!.process(group.commitUpdate().commit);
    group.apply();
    group.save();
    expect(text(group.open(late[0]!).plaintext)).toBe("1");
    group.save();
    group.forgetEpochsBefore(group.epoch);
    if (isSavedSince) group.save();
    expect(trap).toThrow("engine-failed");
    expect(() => group.open(late[1]!)).toThrow("past-epoch");
    expect(text(group.open(bob!.seal(Buffer.from("now")).message).plaintext)).toBe("now");
  }
});

test("EN-27 an error of the module's own list ends no instance, any other does, and what the signer threw is told as the cause", () => {
  const lost = new Error("the key is away");
  const guarded = guard(() => {
    throw lost;
  });
  const thrown = (what: unknown): EngineError => {
    try {
      guarded.call(() => {
        throw what;
      });
    } catch (error) {
      if (error instanceof EngineError) return error;
    }
    throw new Error("no EngineError");
  };
  const own = new EngineError("replayed", "generation 3");
  expect(thrown(own)).toBe(own);
  expect(thrown("bad-record: in twice")).toMatchObject({ code: "bad-record", message: "bad-record: in twice" });
  expect(thrown("invalid: ").message).toBe("invalid");
  expect([own.cause, guarded.age]).toEqual([undefined, 0]);
  for (const [nth, other] of ["engine-failed: memory", "nobody-knows: this", new RangeError("unreachable")].entries()) {
    expect(thrown(other)).toMatchObject({ code: "engine-failed", cause: other });
    expect(guarded.age).toBe(nth + 1);
  }
  const device = seed();
  const record = makeRecord({ identity: "1" }, seed(), device);
  const engine = createGroupEngine({ seed: device, record }, () => guarded);
  expect(() => engine.createGroup(Buffer.from("room"), OPEN)).toThrow(
    expect.objectContaining({ code: "signer-failed", cause: lost }),
  );
});

test("EN-28 an observer after a panic is as it was saved", () => {
  let guarded: Guarded | null = null;
  const observers = createObservers((sign) => (guarded = guard(sign)));
  const group = newDevice({ identity: "1" }).createGroup(Buffer.from("room"), OPEN);
  const observer = observers.observe(group.info());
  observer.save();
  const { commit } = group.commitUpdate();
  observer.stage(commit, NOW);
  expect(() => guarded!.call((instance) => instance.trap())).toThrow("engine-failed");
  expect(observer.epoch).toBe(0);
  expect(() => observer.accept()).toThrow("no-pending-commit");
  expect(observer.stage(commit, NOW).kind).toBe("update");
  observer.accept();
  expect(observer.epoch).toBe(1);
});

test("EN-37 of two commits that an observer stages, the one before says nothing of group infos any more, and none does when one is taken", () => {
  const group = newDevice({ identity: "1" }).createGroup(Buffer.from("room"), OPEN);
  const observer = createObservers().observe(group.info());
  const made = [1, 2].map(() => {
    const pending = group.commitUpdate();
    group.clear();
    return pending;
  });
  const [first, second] = made.map(({ commit }) => observer.stage(commit, NOW));
  expect(() => first!.matches(made[0]!.groupInfo)).toThrow("no-pending-commit");
  expect(() => first!.matches(made[1]!.groupInfo)).toThrow("no-pending-commit");
  expect([second!.matches(made[0]!.groupInfo), second!.matches(made[1]!.groupInfo)]).toEqual([false, true]);
  observer.accept();
  expect(() => second!.matches(made[1]!.groupInfo)).toThrow("no-pending-commit");
});

test("EN-29 without random bytes nothing is made: an error, never zeros", () => {
  const engine = newDevice({ identity: "1" });
  vi.spyOn(globalThis.crypto, "getRandomValues").mockImplementation(() => {
    throw new Error("no entropy");
  });
  expect(() => engine.keyPackage({ now: NOW, lifetime: LIFETIME })).toThrow(EngineError);
  expect(() => engine.createGroup(Buffer.from("room"), OPEN)).toThrow(EngineError);
  expect(() => engine.hpkeKey()).toThrow(EngineError);
  vi.restoreAllMocks();
  expect(engine.createGroup(Buffer.from("room"), OPEN).epoch).toBe(0);
});

test("EN-30 a closed group and a closed engine say so", () => {
  const engine = newDevice({ identity: "1" });
  const group = engine.createGroup(Buffer.from("room"), OPEN);
  const other = engine.createGroup(Buffer.from("other"), OPEN);
  group.close();
  expect(() => group.seal(Buffer.from("x"))).toThrow("closed");
  engine.close();
  expect(() => other.seal(Buffer.from("x"))).toThrow("closed");
  expect(() => engine.hpkeKey()).toThrow("closed");
});

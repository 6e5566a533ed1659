import { EngineError } from "./engine-error.ts";
import type { GroupObserver, Observers, StagedCommit } from "./group-observer.ts";
import { guard, type Guarded } from "./guarded.ts";
import type { RawObserver } from "./module/instance.ts";
import { Reply } from "./module/reply.ts";
import { decodePolicy } from "./policy-bytes.ts";
import { readCommitted, readMembers, readReferences } from "./replies.ts";

/** What the server makes observers with: one instance of the module for all of them. */
export function createObservers(guarding = guard): Observers {
  const guarded = guarding(() => {
    throw new Error("An observer signs nothing.");
  });
  return {
    observe: (groupInfo) =>
      groupObserver(
        guarded,
        guarded.call(({ RawObserver }) => RawObserver.observe(groupInfo)),
        null,
      ),
    load: (saved) => groupObserver(guarded, load(guarded, saved), saved),
    inspectKeyPackage(keyPackage, now) {
      const reply = new Reply(guarded.call(({ RawObserver }) => RawObserver.inspectKeyPackage(keyPackage, now)));
      const [reference, record, deviceKey] = [reply.bytes(), reply.bytes(), reply.bytes()];
      return { reference, record, deviceKey, lastResort: reply.flag(), notAfter: reply.u64() };
    },
  };
}

interface Saved {
  readonly state: Uint8Array;
  readonly tree: Uint8Array;
}

function load(guarded: Guarded, { state, tree }: Saved): RawObserver {
  return guarded.call(({ RawObserver }) => RawObserver.load(state, tree));
}

/** After a trap the next call loads what was last saved, as in `member-group.ts`. */
function groupObserver(guarded: Guarded, made: RawObserver, loaded: Saved | null): GroupObserver {
  let held: { readonly age: number; readonly raw: RawObserver } | null = { age: guarded.age, raw: made };
  let saved = loaded;
  let closed = false;
  let staging = 0;

  const raw = (): RawObserver => {
    if (closed) throw new EngineError("closed");
    if (held?.age === guarded.age) return held.raw;
    if (saved === null) throw new EngineError("closed", "its instance ended before it was saved");
    const again = load(guarded, saved);
    held = { age: guarded.age, raw: again };
    return again;
  };
  const call = <T>(use: (raw: RawObserver) => T): T => {
    const observer = raw();
    return guarded.call(() => use(observer));
  };
  const status = (): Reply => new Reply(call((observer) => observer.status()));

  return {
    get id() {
      return status().bytes();
    },
    get policy() {
      const reply = status();
      reply.bytes();
      return decodePolicy(reply.bytes());
    },
    get epoch() {
      const reply = status();
      reply.bytes();
      reply.bytes();
      return reply.u64();
    },
    members: () => readMembers(call((observer) => observer.members())),
    stage(commit, now) {
      staging += 1;
      const stage = staging;
      const reply = new Reply(call((observer) => observer.stage(commit, now)));
      const { removedSelf: _, ...changes } = readCommitted(reply);
      const policy = decodePolicy(reply.bytes());
      const keyPackages = reply.list((item) => item.bytes());
      return {
        ...changes,
        policy,
        keyPackages,
        matches(groupInfo) {
          if (stage !== staging) throw new EngineError("no-pending-commit");
          return call((observer) => observer.stagedMatches(groupInfo));
        },
        welcomed: (welcome) =>
          readReferences(guarded.call(({ RawObserver }) => RawObserver.welcomeReferences(welcome))),
      } satisfies StagedCommit;
    },
    accept() {
      staging += 1;
      call((observer) => observer.accept());
    },
    save() {
      const reply = new Reply(call((observer) => observer.save()));
      const [state, tree] = [reply.bytes(), reply.maybe()];
      const whole = tree ?? saved?.tree;
      if (whole === undefined) throw new EngineError("engine-failed", "a first save without tree");
      saved = { state, tree: whole };
      return { state, tree };
    },
    close() {
      closed = true;
      if (held?.age === guarded.age) held.raw.free();
      held = null;
      saved = null;
    },
  };
}

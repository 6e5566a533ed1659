import { EngineError } from "./engine-error.ts";
import type { Committed, Group, Member, PastEpoch, WholeGroup } from "./group-engine.ts";
import type { Guarded } from "./guarded.ts";
import type { RawEngine, RawGroup } from "./module/instance.ts";
import { packed, Reply } from "./module/reply.ts";
import { decodePolicy, encodePolicy } from "./policy-bytes.ts";
import { readCommitted, readMember, readMembers, readPending } from "./replies.ts";
import type { RoomPolicy } from "./room-policy.ts";

/** The engine that a group is of. */
export interface GroupHome {
  readonly guarded: Guarded;
  raw(): RawEngine;
  load(saved: WholeGroup): RawGroup;
}

/**
 * A group over the module's object. When the instance that it was in has ended, the next call loads it as it was last saved: what
 * wasn't saved has left nobody's hands.
 */
export function memberGroup(home: GroupHome, made: RawGroup, loaded: WholeGroup | null): Group {
  let held: { readonly age: number; readonly raw: RawGroup } | null = { age: home.guarded.age, raw: made };
  let saved = loaded;
  let closed = false;
  let status = readStatus(home.guarded.call(() => made.status()));
  /** Of the current epoch. */
  let members = new Map<number, Member>();
  /** The first epoch whose keys are still wanted. */
  let oldest = 0;

  const raw = (): RawGroup => {
    // An engine that was closed throws here.
    home.raw();
    if (closed) throw new EngineError("closed");
    if (held?.age === home.guarded.age) return held.raw;
    if (saved === null) throw new EngineError("closed", "its instance ended before it was saved");
    const again = home.load(saved);
    held = { age: home.guarded.age, raw: again };
    refresh(again);
    return again;
  };
  const call = <T>(use: (raw: RawGroup) => T): T => {
    const group = raw();
    return home.guarded.call(() => use(group));
  };
  const refresh = (group: RawGroup): void => {
    status = readStatus(home.guarded.call(() => group.status()));
    members = new Map();
  };
  /** For what changes epoch, policy, leaf, or whether a commit waits. */
  const changing = <T>(use: (raw: RawGroup) => T): T => {
    const group = raw();
    try {
      return home.guarded.call(() => use(group));
    } finally {
      if (held?.age === home.guarded.age) refresh(group);
    }
  };
  const committed = (use: (raw: RawGroup) => Uint8Array): Committed => readCommitted(new Reply(changing(use)));
  const member = (leaf: number): Member | null => {
    const known = members.get(leaf);
    if (known !== undefined) return known;
    const reply = new Reply(call((group) => group.member(leaf)));
    const found = reply.flag() ? readMember(reply) : null;
    if (found !== null) members.set(leaf, found);
    return found;
  };
  const present = (): Status => {
    raw();
    return status;
  };

  return {
    get id() {
      return status.id.slice();
    },
    get epoch() {
      return present().epoch;
    },
    get leaf() {
      return present().leaf;
    },
    get pending() {
      return present().pending;
    },
    get policy() {
      return present().policy;
    },
    members: () => readMembers(call((group) => group.members())),
    member,
    authenticator: () => call((group) => group.authenticator()),
    exportSecret: (label, context, length) =>
      call((group) => group.exportSecret(new TextEncoder().encode(label), context, length)),
    info: () => call((group) => group.info()),
    commitAdd: (keyPackages, now, options) =>
      readPending(changing((group) => group.commitAdd(packed(keyPackages), now, dataOf(options)))),
    commitRemove: (leaves, options) =>
      readPending(changing((group) => group.commitRemove(Uint32Array.from(leaves), dataOf(options)))),
    commitUpdate: (options) => {
      const engine = home.raw();
      return readPending(changing((group) => group.commitUpdate(engine, dataOf(options))));
    },
    commitPolicy: (policy, options) => {
      const bytes = encodePolicy(policy);
      return readPending(changing((group) => group.commitPolicy(bytes, dataOf(options))));
    },
    apply: () => committed((group) => group.apply()),
    clear: () => changing((group) => group.clear()),
    process: (handshake) => committed((group) => group.process(handshake)),
    seal(plaintext, authenticatedData = NONE) {
      const reply = new Reply(call((group) => group.seal(plaintext, authenticatedData)));
      return { epoch: reply.u64(), generation: reply.u32(), message: reply.bytes() };
    },
    open(sealed) {
      const reply = new Reply(call((group) => group.open(sealed)));
      const [epoch, generation, leaf] = [reply.u64(), reply.u32(), reply.u32()];
      const [plaintext, authenticatedData] = [reply.bytes(), reply.bytes()];
      const sender = reply.flag() ? readMember(reply) : member(leaf);
      if (sender === null) throw new EngineError("invalid", "from a leaf that nobody holds");
      return { plaintext, epoch, generation, sender, authenticatedData };
    },
    save() {
      const reply = new Reply(call((group) => group.save()));
      const [state, tree] = [reply.bytes(), reply.maybe()];
      const epochs = reply.list((item): PastEpoch => ({ epoch: item.u64(), bytes: item.bytes() }));
      const whole = tree ?? saved?.tree;
      if (whole === undefined) throw new EngineError("engine-failed", "a first save without tree");
      saved = { groupId: status.id, state, tree: whole, epochs: newest(saved?.epochs ?? [], epochs, oldest) };
      return { groupId: status.id.slice(), state, tree, epochs };
    },
    forgetEpochsBefore(epoch) {
      call((group) => group.forgetEpochsBefore(epoch));
      oldest = Math.max(oldest, epoch);
      if (saved !== null) saved = { ...saved, epochs: newest(saved.epochs, [], oldest) };
    },
    close() {
      closed = true;
      if (held?.age === home.guarded.age) held.raw.free();
      held = null;
      saved = null;
    },
  };
}

interface Status {
  readonly id: Uint8Array;
  readonly policy: RoomPolicy;
  readonly epoch: number;
  readonly leaf: number;
  readonly pending: boolean;
}

function readStatus(bytes: Uint8Array): Status {
  const reply = new Reply(bytes);
  return {
    id: reply.bytes(),
    policy: decodePolicy(reply.bytes()),
    epoch: reply.u64(),
    leaf: reply.u32(),
    pending: reply.flag(),
  };
}

const NONE = new Uint8Array();

function dataOf(options: { readonly authenticatedData?: Uint8Array } | undefined): Uint8Array {
  return options?.authenticatedData ?? NONE;
}

/** The three newest past epochs, the later bytes of each. */
function newest(old: readonly PastEpoch[], written: readonly PastEpoch[], oldest: number): readonly PastEpoch[] {
  const all = new Map([...old, ...written].map((past) => [past.epoch, past]));
  return [...all.values()]
    .filter(({ epoch }) => epoch >= oldest)
    .toSorted((one, other) => other.epoch - one.epoch)
    .slice(0, 3);
}

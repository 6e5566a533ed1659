import { BOUNDS } from "./bounds.ts";
import { EngineError } from "./engine-error.ts";
import type { EngineOptions, ExternalJoin, Group, GroupEngine, WelcomeJoin, WholeGroup } from "./group-engine.ts";
import { deviceSigner } from "./device-signer.ts";
import { guard } from "./guarded.ts";
import { joinInThread } from "./join-thread.ts";
import { memberGroup, type GroupHome } from "./member-group.ts";
import type { RawEngine, RawGroup } from "./module/instance.ts";
import { packed, Reply } from "./module/reply.ts";
import { encodePolicy } from "./policy-bytes.ts";
import { readReferences } from "./replies.ts";

/** A device's engine, with an instance of the module of its own (about 2 MB). `bad-record` if the record isn't of that device. */
export function createGroupEngine({ seed, record: given }: EngineOptions, guarding = guard): GroupEngine {
  const signer = deviceSigner(seed);
  const guarded = guarding(signer.sign);
  let record = new Uint8Array(given);
  let held: { readonly age: number; readonly raw: RawEngine } | null = null;
  let closed = false;

  /** The engine in the current instance. */
  const raw = (): RawEngine => {
    if (closed) throw new EngineError("closed");
    if (held?.age !== guarded.age) {
      const made = guarded.call(({ RawEngine }) => new RawEngine(signer.publicKey, record));
      held = { age: guarded.age, raw: made };
    }
    return held.raw;
  };
  const call = <T>(use: (raw: RawEngine) => T): T => {
    const engine = raw();
    return guarded.call(() => use(engine));
  };
  const loadRaw = (saved: WholeGroup): RawGroup =>
    call((engine) => engine.load(saved.state, saved.tree, packedEpochs(saved)));
  const home: GroupHome = { guarded, raw, load: loadRaw };

  raw();

  return {
    deviceKey: signer.publicKey,
    get record() {
      return record.slice();
    },
    renewRecord(next) {
      call((engine) => engine.renewRecord(next));
      record = new Uint8Array(next);
    },
    keyPackage({ lastResort = false, now, lifetime }) {
      const reply = new Reply(call((engine) => engine.keyPackage(lastResort, now, lifetime)));
      return { keyPackage: reply.bytes(), reference: reply.bytes(), secret: reply.bytes() };
    },
    createGroup(groupId, policy) {
      const bytes = encodePolicy(policy);
      return memberGroup(
        home,
        call((engine) => engine.createGroup(groupId, bytes)),
        null,
      );
    },
    welcomeReferences: (welcome) => readReferences(call((engine) => engine.welcomeReferences(welcome))),
    async join(welcome, secret) {
      if (welcome.length <= BIG) return welcomedHere(welcome, secret);
      if (welcome.length > BOUNDS.welcome) throw new EngineError("too-large");
      raw();
      const answer = await joinInThread({ key: signer.key, record, join: { kind: "welcome", welcome, secret } });
      if (answer.kind !== "welcomed") throw otherQuestion();
      return { group: load(answer.saved), committer: answer.committer };
    },
    async joinExternal(groupInfo, { authenticatedData = NONE } = {}) {
      if (groupInfo.length <= BIG) return joinHere(groupInfo, authenticatedData);
      if (groupInfo.length > BOUNDS.welcome) throw new EngineError("too-large");
      raw();
      const join = { kind: "external", groupInfo, authenticatedData } as const;
      const answer = await joinInThread({ key: signer.key, record, join });
      if (answer.kind !== "joined") throw otherQuestion();
      return { ...answer.external, group: load(answer.saved) };
    },
    load,
    hpkeSeal: (publicKey, info, plaintext) => call((engine) => engine.hpkeSeal(publicKey, info, plaintext)),
    hpkeOpen: (secretKey, publicKey, info, sealed) =>
      call((engine) => engine.hpkeOpen(secretKey, publicKey, info, sealed)),
    hpkeKey() {
      const reply = new Reply(call((engine) => engine.hpkeKey()));
      return { secretKey: reply.bytes(), publicKey: reply.bytes() };
    },
    close() {
      if (!closed && held?.age === guarded.age) held.raw.free();
      closed = true;
      held = null;
    },
  };

  function load(saved: WholeGroup): Group {
    return memberGroup(home, loadRaw(saved), saved);
  }

  function welcomedHere(welcome: Uint8Array, secret: Uint8Array): WelcomeJoin {
    const { reply, rawGroup } = call((engine) => {
      const joined = engine.join(welcome, secret);
      return { reply: new Reply(joined.reply), rawGroup: joined.takeGroup() };
    });
    return { group: memberGroup(home, rawGroup, null), committer: reply.u32() };
  }

  function joinHere(groupInfo: Uint8Array, authenticatedData: Uint8Array): ExternalJoin {
    const { reply, rawGroup } = call((engine) => {
      const joined = engine.joinExternal(groupInfo, authenticatedData);
      return { reply: new Reply(joined.reply), rawGroup: joined.takeGroup() };
    });
    const [commit, info] = [reply.bytes(), reply.bytes()];
    const replaced = reply.flag() ? reply.u32() : null;
    return { group: memberGroup(home, rawGroup, null), commit, groupInfo: info, replaced };
  }
}

/** Bytes of a Welcome or GroupInfo with tree above which joining may take over 50 ms: some 150 members. */
const BIG = 65_536;

const NONE = new Uint8Array();

function otherQuestion(): EngineError {
  return new EngineError("engine-failed", "a thread's answer to another question");
}

function packedEpochs({ epochs }: WholeGroup): Uint8Array {
  return packed(
    epochs.map(({ epoch, bytes }) => {
      const item = new Uint8Array(8 + bytes.length);
      new DataView(item.buffer).setBigUint64(0, BigInt(epoch));
      item.set(bytes, 8);
      return item;
    }),
  );
}

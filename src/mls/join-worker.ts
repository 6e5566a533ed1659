/** The thread in which big groups are joined (join-thread.ts): a request in, an answer out; it keeps nothing of them. */
import { parentPort, workerData } from "node:worker_threads";
import { deviceSigner } from "./device-signer.ts";
import { EngineError } from "./engine-error.ts";
import type { WholeGroup } from "./group-engine.ts";
import { guard } from "./guarded.ts";
import type { JoinAnswer, JoinedExternally, JoinRequest, JoinThreadData } from "./join-thread.ts";
import { useModule, type Instance, type RawEngine, type RawGroup } from "./module/instance.ts";
import { Reply } from "./module/reply.ts";

const { module }: JoinThreadData = workerData;
useModule(module);
const port = parentPort;
if (port === null) throw new Error("This file runs as a thread.");
port.on("message", (request: JoinRequest) => port.postMessage(answer(request)));

function answer({ key, record, join }: JoinRequest): JoinAnswer {
  const signer = deviceSigner(key);
  try {
    return guard(signer.sign).call((instance) => joined(instance, signer.publicKey, record, join));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { kind: "refused", code: error.code, detail: error.message };
  }
}

function joined(
  { RawEngine: Engine }: Instance,
  key: Uint8Array,
  record: Uint8Array,
  join: JoinRequest["join"],
): JoinAnswer {
  const engine = new Engine(key, record);
  switch (join.kind) {
    case "welcome":
      return welcomed(engine, join.welcome, join.secret);
    case "external":
      return external(engine, join.groupInfo, join.authenticatedData);
  }
}

function welcomed(engine: RawEngine, welcome: Uint8Array, secret: Uint8Array): JoinAnswer {
  const made = engine.join(welcome, secret);
  return { kind: "welcomed", saved: whole(made.takeGroup()), committer: new Reply(made.reply).u32() };
}

function external(engine: RawEngine, groupInfo: Uint8Array, authenticatedData: Uint8Array): JoinAnswer {
  const made = engine.joinExternal(groupInfo, authenticatedData);
  const reply = new Reply(made.reply);
  const [commit, info] = [reply.bytes(), reply.bytes()];
  const told: JoinedExternally = { commit, groupInfo: info, replaced: reply.flag() ? reply.u32() : null };
  return { kind: "joined", saved: whole(made.takeGroup()), external: told };
}

function whole(group: RawGroup): WholeGroup {
  const reply = new Reply(group.save());
  const [state, tree] = [reply.bytes(), reply.maybe()];
  if (tree === null) throw new EngineError("engine-failed", "a first save without tree");
  const groupId = new Reply(group.status()).bytes();
  return { groupId, state, tree, epochs: [] };
}

/** What the module's replies mean. */
import type { Committed, Member, PendingCommit } from "./group-engine.ts";
import { Reply } from "./module/reply.ts";

export function readMember(reply: Reply): Member {
  return { leaf: reply.u32(), record: reply.bytes(), deviceKey: reply.bytes() };
}

export function readMembers(bytes: Uint8Array): readonly Member[] {
  return new Reply(bytes).list(readMember);
}

export function readReferences(bytes: Uint8Array): readonly Uint8Array[] {
  return new Reply(bytes).list((reply) => reply.bytes());
}

export function readPending(bytes: Uint8Array): PendingCommit {
  const reply = new Reply(bytes);
  return { commit: reply.bytes(), welcome: reply.maybe(), groupInfo: reply.bytes() };
}

export function readCommitted(reply: Reply): Committed {
  const kind = KINDS[reply.u8() - 1];
  if (kind === undefined) throw new Error("The module and its reader are of different versions.");
  return {
    kind,
    epoch: reply.u64(),
    sender: readMember(reply),
    added: reply.list(readMember),
    removed: reply.list(readMember),
    renewed: reply.list(readMember),
    removedSelf: reply.flag(),
    authenticatedData: reply.bytes(),
  };
}

const KINDS = ["add", "remove", "update", "policy", "external-join", "resync"] as const;

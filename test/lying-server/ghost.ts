import { randomBytes } from "node:crypto";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import { signRecord } from "../../src/mls/identity/device-record.ts";
import { newSigningKey } from "../../src/mls/identity/ed25519.ts";
import type { SigningKey } from "../../src/mls/identity/ed25519.ts";
import type { Who } from "../../src/mls/identity/who.ts";
import type { Told } from "./shown-log.ts";

/**
 * A device that no real server would let in, comes into an open group by itself: what a server that lies puts into a log. `userKey`: that it is
 * signed with, its own if it has none.
 */
export async function ghostJoins(
  groupInfo: Uint8Array,
  {
    who,
    epoch,
    userKey = newSigningKey(),
  }: { readonly who: Who; readonly epoch: number; readonly userKey?: SigningKey },
): Promise<Told> {
  const key = newSigningKey();
  const deviceId = Uint8Array.from(randomBytes(16));
  const fields = { ...who, label: who.identity, deviceId, deviceLabel: "ghost", node: "", notAfter: 0n };
  const engine = createGroupEngine({ seed: key.seed, record: signRecord(fields, userKey, key.publicKey) });
  try {
    const { commit: bytes, group } = await engine.joinExternal(groupInfo);
    group.close();
    return { kind: "commit", at: Date.now(), device: Buffer.from(deviceId).toString("base64url"), epoch, bytes };
  } finally {
    engine.close();
  }
}

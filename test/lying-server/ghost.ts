import { randomBytes } from "node:crypto";
import { encodeContent } from "../../src/agent/content/content.ts";
import type { Content } from "../../src/agent/content/content.ts";
import { authenticatedData } from "../../src/agent/group-sessions/log.ts";
import { createGroupEngine } from "../../src/mls/create-group-engine.ts";
import { signRecord } from "../../src/mls/identity/device-record.ts";
import { newSigningKey } from "../../src/mls/identity/ed25519.ts";
import type { SigningKey } from "../../src/mls/identity/ed25519.ts";
import type { Who } from "../../src/mls/identity/who.ts";
import type { Told } from "./shown-log.ts";

interface Coming {
  readonly who: Who;
  readonly epoch: number;
  /** That it is signed with, its own if it has none. */
  readonly userKey?: SigningKey;
}

/** A device that no real server would let in, in an open group. */
export interface Ghost {
  /** What it came in by. */
  readonly coming: Told;
  /** What it says next, in the epoch that it came in with. */
  says(content: Content): Told;
  close(): void;
}

/** It comes into an open group by itself: what a server that lies puts into a log. */
export async function ghostJoins(groupInfo: Uint8Array, coming: Coming): Promise<Told> {
  const ghost = await ghostIn(groupInfo, coming);
  ghost.close();
  return ghost.coming;
}

/** The same, and it speaks there. */
export async function ghostIn(
  groupInfo: Uint8Array,
  { who, epoch, userKey = newSigningKey() }: Coming,
): Promise<Ghost> {
  const key = newSigningKey();
  const deviceId = Uint8Array.from(randomBytes(16));
  const fields = { ...who, label: who.identity, deviceId, deviceLabel: "ghost", node: "", notAfter: 0n };
  const engine = createGroupEngine({ seed: key.seed, record: signRecord(fields, userKey, key.publicKey) });
  const { commit: bytes, group } = await engine.joinExternal(groupInfo);
  const device = Buffer.from(deviceId).toString("base64url");
  let counter = 0;
  return {
    coming: { kind: "commit", at: Date.now(), device, epoch, bytes },
    says(content) {
      counter += 1;
      const id = Uint8Array.from(randomBytes(16));
      const message = Buffer.from(id).toString("base64url");
      const sealed = group.seal(encodeContent(content), authenticatedData(counter, id));
      return {
        kind: "message",
        at: Date.now(),
        device,
        epoch: sealed.epoch,
        counter,
        message,
        bytes: sealed.message,
      };
    },
    close() {
      group.close();
      engine.close();
    },
  };
}

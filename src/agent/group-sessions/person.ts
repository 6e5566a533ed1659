import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Member } from "../../mls/group-engine.ts";

export interface Person {
  readonly leaf: number;
  /** `whoKey` of `identity`. */
  readonly who: string;
  readonly identity: Who;
  /** Login or node name, for people to read. */
  readonly label: string;
  readonly deviceId: Uint8Array;
  readonly deviceKey: Uint8Array;
  readonly deviceLabel: string;
  readonly userKey: Uint8Array;
}

/** Who holds a leaf. The engine lets none in whose record doesn't verify. */
export function personOf({ leaf, record, deviceKey }: Member): Person {
  const read = readVerifiedRecord(record);
  if (!read.ok) throw new TypeError(`a member's record is none: ${read.fault}`);
  const { server, kind, identity, label, deviceId, deviceLabel, userKey } = read.record;
  return {
    leaf,
    who: whoKey(read.record),
    identity: { server, kind, identity },
    label,
    deviceId,
    deviceKey,
    deviceLabel,
    userKey,
  };
}

import { BOUNDS } from "./bounds.ts";
import { EngineError } from "./engine-error.ts";
import { Reply } from "./module/reply.ts";
import type { PolicyPerson, RecordKind, RoomPolicy } from "./room-policy.ts";

/** As the group's context has it; `engine/module/src/policy.rs` reads the same. */
export function encodePolicy({ access, add, remove, moderators, listed }: RoomPolicy): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(VERSION, 1 + ACCESS.indexOf(access), 1 + WHO.indexOf(add), 1 + WHO.indexOf(remove)),
    encodePeople(moderators),
    encodePeople(listed),
  ]);
}

export function decodePolicy(bytes: Uint8Array): RoomPolicy {
  const reply = new Reply(bytes);
  if (reply.u8() !== VERSION) throw new EngineError("malformed", "another version of policy");
  const policy = {
    access: of(ACCESS, reply.u8()),
    add: of(WHO, reply.u8()),
    remove: of(WHO, reply.u8()),
    moderators: decodePeople(reply),
    listed: decodePeople(reply),
  };
  reply.end();
  return policy;
}

const VERSION = 1;
const ACCESS = ["open", "invite", "listed"] as const;
const WHO = ["members", "moderators"] as const;
const KINDS: readonly RecordKind[] = ["person", "machine", "address", "name"];

function of<T>(words: readonly T[], byte: number): T {
  const word = words[byte - 1];
  if (word === undefined) throw new EngineError("malformed", "an unknown word in a policy");
  return word;
}

function encodePeople(people: readonly PolicyPerson[]): Uint8Array {
  if (people.length > BOUNDS.people)
    throw new EngineError("too-large", `more than ${BOUNDS.people} people in a policy`);
  const encoded = people.map(({ kind, identity }) => {
    const bytes = Buffer.from(identity, "utf8");
    if (bytes.length === 0 || bytes.length > 256) throw new EngineError("malformed", "an identity of 1 to 256 bytes");
    return Buffer.concat([Uint8Array.of(1 + KINDS.indexOf(kind), bytes.length >> 8, bytes.length & 0xff), bytes]);
  });
  return Buffer.concat([Uint8Array.of(people.length >> 8, people.length & 0xff), ...encoded]);
}

function decodePeople(reply: Reply): readonly PolicyPerson[] {
  const count = reply.u16();
  if (count > BOUNDS.people) throw new EngineError("too-large", "people in a policy");
  return Array.from({ length: count }, () => ({
    kind: of(KINDS, reply.u8()),
    identity: Buffer.from(reply.field()).toString("utf8"),
  }));
}

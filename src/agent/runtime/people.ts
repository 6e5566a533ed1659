import type { FramesClient } from "../../client/frames/index.ts";
import { createObservers } from "../../mls/create-observers.ts";
import { readVerifiedRecord } from "../../mls/identity/device-record.ts";
import { sameBytes } from "../../mls/identity/bytes.ts";
import { whoKey } from "../../mls/identity/who.ts";
import type { Who } from "../../mls/identity/who.ts";
import type { Person } from "../../wire/frames/people.ts";
import type { ReplyBody } from "../../wire/frames/requests.ts";
import { toBytes, toText } from "../delivery/base64url.ts";
import { isSameOwner } from "../delivery/places.ts";
import type { Hold } from "../group-sessions/events.ts";
import type { AgentStore } from "../storage/ports.ts";
import type { Self } from "./introduce.ts";
import { whyNot } from "./why-not.ts";

const observers = createObservers();

export interface Invited {
  readonly who: string;
  readonly devices: readonly { readonly deviceId: Uint8Array; readonly keyPackage: Uint8Array }[];
}

/** Their key packages are under keys that aren't the pinned one: each of them once, with what was pinned then. */
export interface ChangedKey {
  readonly hold: Extract<Hold, { kind: "changed-key" | "remapped-name" }>;
}

interface Looking {
  readonly client: FramesClient;
  readonly store: AgentStore;
  readonly self: Self;
}

/** Whom the server calls so, their name pinned at its first use; a word for why not else. */
export async function lookUp({ client, store, self }: Looking, name: string): Promise<Person | string> {
  const answer = await client.request("look-up", { name });
  if (answer.kind !== "answered") return whyNot(answer);
  const { person } = answer.value;
  if (person === null) return "nobody-of-this-name";
  await self.people.change(store, () => self.people.seeName(person.name, whoOf(self, person)));
  // The name led to somebody else first: who is meant isn't for the server alone to say.
  const pinned = self.people.named(person.name);
  return pinned !== null && whoKey(pinned) !== whoKey(whoOf(self, person)) ? "remapped-name" : person;
}

/**
 * A key package of each of the person's devices, for one group. The server chooses them: each must be of the very device that was
 * asked for, of this person, under the user key that is pinned if one is; under `userKey` where that is given. A device that the server has
 * nothing usable of, since it wasn't here for months, keeps no other out: it comes in when it is here again (companions.ts).
 */
export async function takePackages(
  { client, self }: Looking,
  {
    group,
    person,
    userKey = null,
    now,
  }: {
    readonly group: Uint8Array;
    readonly person: Person;
    readonly userKey?: Uint8Array | null;
    readonly now: number;
  },
): Promise<Invited | ChangedKey | string> {
  const who = whoKey(whoOf(self, person));
  const of = person.devices.map(({ device }) => device);
  if (of.length === 0) return "no-device";
  const taken = await takeAll(client, toText(group), of);
  if (typeof taken === "string") return taken;
  const devices: { deviceId: Uint8Array; keyPackage: Uint8Array }[] = [];
  const changed = new Map<string, Uint8Array>();
  for (const { device, keyPackage } of taken) {
    const fault = faultOf(keyPackage, { device, person, self, userKey, now });
    if (fault === UNUSABLE) continue;
    if (typeof fault === "string") return fault;
    if (fault === null) devices.push({ deviceId: toBytes(device), keyPackage });
    else changed.set(toText(fault.userKey), fault.userKey);
  }
  if (changed.size > 0) {
    const known = self.people.keyOf(who);
    const shown = Array.from(changed.values(), (key) => ({ who: whoOf(self, person), userKey: key, known }));
    return { hold: { kind: "changed-key", who: [who], shown } };
  }
  return devices.length === 0 ? UNUSABLE : { who, devices };
}

/** It is none, or has expired. */
const UNUSABLE = "no-usable-key-package";

/** Of each device that the server has any of; a word for why not of none. */
async function takeAll(
  client: FramesClient,
  group: string,
  devices: readonly string[],
): Promise<ReplyBody<"take-packages">["packages"] | string> {
  let of = [...devices];
  for (;;) {
    const answer = await client.request("take-packages", { group, of });
    if (answer.kind === "answered") return answer.value.packages;
    const refusal = answer.kind === "refused" ? answer.refusal : null;
    if (refusal?.reason !== "no-key-package") return whyNot(answer);
    const left = of.filter((device) => device !== refusal.device);
    if (left.length === of.length || left.length === 0) return refusal.reason;
    of = left;
  }
}

function faultOf(
  keyPackage: Uint8Array,
  expected: {
    readonly device: string;
    readonly person: Person;
    readonly self: Self;
    readonly userKey: Uint8Array | null;
    readonly now: number;
  },
): string | { readonly userKey: Uint8Array } | null {
  const { device, person, self, userKey: demanded, now } = expected;
  let inspected: ReturnType<typeof observers.inspectKeyPackage>;
  try {
    inspected = observers.inspectKeyPackage(keyPackage, Math.floor(now / 1000));
  } catch {
    return UNUSABLE;
  }
  const read = readVerifiedRecord(inspected.record);
  if (!read.ok) return UNUSABLE;
  const { deviceId, kind, identity, server } = read.record;
  const isTheirs = toText(deviceId) === device && isSameOwner({ kind, identity }, person.owner);
  if (!isTheirs || toText(server) !== toText(self.server)) return "another-device";
  if (demanded !== null && !sameBytes(read.record.userKey, demanded)) return "changed-key";
  const block = self.people.blocks({ ...read.record, identity: read.record, deviceKey: inspected.deviceKey });
  return block === "changed-key" ? { userKey: read.record.userKey } : block;
}

export function whoOf({ server }: Pick<Self, "server">, { owner }: Pick<Person, "owner">): Who {
  return { server, ...owner };
}

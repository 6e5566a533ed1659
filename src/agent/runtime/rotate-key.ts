/**
 * A new user key that this device makes, since a device of its person's is to be out (SEALED.md 7). It is on the disk first, then the server decides
 * between two devices that do so at once; a removal that was begun goes on until an answer says that it isn't done.
 */
import { sameBytes } from "../../mls/identity/bytes.ts";
import { signingKeyOf } from "../../mls/identity/ed25519.ts";
import { whoKey } from "../../mls/identity/who.ts";
import { toText } from "../delivery/base64url.ts";
import { EVERYONE } from "../delivery/places.ts";
import type { KeptRotation } from "../storage/kept.ts";
import type { Entrance } from "./entrance.ts";
import type { KeyFollowing, Succeed } from "./follow-key.ts";
import { ownWho } from "./introduce.ts";
import type { Self } from "./introduce.ts";
import { successionOf } from "./next-key.ts";
import { failed } from "./rooms.ts";
import type { Failed } from "./rooms.ts";
import { makeRotation } from "./rotation.ts";
import { whyNot } from "./why-not.ts";

/** `removed`: all devices that are out with it, in base64url. `waiting`: nobody answered; it is done as soon as the server is there. */
export interface Removed {
  readonly kind: "removed" | "waiting";
  readonly devices: readonly string[];
}

/** To see whether it is in, 100 ms each. */
const MOST_ATTEMPTS = 50;
/** A removal is made anew so often where others of the person's devices have come or gone since they were listed. */
const MOST_ROTATIONS = 4;

/**
 * Refusals that say that what was asked isn't done (groups/rotation.ts). Behind any other, also one that this version doesn't know, it may have
 * been done before, and then the new key is in no other place.
 */
const NOT_DONE: ReadonlySet<string> = new Set(["device-removed", "other-user-key", "unknown-device", "wrong-device"]);

/** `succeed`: puts this device under a new key. */
export function keyRotating({ succeed, follow }: { readonly succeed: Succeed } & Pick<KeyFollowing, "follow">) {
  return { proceed, remove };

  async function remove(entrance: Entrance, ids: readonly string[]): Promise<Removed | Failed> {
    const { store, self } = entrance;
    // What was begun and not ended comes first.
    await proceed(entrance);
    await follow(entrance, null);
    const { userSeed, rotation: begun } = await store.load();
    if (begun !== null) {
      const going = goingBy(self, begun.statement);
      return ids.every((id) => going.includes(id)) ? { kind: "waiting", devices: going } : failed("offline");
    }
    if (userSeed === null) return failed("device-not-confirmed");
    // Others would take a key that follows on this device's own for a changed one, and this device hold itself.
    const pinned = self.people.keyOf(whoKey(ownWho(self)));
    if (pinned !== null && !sameBytes(pinned, signingKeyOf(userSeed).publicKey)) return failed("former-user-key");
    return (await rotate(entrance, userSeed, ids)) ?? failed("busy");
  }

  /** Null: others of this person's devices came or went each time, in that very moment. */
  async function rotate(
    entrance: Entrance,
    userSeed: Uint8Array,
    ids: readonly string[],
  ): Promise<Removed | Failed | null> {
    const { client, store, groups, self } = entrance;
    for (let attempt = 0; attempt < MOST_ROTATIONS; attempt += 1) {
      // In this order: whoever is seen in a group has come before it is listed, and isn't taken for one that has not.
      const leaves = (await groups.members()).filter(({ who }) => who === whoKey(ownWho(self)));
      const answer = await client.request("own-devices", {});
      if (answer.kind !== "answered") return failed(whyNot(answer));
      const rotation = makeRotation({ self, userSeed, ids, listed: answer.value.devices, leaves });
      if (typeof rotation === "string") return failed(rotation);
      await store.commit([{ kind: "rotation-begun", rotation }]);
      const why = await proceed(entrance);
      // One that came, or went, since they were listed: it isn't done, and the next one names it.
      if (why === "unknown-device") continue;
      // Another device of ours was faster, with a user key that this one follows.
      if (why === "other-user-key") return failed("busy");
      if (why !== null && why !== "offline") return failed(why);
      return { kind: why === null ? "removed" : "waiting", devices: goingBy(self, rotation.statement) };
    }
    return null;
  }

  /** Asks the server for what was begun, if something was. A word for why it isn't done (`offline`: it is asked for again); null: it is. */
  async function proceed(entrance: Entrance): Promise<string | null> {
    const { client, store, self } = entrance;
    const { rotation } = await store.load();
    if (rotation === null) return null;
    const answer = await client.request("rotate-user-key", askedOf(rotation));
    const refusal = answer.kind === "refused" ? (answer.refusal?.reason ?? null) : null;
    if (refusal !== null && NOT_DONE.has(refusal)) {
      await store.commit([{ kind: "rotation-dropped" }]);
      await follow(entrance, null);
      return refusal;
    }
    if (answer.kind !== "answered") return "offline";
    const { seed, own: record, statement, former } = rotation;
    const { receipt } = answer.value;
    await succeed(entrance, { seed, record, statement }, () => [
      { kind: "receipt-kept", receipt: toText(receipt) },
      ...self.people.succeed(ownWho(self), former, [statement]),
    ]);
    return null;
  }
}

/** Only who is in a room when a device is put out of it is taken at its word there: a device that has just come waits for #everyone, for a moment. */
export async function comeIn({ groups, self, system }: Entrance): Promise<void> {
  if (self.owner.kind === "machine") return;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt += 1) {
    if ((await groups.of(EVERYONE)?.look())?.row.status === "active") return;
    await system.wait(100);
  }
}

function askedOf({ seed, former, statement, removed, own, staying }: KeptRotation) {
  return {
    former: toText(former),
    userKey: toText(signingKeyOf(seed).publicKey),
    removed: removed.map(toText),
    statement,
    own,
    staying: staying.map(({ device, record, sealed }) => ({ device: toText(device), record, sealed })),
  };
}

/** The ids, in base64url, of all devices that a statement puts out. */
function goingBy(self: Self, statement: Uint8Array): readonly string[] {
  return successionOf(self, statement)?.removed.map(toText) ?? [];
}

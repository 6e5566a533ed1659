import { identityKey } from "../../core/identity.ts";
import { membersUnder } from "../../core/index-map.ts";
import { foldName } from "../../core/names.ts";
import { namesAfter } from "../../core/sorted-names.ts";
import { get } from "../../core/persistent-map.ts";
import type { Claim, SessionId } from "../../core/events.ts";
import { sessionsNamed, type State as CoreState } from "../../core/state.ts";
import { ownerKey, type State as GroupState } from "../../groups/state.ts";
import type { Person } from "../../wire/frames/people.ts";
import { fromBase64url } from "../groups/found-device.ts";
import { labelOf, ownerOf } from "./owner.ts";

export interface DirectoryOptions {
  readonly core: () => CoreState;
  readonly groups: () => GroupState;
  /** Whether a session speaks frames. */
  readonly speaksFrames: (session: SessionId) => boolean;
  readonly awayOf: (foldedName: string) => string | null;
}

/** Everybody who has a name here, as frames tell it: put together of what the core and the delivery service know. */
export class Directory {
  readonly #options: DirectoryOptions;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** Null: nobody has this name. */
  person(name: string): Person | null {
    const claim = get(this.#options.core().claims, foldName(name));
    return claim === undefined ? null : this.#personOf(claim);
  }

  /** Everybody who is the same person or machine as whoever has this name: their devices are the same. */
  people(name: string): Person[] {
    const { claims, claimsOf } = this.#options.core();
    const claim = get(claims, foldName(name));
    if (claim === undefined) return [];
    const isAlone = claim.identity.kind === "local";
    const names = isAlone ? [foldName(name)] : membersUnder(claimsOf, identityKey(claim.identity));
    return names.flatMap((own) => this.person(own) ?? []);
  }

  /** At most `limit` people whose names come after `after`, in the order of names. */
  page(after: string | null, limit: number): { readonly people: Person[]; readonly more: boolean } {
    const names = namesAfter(this.#options.core().names, after === null ? null : foldName(after), limit + 1);
    const people = names.slice(0, limit).flatMap((name) => this.person(name) ?? []);
    return { people, more: names.length > limit };
  }

  #personOf({ name, identity }: Claim): Person | null {
    const owner = ownerOf(identity, name);
    if (owner === null) return null;
    const key = ownerKey(owner);
    const groups = this.#options.groups();
    const sessions = sessionsNamed(this.#options.core(), name);
    const userKey = get(groups.userKeys, key)?.userKey ?? null;
    const devices = [...(get(groups.devicesOf, key) ?? [])].flatMap((device) => {
      const row = get(groups.devices, device);
      const isOwn = row !== undefined && !row.removed && row.userKey === userKey;
      return isOwn ? [{ device, record: fromBase64url(row.record) }] : [];
    });
    return {
      name,
      owner,
      label: labelOf(identity),
      online: sessions.length > 0,
      classic: sessions.some((session) => !this.#options.speaksFrames(session)),
      away: this.#options.awayOf(foldName(name)),
      userKey,
      devices,
    };
  }
}

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
    const devices = [...(get(groups.devicesOf, key) ?? [])].flatMap((device) => {
      const row = get(groups.devices, device);
      return row === undefined || row.removed ? [] : [{ device, record: fromBase64url(row.record) }];
    });
    return {
      name,
      owner,
      label: labelOf(identity),
      online: sessions.length > 0,
      classic: sessions.some((session) => !this.#options.speaksFrames(session)),
      away: this.#options.awayOf(foldName(name)),
      userKey: get(groups.userKeys, key)?.userKey ?? null,
      devices,
    };
  }
}

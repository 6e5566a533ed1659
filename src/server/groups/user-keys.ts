import { get } from "../../core/persistent-map.ts";
import type { GroupCommand } from "../../groups/commands.ts";
import type { ConfirmationRow, Owner } from "../../groups/rows.ts";
import { incarnationOf, ownerKey, type State } from "../../groups/state.ts";
import { readReceipt, writeReceipt } from "./receipt.ts";

/** A device that says hello, with a receipt as it was sent. */
export type ComingDevice = Omit<Extract<GroupCommand, { kind: "device-online" }>, "kind" | "receipt"> & {
  readonly receipt: Uint8Array | null;
};

/** Owners' user keys, as base64url, and the receipts by which a device shows later which of them this server had. */
export class UserKeys {
  readonly #state: () => State;
  readonly #secret: Uint8Array;

  /** @param secret signs receipts; 32 bytes. */
  constructor(state: () => State, secret: Uint8Array) {
    this.#state = state;
    this.#secret = secret;
  }

  /**
   * What tells who a local name is, which has nothing else to be told by: the first of its user keys, which stays the same when one follows
   * another; null: none yet.
   */
  ofName(name: string): string | null {
    return this.firstOf({ kind: "name", identity: name });
  }

  /** The first of an owner's user keys that have followed one another; null: none yet. */
  firstOf(owner: Owner): string | null {
    const row = this.#rowOf(owner);
    return row === undefined ? null : (row.first ?? row.userKey);
  }

  /** An owner's present user key; null: none yet. */
  presentOf(owner: Owner): string | null {
    return this.#rowOf(owner)?.userKey ?? null;
  }

  /** For a device of this owner to keep; null: the owner has no user key. */
  receiptFor(owner: Owner): Uint8Array | null {
    const row = this.#rowOf(owner);
    if (row === undefined) return null;
    const { userKey, since, incarnation = incarnationOf(this.#state()) } = row;
    return incarnation === "" ? null : writeReceipt(this.#secret, owner, { userKey, since, incarnation });
  }

  /** The same of the key that a confirmation gives; null also where that is no more the present one. */
  receiptWith({ owner, userKey }: Pick<ConfirmationRow, "owner" | "userKey">): Uint8Array | null {
    return this.presentOf(owner) === userKey ? this.receiptFor(owner) : null;
  }

  /** A hello as the rules take it: with what its receipt says, if this server wrote it for this owner and key. */
  read({ receipt, ...coming }: ComingDevice): Extract<GroupCommand, { kind: "device-online" }> {
    const { owner, userKey } = coming;
    const read = receipt === null ? null : readReceipt(this.#secret, owner, userKey, receipt);
    return { kind: "device-online", ...coming, receipt: read };
  }

  #rowOf(owner: Owner) {
    return get(this.#state().userKeys, ownerKey(owner));
  }
}

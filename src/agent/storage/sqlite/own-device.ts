import * as v from "valibot";
import { KINDS } from "../../../mls/identity/who.ts";
import type { Who } from "../../../mls/identity/who.ts";
import { AgentStoreError } from "../errors.ts";
import type { OwnDeviceChange } from "../changes.ts";
import { hex } from "../hex.ts";
import { EVERYONE_WISHES } from "../kept.ts";
import type { Candidate, Invitation, OwnDevice, SealKeyPair, EveryoneWish } from "../kept.ts";
import type { Connection } from "./connection.ts";
import type { Secrets } from "./secrets.ts";
import { singleValues } from "./single-values.ts";

/** What this device is among its person's: rows of `meta` and `secrets` for itself, `invitations` for those that it invites. */
export function ownDeviceRows(connection: Connection, secrets: Secrets) {
  const on = (sql: string) => connection.prepare(sql);
  const single = singleValues(connection, secrets);
  const statements = {
    invitations: on("SELECT id, sealed, until, device FROM invitations ORDER BY until, id"),
    invite: on("INSERT INTO invitations (id, sealed, until, device) VALUES (?, ?, ?, ?)"),
    use: on("UPDATE invitations SET device = ?1 WHERE id = ?2 AND (device IS NULL OR device = ?1)"),
    uninvite: on("DELETE FROM invitations WHERE id = ?"),
  };
  return {
    candidate(): Candidate | null {
      const kept = single.meta("candidate-of");
      if (kept === undefined) return null;
      return {
        who: v.parse(WhoRow, kept).value,
        token: single.secret("token"),
        hasWaited: single.hasMeta("candidate-waits"),
      };
    },
    sealKey(): SealKeyPair | null {
      const both = single.secret("seal-key");
      return both === null ? null : { secretKey: both.slice(0, 32), publicKey: both.slice(32) };
    },
    isRemoved: () => single.hasMeta("removed"),
    isRenewalOpen: () => single.hasMeta("renewal-open"),
    receipt(): string | null {
      const row = single.meta("receipt");
      return row === undefined ? null : v.parse(TextRow, row).value;
    },
    everyone(): EveryoneWish | null {
      const row = single.meta("everyone");
      return row === undefined ? null : v.parse(v.object({ value: v.picklist(EVERYONE_WISHES) }), row).value;
    },
    invitations: (): readonly Invitation[] =>
      statements.invitations.all().map((row) => {
        const { id, sealed, until, device } = v.parse(InvitationRow, row);
        return { id, secret: secrets.open(invitationPlace(id), sealed), until, device };
      }),
    apply,
  };

  function apply(change: OwnDeviceChange, begin: (device: OwnDevice) => void): void {
    switch (change.kind) {
      case "device-pending":
        begin({ ...change.device, record: new Uint8Array() });
        single.dropSecret("user-seed");
        single.dropMeta("removed");
        single.dropMeta("receipt");
        single.dropMeta("incarnation");
        single.dropMeta("candidate-waits");
        keepSealKey(change.sealKey);
        become(change.of);
        keepToken(change.token);
        return;
      case "device-confirmed":
        single.setMeta("record", change.record);
        single.setSecret("user-seed", change.userSeed);
        single.dropMeta("candidate-of");
        single.dropMeta("candidate-waits");
        single.dropSecret("token");
        return;
      case "device-unconfirmed":
        single.setMeta("record", new Uint8Array());
        single.dropSecret("user-seed");
        become(change.of);
        return;
      case "candidate-waits":
        single.setMeta("candidate-waits", 1);
        return;
      case "device-was-removed":
        single.setMeta("removed", 1);
        return;
      case "device-let-in":
        single.dropMeta("removed");
        return;
      case "token-kept":
        keepToken(change.token);
        return;
      case "seal-key-kept":
        keepSealKey(change.sealKey);
        return;
      case "everyone-kept":
        single.setMeta("everyone", change.everyone);
        return;
      case "receipt-kept":
        single.setMeta("receipt", change.receipt);
        return;
      case "renewal-begun":
        single.setMeta("renewal-open", 1);
        return;
      case "renewal-answered":
        single.dropMeta("renewal-open");
        return;
      case "invitation-made": {
        const { id, secret: own, until, device } = change.invitation;
        statements.invite.run(id, secrets.seal(invitationPlace(id), own), until, device);
        return;
      }
      case "invitation-used":
        if (statements.use.run(change.device, change.id) === 1) return;
        throw new AgentStoreError("conflict", "That invitation is another device's, or over. Invite the device again.");
      case "invitation-dropped":
        statements.uninvite.run(change.id);
        return;
    }
  }

  function become({ server, kind, identity }: Who): void {
    single.setMeta("candidate-of", JSON.stringify({ server: hex(server), kind, identity }));
  }

  function keepToken(token: Uint8Array | null): void {
    if (token === null) single.dropSecret("token");
    else single.setSecret("token", token);
  }

  function keepSealKey({ secretKey, publicKey }: SealKeyPair): void {
    single.setSecret("seal-key", Buffer.concat([secretKey, publicKey]));
  }
}

const Bytes = v.instance(Uint8Array);
const TextRow = v.object({ value: v.string() });
const InvitationRow = v.object({
  id: Bytes,
  sealed: Bytes,
  until: v.pipe(v.number(), v.safeInteger()),
  device: v.nullable(Bytes),
});
const WhoRow = v.object({
  value: v.pipe(
    v.string(),
    v.parseJson(),
    v.object({
      server: v.pipe(
        v.string(),
        v.hexadecimal(),
        v.transform((text): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"))),
      ),
      kind: v.picklist(KINDS),
      identity: v.string(),
    }),
  ),
});

function invitationPlace(id: Uint8Array): string {
  return `invitation ${hex(id)}`;
}

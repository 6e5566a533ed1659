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

/** What this device is among its person's: rows of `meta` and `secrets` for itself, `invitations` for those that it invites. */
export function ownDeviceRows(connection: Connection, secrets: Secrets) {
  const on = (sql: string) => connection.prepare(sql);
  const statements = {
    meta: on("SELECT value FROM meta WHERE key = ?"),
    setMeta: on("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"),
    dropMeta: on("DELETE FROM meta WHERE key = ?"),
    secret: on("SELECT sealed FROM secrets WHERE name = ?"),
    setSecret: on("INSERT OR REPLACE INTO secrets (name, sealed) VALUES (?, ?)"),
    dropSecret: on("DELETE FROM secrets WHERE name = ?"),
    invitations: on("SELECT id, sealed, until, device FROM invitations ORDER BY until, id"),
    invite: on("INSERT INTO invitations (id, sealed, until, device) VALUES (?, ?, ?, ?)"),
    use: on("UPDATE invitations SET device = ?1 WHERE id = ?2 AND (device IS NULL OR device = ?1)"),
    uninvite: on("DELETE FROM invitations WHERE id = ?"),
  };
  return {
    candidate(): Candidate | null {
      const kept = statements.meta.get("candidate-of");
      if (kept === undefined) return null;
      return {
        who: v.parse(WhoRow, kept).value,
        token: secret("token"),
        hasWaited: statements.meta.get("candidate-waits") !== undefined,
      };
    },
    sealKey(): SealKeyPair | null {
      const both = secret("seal-key");
      return both === null ? null : { secretKey: both.slice(0, 32), publicKey: both.slice(32) };
    },
    isRemoved: () => statements.meta.get("removed") !== undefined,
    receipt(): string | null {
      const row = statements.meta.get("receipt");
      return row === undefined ? null : v.parse(TextRow, row).value;
    },
    everyone(): EveryoneWish | null {
      const row = statements.meta.get("everyone");
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
        statements.dropSecret.run("user-seed");
        statements.dropMeta.run("removed");
        statements.dropMeta.run("receipt");
        statements.dropMeta.run("incarnation");
        statements.dropMeta.run("candidate-waits");
        keepSealKey(change.sealKey);
        become(change.of);
        keepToken(change.token);
        return;
      case "device-confirmed":
        statements.setMeta.run("record", change.record);
        keep("user-seed", change.userSeed);
        statements.dropMeta.run("candidate-of");
        statements.dropMeta.run("candidate-waits");
        statements.dropSecret.run("token");
        return;
      case "device-unconfirmed":
        statements.setMeta.run("record", new Uint8Array());
        statements.dropSecret.run("user-seed");
        become(change.of);
        return;
      case "candidate-waits":
        statements.setMeta.run("candidate-waits", 1);
        return;
      case "device-was-removed":
        statements.setMeta.run("removed", 1);
        return;
      case "device-let-in":
        statements.dropMeta.run("removed");
        return;
      case "token-kept":
        keepToken(change.token);
        return;
      case "seal-key-kept":
        keepSealKey(change.sealKey);
        return;
      case "everyone-kept":
        statements.setMeta.run("everyone", change.everyone);
        return;
      case "receipt-kept":
        statements.setMeta.run("receipt", change.receipt);
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
    statements.setMeta.run("candidate-of", JSON.stringify({ server: hex(server), kind, identity }));
  }

  function keepToken(token: Uint8Array | null): void {
    if (token === null) statements.dropSecret.run("token");
    else keep("token", token);
  }

  function keepSealKey({ secretKey, publicKey }: SealKeyPair): void {
    keep("seal-key", Buffer.concat([secretKey, publicKey]));
  }

  function keep(name: string, bytes: Uint8Array): void {
    statements.setSecret.run(name, secrets.seal(name, bytes));
  }

  function secret(name: string): Uint8Array | null {
    const row = statements.secret.get(name);
    return row === undefined ? null : secrets.open(name, v.parse(SealedRow, row).sealed);
  }
}

const Bytes = v.instance(Uint8Array);
const SealedRow = v.object({ sealed: Bytes });
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

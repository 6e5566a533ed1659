import type { Identity } from "../../core/identity.ts";
import { foldName } from "../../core/names.ts";
import type { Owner } from "../../groups/rows.ts";

/**
 * Whom a device of this identity belongs to, as its record must say it; null: that can't be said (a person whose number
 * tailscaled didn't tell, a nameless process of this machine). Without a tailnet the name is the owner, and its first user key the proof.
 */
export function ownerOf(identity: Identity, name: string | null): Owner | null {
  switch (identity.kind) {
    case "person":
      return identity.userId === undefined ? null : { kind: "person", identity: identity.userId };
    case "machine":
      return { kind: "machine", identity: identity.node };
    case "labelled-machine":
      return null;
    case "address":
      return { kind: "address", identity: identity.address };
    case "local":
      return name === null ? null : { kind: "name", identity: foldName(name) };
  }
}

/** For people to read. */
export function labelOf(identity: Identity): string {
  switch (identity.kind) {
    case "person":
      return identity.login;
    case "machine":
    case "labelled-machine":
      return identity.label;
    case "address":
      return identity.address;
    case "local":
      return "";
  }
}

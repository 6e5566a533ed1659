/**
 * Who is behind a connection, as the tailnet vouches for it. A login or a machine is vouched for by tailscaled;
 * an address is all that is known where no tailscaled exists; `local` is any process of the server's own machine.
 */
export type Identity =
  /** The same login is the same person. `userId` is Tailscale's number for the user, in decimal digits, where it is known. */
  | { readonly kind: "person"; readonly login: string; readonly userId?: string }
  /** `node` is the node's stable id, which alone decides that it is the same machine; `label` (its name) and tags may change. */
  | { readonly kind: "machine"; readonly node: string; readonly label: string; readonly tags: readonly string[] }
  /**
   * A machine as versions up to 0.1.0 stored it. The first node that comes with this label and these tags is taken for it,
   * and its claims and bans are rewritten then. No connection has this identity.
   */
  | { readonly kind: "labelled-machine"; readonly label: string; readonly tags: readonly string[] }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "local" };

/** Why somebody is operator. `owner` and `capability` come from the tailnet, `configured` from the settings, `first` is the original's rule. */
export type OperatorGround = "owner" | "capability" | "configured" | "first";

/** The grounds that the tailnet itself gives, known when a connection is identified. */
export type OperatorGrant = Extract<OperatorGround, "owner" | "capability">;

/** One string for each identity: equal exactly when the identities are. The case of ASCII letters in logins and labels doesn't count. */
export function identityKey(identity: Identity): string {
  switch (identity.kind) {
    case "person":
      return `person:${foldAscii(identity.login)}`;
    case "machine":
      return `machine:${identity.node}`;
    case "labelled-machine":
      return `labelled-machine:${JSON.stringify([identity.tags.toSorted(), foldAscii(identity.label)])}`;
    case "address":
      return `address:${identity.address}`;
    case "local":
      return "local";
  }
}

/** For people to read, in logs and in `padserve names`. */
export function describeIdentity(identity: Identity): string {
  switch (identity.kind) {
    case "person":
      return identity.login;
    case "machine":
    case "labelled-machine":
      return identity.tags.length === 0
        ? `machine ${identity.label}`
        : `machine ${identity.label} (${identity.tags.join(", ")})`;
    case "address":
      return identity.address;
    case "local":
      return "this machine";
  }
}

/** Whether tailscaled itself vouches for it; only such an identity may take over a name that a weaker one claimed. */
export function isOfTailnet(identity: Identity): boolean {
  switch (identity.kind) {
    case "person":
    case "machine":
    case "labelled-machine":
      return true;
    case "address":
    case "local":
      return false;
  }
}

/** Whether two identities are the same. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  return identityKey(a) === identityKey(b);
}

/** How versions up to 0.1.0 stored this identity, where that differed; null: the same way. */
export function storedBefore(identity: Identity): Identity | null {
  return identity.kind === "machine" ? { kind: "labelled-machine", label: identity.label, tags: identity.tags } : null;
}

/** Whether what is stored belongs to this identity, in today's form or in the one before. */
export function isStoredAs(stored: Identity, identity: Identity): boolean {
  const before = storedBefore(identity);
  return sameIdentity(stored, identity) || (before !== null && sameIdentity(stored, before));
}

/** The keys that an identity may be stored under: today's, and the one before. */
export function storedKeys(identity: Identity): readonly string[] {
  const before = storedBefore(identity);
  return before === null ? [identityKey(identity)] : [identityKey(identity), identityKey(before)];
}

/** Of two that are the same identity, whether they also read the same: label, tags, number of the user. */
export function sameDetails(a: Identity, b: Identity): boolean {
  if (a.kind === "person" && b.kind === "person") return a.login === b.login && a.userId === b.userId;
  if (a.kind === "machine" && b.kind === "machine") return a.label === b.label && sameTags(a.tags, b.tags);
  return a.kind === b.kind;
}

/** The order doesn't count. */
export function sameTags(a: readonly string[], b: readonly string[]): boolean {
  return JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());
}

/** Lower case for ASCII letters alone: `toLowerCase` makes a `k` of the Kelvin sign, so two logins could look like one. */
export function foldAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

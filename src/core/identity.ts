/**
 * Who is behind a connection, as the tailnet vouches for it. A login or a machine is vouched for by tailscaled;
 * an address is all that is known where no tailscaled exists; `local` is any process of the server's own machine.
 */
export type Identity =
  | { readonly kind: "person"; readonly login: string }
  | { readonly kind: "machine"; readonly node: string; readonly tags: readonly string[] }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "local" };

/** Why somebody is operator. `owner` and `capability` come from the tailnet, `configured` from the settings, `first` is the original's rule. */
export type OperatorGround = "owner" | "capability" | "configured" | "first";

/** The grounds that the tailnet itself gives, known when a connection is identified. */
export type VouchedGround = Extract<OperatorGround, "owner" | "capability">;

/** One string for each identity: equal exactly when the identities are. The ASCII letters of logins and node names know no case. */
export function identityKey(identity: Identity): string {
  switch (identity.kind) {
    case "person":
      return `person:${foldAscii(identity.login)}`;
    case "machine":
      return `machine:${JSON.stringify([identity.tags.toSorted(), foldAscii(identity.node)])}`;
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
      return identity.tags.length === 0
        ? `machine ${identity.node}`
        : `machine ${identity.node} (${identity.tags.join(", ")})`;
    case "address":
      return identity.address;
    case "local":
      return "this machine";
  }
}

/** Whether tailscaled itself vouches for it; only such an identity may take over a name that a weaker one claimed. */
export function isVouched(identity: Identity): boolean {
  return identity.kind === "person" || identity.kind === "machine";
}

/** Two identities are the same one. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  return identityKey(a) === identityKey(b);
}

/** Lower case for ASCII letters alone: `toLowerCase` makes a `k` of the Kelvin sign, so two logins could look like one. */
export function foldAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

import type { Status } from "./local-api/answers.ts";
import type { LocalApiProblem } from "./local-api/outcome.ts";

/** The server's own node, as its tailscaled describes it. */
export interface SelfNode {
  /** tailscaled's stable id for the node; compare it, don't show it. */
  readonly stableId: string;
  /** MagicDNS name without its final dot, or "" where the tailnet gives none. */
  readonly dnsName: string;
  /** The first label of `dnsName`. */
  readonly nodeName: string;
  /** The login of the person who owns the node; null when it is tagged, since then nobody does. */
  readonly ownerLogin: string | null;
  /** The owner's number at the control server, in decimal digits; absent where there is no owner or no number. */
  readonly ownerId?: string;
  readonly tags: readonly string[];
  /** RFC 3339, or null: never. */
  readonly keyExpiry: string | null;
}

/** What Tailscale is doing on this machine. */
export type TailscaleState =
  /** No tailscaled was found. */
  | { readonly kind: "absent" }
  /** A tailscaled, or what it left, is there and can't be asked. */
  | { readonly kind: "unreachable"; readonly problem: LocalApiProblem }
  | { readonly kind: "no-state" }
  | { readonly kind: "needs-login"; readonly url: string | null; readonly keyExpired: boolean }
  /** An admin of the tailnet must approve this machine. */
  | { readonly kind: "needs-approval" }
  /** Windows only: another user of this machine holds Tailscale. */
  | { readonly kind: "in-use-by-other-user" }
  | { readonly kind: "stopped" }
  | { readonly kind: "starting" }
  | RunningState;

export interface RunningState {
  readonly kind: "running";
  readonly addresses: readonly string[];
  /** Whether the addresses are on an interface of this machine; false in userspace mode, where peers arrive at 127.0.0.1. */
  readonly tun: boolean;
  readonly self: SelfNode;
  readonly magicDnsSuffix: string;
  /** Names for which tailscaled can get TLS certificates. */
  readonly certDomains: readonly string[];
}

/**
 * The state behind an answer of `GET status` (Tailscale LocalAPI, ipn.State in words). Addresses count only while
 * Running: in other states tailscaled repeats remembered ones that no interface has. `now`: milliseconds since 1970.
 */
export function stateFromStatus(status: Status, now: number): TailscaleState {
  switch (status.BackendState) {
    case "Running":
      return running(status);
    case "NeedsLogin":
      return {
        kind: "needs-login",
        url: status.AuthURL === "" ? null : status.AuthURL,
        keyExpired: isExpired(status, now),
      };
    case "NeedsMachineAuth":
      return { kind: "needs-approval" };
    case "InUseOtherUser":
      return { kind: "in-use-by-other-user" };
    case "Stopped":
      return { kind: "stopped" };
    case "Starting":
      return { kind: "starting" };
    case "NoState":
      return { kind: "no-state" };
    default:
      return {
        kind: "unreachable",
        problem: { kind: "malformed", text: "BackendState: a state that we don't know" },
      };
  }
}

function running(status: Status): TailscaleState {
  if (status.Self === null || status.TUN === null) {
    return { kind: "unreachable", problem: { kind: "malformed", text: "Self and TUN expected while Running" } };
  }
  const dnsName = status.Self.DNSName.replace(/\.$/, "");
  return {
    kind: "running",
    addresses: status.TailscaleIPs,
    tun: status.TUN,
    self: {
      stableId: status.Self.ID,
      dnsName,
      nodeName: dnsName.split(".")[0] ?? "",
      ...owner(status),
      tags: status.Self.Tags,
      keyExpiry: status.Self.KeyExpiry,
    },
    magicDnsSuffix: status.MagicDNSSuffix,
    certDomains: status.CertDomains,
  };
}

/** The login that Tailscale shows for tagged nodes; it is nobody. */
export const NOBODYS_LOGIN = "tagged-devices";

function owner({ Self: self, User: users }: Status): Pick<SelfNode, "ownerLogin" | "ownerId"> {
  if (self === null || self.Tags.length > 0) {
    return { ownerLogin: null };
  }
  const login = (Object.hasOwn(users, self.UserID) ? users[self.UserID]?.LoginName : undefined) ?? "";
  if (login === "" || login.toLowerCase() === NOBODYS_LOGIN) return { ownerLogin: null };
  return isUserId(self.UserID) ? { ownerLogin: login, ownerId: self.UserID } : { ownerLogin: login };
}

/** Whether a number of the control server is somebody's: it counts from 1. */
export function isUserId(digits: string): boolean {
  return /^[1-9]\d*$/.test(digits);
}

function isExpired({ Self: self }: Status, now: number): boolean {
  return self !== null && (self.Expired || (self.KeyExpiry !== null && Date.parse(self.KeyExpiry) <= now));
}

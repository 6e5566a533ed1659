import type { Answer, Tag } from "./answers.ts";
import type { Identity, OperatorGround, OperatorGrant } from "./identity.ts";
import type { PersistentMap } from "./persistent-map.ts";
import type { Refusal } from "./refusals.ts";

/** A live connection's number, given by the server, never used twice while it runs. */
export type SessionId = number;

/** Whether others may bear a session's name beside it, as its protocol has it. */
export type Sharing =
  /** One such session for a name (classic). */
  | "exclusive"
  /** Sessions of the same identity bear a name together: a person's devices. */
  | "shared";

/** A name and the identity that claimed it first. `claimedAt` is milliseconds since 1970. */
export interface Claim {
  readonly name: string;
  readonly identity: Identity;
  readonly claimedAt: number;
}

/** A ban holds on the name and, where one was known, on the tailnet identity behind it. `bannedAt` is milliseconds since 1970. */
export interface Ban {
  readonly name: string;
  readonly identity: Identity | null;
  readonly by: string;
  readonly bannedAt: number;
  /** What the operator said of it; missing: nothing. */
  readonly reason?: string;
}

/**
 * Whose the right of the first operator is, see `isFirst`: an address's under its name, or a local name's with its user key. A bare
 * local name can't have it: any user of the machine could take the name.
 */
export type KeptRight =
  | { readonly kind: "address"; readonly name: string; readonly address: string }
  | { readonly kind: "user-key"; readonly name: string; readonly userKey: string };

/** What must outlive the process. The store keeps facts and nothing else. */
export type Fact =
  | { readonly kind: "name-claimed"; readonly claim: Claim }
  | { readonly kind: "name-released"; readonly name: string }
  | { readonly kind: "ban-placed"; readonly ban: Ban }
  | { readonly kind: "ban-lifted"; readonly name: string }
  | { readonly kind: "right-kept"; readonly right: KeptRight }
  | { readonly kind: "kept-right-given-up" }
  /** tailscaled has answered once for this data directory: from now on identity never falls back to bare addresses. */
  | { readonly kind: "tailscaled-seen" };

/** Why a session is over. */
export type EndCause =
  | { readonly kind: "left" }
  | { readonly kind: "kicked" | "banned"; readonly reason: string | null }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** What happens while the process lives, and is gone with it. */
type LiveEvent =
  | {
      readonly kind: "session-opened";
      readonly session: SessionId;
      readonly sharing: Sharing;
      readonly identity: Identity;
      readonly grant: OperatorGrant | null;
    }
  | {
      readonly kind: "session-registered";
      readonly session: SessionId;
      readonly name: string;
      readonly operator: OperatorGround | null;
      /** The user key that it has proved; null: none. */
      readonly userKey: string | null;
      readonly tag?: Tag | undefined;
    }
  | {
      readonly kind: "session-refreshed";
      readonly session: SessionId;
      readonly identity: Identity;
      readonly grant: OperatorGrant | null;
      readonly operator: OperatorGround | null;
    }
  | { readonly kind: "tailscaled-presence"; readonly present: boolean }
  /** Milliseconds by node, of all that are absent. */
  | { readonly kind: "absences-counted"; readonly absences: PersistentMap<string, number> }
  | {
      readonly kind: "session-ended";
      readonly session: SessionId;
      readonly cause: EndCause;
      readonly tag?: Tag | undefined;
    };

/** What is only heard: it changes no state. */
type HeardEvent =
  | {
      readonly kind: "broadcast";
      readonly session: SessionId;
      readonly tag?: Tag | undefined;
      readonly from: string;
      readonly text: string;
    }
  | {
      readonly kind: "direct";
      readonly session: SessionId;
      readonly tag?: Tag | undefined;
      readonly from: string;
      readonly to: readonly SessionId[];
      readonly body: string;
    }
  | {
      readonly kind: "answered";
      readonly session: SessionId;
      readonly tag?: Tag | undefined;
      readonly answer: Answer;
    }
  /** A machine's name went to another one with its tags. */
  | { readonly kind: "name-passed-on"; readonly name: string; readonly from: Identity; readonly to: Identity }
  | {
      readonly kind: "sent-away";
      readonly how: "kicked" | "banned";
      readonly name: string;
      readonly by: string;
      readonly reason: string | null;
    };

export type Event = Fact | LiveEvent | HeardEvent;

/** Whether an event must be stored before anybody hears of it. */
export function isFact(event: Event): event is Fact {
  switch (event.kind) {
    case "name-claimed":
    case "name-released":
    case "ban-placed":
    case "ban-lifted":
    case "right-kept":
    case "kept-right-given-up":
    case "tailscaled-seen":
      return true;
    case "session-opened":
    case "session-registered":
    case "session-refreshed":
    case "session-ended":
    case "tailscaled-presence":
    case "broadcast":
    case "direct":
    case "answered":
    case "sent-away":
    case "name-passed-on":
    case "absences-counted":
      return false;
  }
}

import type { Identity, VouchedGround } from "./identity.ts";
import type { Refusal } from "./refusals.ts";
import type { SessionId, Sharing } from "./events.ts";

/** What a peer asks for. Each protocol's inbound turns its values into these. */
type PeerCommand =
  | { readonly kind: "register"; readonly session: SessionId; readonly name: string }
  | { readonly kind: "broadcast"; readonly session: SessionId; readonly text: string }
  /** `body` is sealed by the sender; it is passed on unchanged. */
  | { readonly kind: "direct"; readonly session: SessionId; readonly to: string; readonly body: string }
  /** The peer has done what its protocol asks before it may talk (in classic: sent its key). */
  | { readonly kind: "ready"; readonly session: SessionId }
  | { readonly kind: "list" | "info" | "help" | "server-info" | "list-bans"; readonly session: SessionId }
  | { readonly kind: "kick" | "ban" | "unban"; readonly session: SessionId; readonly target: string }
  /**
   * What the adapter could not turn into a command. It goes through the mailbox all the same: answers keep the order
   * of the questions, and who may not ask at all is told that first.
   */
  | {
      readonly kind: "invalid";
      readonly session: SessionId;
      readonly refusal: Refusal;
      readonly needs: "nothing" | "registration" | "operator";
    };

/** What the server itself does with a session. */
type SessionCommand =
  | {
      readonly kind: "open";
      readonly session: SessionId;
      readonly sharing: Sharing;
      readonly identity: Identity;
      readonly vouched: VouchedGround | null;
    }
  /** The tailnet was asked again who this is. */
  | {
      readonly kind: "revouch";
      readonly session: SessionId;
      readonly identity: Identity;
      readonly vouched: VouchedGround | null;
    }
  /** The server ends the session and says why; null: the connection is gone and nobody is there to be told. */
  | { readonly kind: "end"; readonly session: SessionId; readonly refusal: Refusal | null };

/** What concerns no session. */
type HouseCommand =
  | { readonly kind: "release-name"; readonly name: string }
  /** tailscaled has answered in this process. */
  | { readonly kind: "tailscaled-seen" }
  /** Whether there is, or was in this process, a tailscaled at all. */
  | { readonly kind: "tailscaled-presence"; readonly present: boolean };

export type Command = PeerCommand | SessionCommand | HouseCommand;

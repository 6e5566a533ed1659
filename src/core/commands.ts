import type { Identity, OperatorGrant } from "./identity.ts";
import type { Tag } from "./answers.ts";
import type { Refusal } from "./refusals.ts";
import type { SessionId, Sharing } from "./events.ts";

interface Asked {
  readonly session: SessionId;
  readonly tag?: Tag | undefined;
}

/** What a session must be to ask something. */
export type Needs = "nothing" | "registration" | "operator";

/** What a peer asks for. Each protocol's inbound turns its values into these. */
export type PeerCommand = Asked &
  /** `userKey`: what the session has proved to hold a device's key of; missing where its protocol knows no such proof. */
  (
    | { readonly kind: "register"; readonly name: string; readonly userKey?: string | undefined }
    | { readonly kind: "broadcast"; readonly text: string }
    /** `body` is sealed by the sender; it is passed on unchanged. */
    | { readonly kind: "direct"; readonly to: string; readonly body: string }
    | { readonly kind: "list" | "list-bans" }
    /** `reason` is told to the person it concerns; at most 200 characters of it. */
    | { readonly kind: "kick" | "ban"; readonly target: string; readonly reason?: string | undefined }
    | { readonly kind: "unban"; readonly target: string }
    /** What the protocol answers by itself, when its turn comes and if the session may ask: help, facts about the server. */
    | { readonly kind: "check"; readonly needs: Needs }
    /**
     * What the adapter could not turn into a command. It goes through the mailbox all the same: answers keep the order
     * of the questions, and whoever may not ask at all is told that first.
     */
    | { readonly kind: "invalid"; readonly refusal: Refusal; readonly needs: Needs }
  );

/** What the server itself does with a session. */
type SessionCommand =
  | {
      readonly kind: "open";
      readonly session: SessionId;
      readonly sharing: Sharing;
      readonly identity: Identity;
      readonly grant: OperatorGrant | null;
    }
  /** The tailnet was asked again who this is. */
  | {
      readonly kind: "refresh-identity";
      readonly session: SessionId;
      readonly identity: Identity;
      readonly grant: OperatorGrant | null;
    }
  /** The server ends the session and says why; null: the connection is gone and nobody is there to be told. */
  | (Asked & { readonly kind: "end"; readonly refusal: Refusal | null });

/** What concerns no session. */
type ServerCommand =
  /** The administrator clears the right that is kept from having been first. */
  | { readonly kind: "clear-kept-right" }
  /** Stable ids of all nodes in the network map, and for how many milliseconds Tailscale has been watched since the last such report. */
  | { readonly kind: "nodes-present"; readonly nodes: readonly string[]; readonly elapsed: number }
  | { readonly kind: "release-name"; readonly name: string }
  /** tailscaled has answered in this process. */
  | { readonly kind: "tailscaled-seen" }
  /** Whether there is, or was in this process, a tailscaled at all. */
  | { readonly kind: "tailscaled-presence"; readonly present: boolean };

export type Command = PeerCommand | SessionCommand | ServerCommand;

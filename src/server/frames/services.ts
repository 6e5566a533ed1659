import type { Notice } from "../../core/notices.ts";
import type { Identified } from "../../tailnet/identify.ts";
import type { GroupService } from "../groups/service.ts";
import type { RequestRate } from "../http/request-rates.ts";
import type { Scrollback } from "../scrollback.ts";
import type { SessionLink } from "../session/protocol.ts";
import type { RatesByKey } from "../session/rates-by-key.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import type { Directory } from "./directory.ts";

/** A frame session as others on this side see it: somebody who hears pushes. */
export interface Hearer {
  readonly link: SessionLink;
  /** Null until it has said hello. */
  readonly name: string | null;
  /** An encoded push. */
  hearPush(bytes: Buffer): void;
  /** The delivery service has ended this connection: the same device has come by another one, or it is no device any more. */
  onEnded(refusal: Refusal): void;
}

/** What every frames session shares. */
export interface FramesServices {
  /** The server's own id and incarnation, see `ServerRow`. */
  readonly server: { readonly id: string; readonly incarnation: string; readonly name: string };
  readonly groups: GroupService;
  readonly directory: Directory;
  /** What people say of their being away, by folded name, and which session said it: it goes with that one. */
  readonly away: Map<string, { readonly text: string; readonly session: number }>;
  /** What somebody says of being away has changed. `leaving`: the session that goes, and what it said with it. */
  readonly onAway: (name: string, leaving: number | null) => void;
  /** Others are to see which devices whoever has this name has now. */
  readonly onDevices: (name: string) => void;
  /** The name that an identity has claimed first; null: none. */
  readonly claimedName: (identity: KnownIdentity["identity"]) => string | null;
  /** How often devices of a source that nobody waits for yet may ask to be confirmed. */
  readonly asksOf: (source: string) => RequestRate;
  /** How often devices of a source may make groups. */
  readonly groupsFrom: (source: string) => Pick<RequestRate, "admit">;
  /** The flood limit of an owner for what everybody is told of their devices, over all connections. */
  readonly deviceNews: RatesByKey;
  readonly encodeNotice: (notice: Notice) => Buffer | null;
  readonly readers: () => number;
  /** Whether there is an open room, and whoever can't seal. */
  readonly openRoom: boolean;
  /** The last lines of the open room, for anyone who comes. */
  readonly scrollback: Scrollback;
  readonly facts: () => { readonly host: string; readonly sessions: number };
  /** Sessions come and go. */
  readonly onStart: (session: Hearer) => void;
  readonly onStop: (session: Hearer) => void;
  /** A frame was malformed: what was wrong where, for the log. */
  readonly onMalformed: (session: number, where: string) => void;
  /** A mistake of ours has kept a request from its answer. */
  readonly onFault: (cause: unknown) => void;
}

export type KnownIdentity = Extract<Identified, { kind: "known" }>;

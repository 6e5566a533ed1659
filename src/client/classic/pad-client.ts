import type { ServerAddress } from "../transport/index.ts";
import type { ClientState, EndedState, OnlineState } from "../state.ts";
import type { ClientEvent } from "./events.ts";
import type { Open } from "../transport/index.ts";
import type { EndCause, HelpEntry, Outcome, PublicInfo, Reply, ServerInfo } from "../outcomes.ts";
import type { ReconnectPolicy } from "../reconnect.ts";
import type { Timings } from "./timings.ts";

export interface ConnectOptions {
  readonly server: ServerAddress;
  /** The name to register: one word; servers of ours take 1 to 32 of `A-Z a-z 0-9 . _ -`. */
  readonly id: string;
  /** Default `lost`. Never after a kick, a ban, or a refusal that waiting doesn't heal. */
  readonly reconnect?: ReconnectPolicy;
  /** Another way to the server than `openTcp`: through a proxy, say. */
  readonly open?: Open;
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal;
  readonly timings?: Partial<Timings>;
  /** From 0 to below 1, for the jitter. Default Math.random. */
  readonly random?: () => number;
}

/**
 * A client of a classic Padserve server of any generation. No method rejects: what can be expected to fail comes as a
 * value. What is asked while not online is `not-sent` at once, and nothing is ever sent twice by itself.
 */
export interface PadClient {
  readonly id: string;
  readonly state: ClientState;

  /** Calls `listener` for every event from now on, until the function returned is called. */
  onEvent(listener: (event: ClientEvent) => void): () => void;
  /** Resolves as soon as the client is online, or has ended for good. */
  online(): Promise<OnlineState | EndedState>;
  /** Resolves when the client has ended for good. */
  ended(): Promise<EndCause>;
  /** Says EXIT and ends. Answers still on their way within `goodbye` milliseconds are still read. */
  close(): Promise<void>;

  /** To everybody in the open room. The server reads the text. */
  broadcast(text: string): Promise<Outcome>;
  /**
   * To one client. `taken` is proven by a LIST sent behind it; a message that a lost connection leaves unproven is
   * `unknown`.
   */
  send(to: string, text: string): Promise<Outcome>;
  list(): Promise<Reply<readonly string[]>>;
  info(): Promise<Reply<PublicInfo>>;
  help(): Promise<Reply<readonly HelpEntry[]>>;

  /** The operator's: */
  kick(id: string): Promise<Outcome>;
  ban(id: string): Promise<Outcome>;
  unban(id: string): Promise<Outcome>;
  listBans(): Promise<Reply<readonly string[]>>;
  serverInfo(): Promise<Reply<ServerInfo>>;
}

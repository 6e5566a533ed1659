import type { Push } from "../../wire/frames/pushes.ts";
import type { Refusal } from "../../wire/frames/refusals.ts";
import type { ReplyBody, RequestBody, RequestType } from "../../wire/frames/requests.ts";
import type { ClientState, ConnectionEnd, EndCause, EndedState, OnlineState, ReconnectPolicy } from "../index.ts";
import type { Open, ServerAddress } from "../transport/index.ts";
import type { FrameTimings } from "./timings.ts";

/** The first frame of a server: who it is, whom it takes us for, and its limits. */
export type ServerHello = Extract<Push, { type: "hello" }>;

/** A device, and its proof for one connection. */
type Device = NonNullable<RequestBody<"hello">["device"]>;

/** What can be done on a connection before the hello. */
export interface BeforeHello {
  /** Those requests that a server answers before it. */
  request<T extends RequestType>(type: T, body: RequestBody<T>): Promise<Answer<ReplyBody<T>>>;
  /** A person has to do something first: the hello may come as late as that. Until then the server is asked for signs of life. */
  stay(): void;
}

export interface FrameOptions {
  readonly server: ServerAddress;
  /** The name to speak under; null: the one that is ours already. */
  readonly name: string | null;
  /** What this program calls itself, for the server's administrator. */
  readonly client: string;
  /**
   * Signs this connection's nonce (`helloProof`), with a counter that was saved before. Called for each connection; null: without
   * a device; `again`: on the next connection, which is made at once; `later`: on one
   * after the usual wait. A rejection ends the client, more than `setUp` in all the connection.
   */
  readonly device?: (hello: ServerHello, before: BeforeHello) => Promise<Device | null | "again" | "later">;
  /** The hello was refused. True: it comes otherwise on the next connection, which is made at once. */
  readonly refused?: (refusal: Refusal | null) => Promise<boolean>;
  /** The server ends this connection for that: told in the frame protocol's own reasons, before the state tells of it in a chat client's. */
  readonly onRefused?: (refusal: Refusal | null) => void;
  /** Default `lost`. Never after a kick, a ban, or a refusal that waiting doesn't heal. */
  readonly reconnect?: ReconnectPolicy;
  /** Another way to the server than TCP. */
  readonly open?: Open;
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal;
  readonly timings?: Partial<FrameTimings>;
  /** From 0 to below 1, for the jitter. Default Math.random. */
  readonly random?: () => number;
}

/** How a request ended. */
export type Answer<T> =
  | { readonly kind: "answered"; readonly value: T }
  /** Null: a reason that this version doesn't know. */
  | { readonly kind: "refused"; readonly refusal: Refusal | null }
  /** The connection ended before the answer: it was done or not. It is never asked again by itself. */
  | { readonly kind: "unknown"; readonly why: ConnectionEnd }
  /** Nothing left this machine. `busy`: too much waits already. */
  | { readonly kind: "not-sent"; readonly why: "offline" | "ended" | "busy" };

export type FramesEvent =
  | { readonly kind: "state"; readonly state: ClientState }
  /** Told before the state becomes online: who the server is, and what it answered to our hello. */
  | { readonly kind: "welcomed"; readonly hello: ServerHello; readonly reply: ReplyBody<"hello"> }
  /** All but `hello`, `operator` and `ended`, which are states. */
  | { readonly kind: "push"; readonly push: Exclude<Push, { type: "hello" | "ended" | "operator" }> }
  | { readonly kind: "operator"; readonly operator: boolean };

/** A client of the frame protocol. No method rejects. */
export interface FramesClient {
  readonly state: ClientState;
  /** Our name on this server; null until it is known, or where we have none. */
  readonly name: string | null;
  /** Calls `listener` for every event from now on, until the function returned is called. */
  onEvent(listener: (event: FramesEvent) => void): () => void;
  online(): Promise<OnlineState | EndedState>;
  ended(): Promise<EndCause>;
  close(): Promise<void>;
  /** While it waits to connect again: tries at once. */
  hurry(): void;
  /** Ends this connection, and makes another one at once: there is something else to say in the hello. */
  renew(): void;
  /**
   * Asks at once, or when the server has room for one more request; so many may wait, and no more. Answers come in whatever order
   * the server gives them.
   */
  request<T extends RequestType>(type: T, body: RequestBody<T>): Promise<Answer<ReplyBody<T>>>;
  /** Reads nothing more until the function returned is called: for anyone who can't keep up with what is pushed. */
  hold(): () => void;
}

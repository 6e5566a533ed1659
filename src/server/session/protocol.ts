import type { Socket } from "node:net";
import type { Command } from "../../core/commands.ts";
import type { Decision } from "../../core/decision.ts";
import type { SessionId, Sharing } from "../../core/events.ts";
import type { Notice } from "../../core/notices.ts";
import type { Refusal } from "../../core/refusals.ts";
import type { Connection, ConnectionHandler } from "../../net/connection.ts";
import type { Identified } from "../../tailnet/identify.ts";

/** A protocol on this server: how its sockets carry messages, and what they mean. */
export interface Protocol {
  /** Whether its sessions bear a name together with others of their identity. */
  readonly sharing: Sharing;
  /** How many times the usual timeout a peer has to give its name, and again for what else is asked: a person must read and type. */
  readonly setUpFactor: number;
  connect(socket: Socket, handler: ConnectionHandler): Connection;
  /** The protocol's side of a new session. */
  start(session: SessionLink, identified: Extract<Identified, { kind: "known" }>): ProtocolSession;
  /** Says in the protocol's words why a socket can't stay, and closes it. What the peer has sent is read and forgotten. */
  turnAway(socket: Socket, refusal: Refusal): void;
}

/** What a protocol does for one session: messages become commands, notices become bytes. */
export interface ProtocolSession {
  /** Bytes that the protocol itself keeps back for the peer. */
  readonly held: number;
  /** A whole message: a view, good during the call. */
  onMessage(message: Buffer): void;
  /** A message was over the bound: end the session, saying so. */
  onTooLong(): void;
  /** Takes a notice. Gives the bytes that it is on the wire. */
  hear(notice: Notice): number;
  /** Sends what was heard, and flushes the connection. */
  flush(): void;
  /** The kernel has taken all that waited: a backlog can be sent on. */
  onDrain(): void;
  /** The session is over, and nothing more will be heard. `left`: the peer may still read what was kept back for it. */
  stop(): void;
  /** The server ends: what counts as taken must leave now. */
  release(): void;
}

/** What a session offers to its protocol. */
export interface SessionLink {
  readonly id: SessionId;
  readonly connection: Connection;
  /** Posts a command; its bytes count as under way until `settle`, which is told what became of it. */
  post(command: Command, settle?: (decision: Decision) => void): void;
  /** This many bytes of the message that is being read count as under way, until the function that it gives is called. */
  hold(): () => void;
  /** Sends what was heard and looks after a slow reader: for what doesn't come by the core's outbox. */
  flush(): void;
  /** This many bytes of an answer count against whoever asked: a short question may have a long one. */
  charge(bytes: number): void;
  /** Whether a message may go out now, of this many bytes for each of its readers: the flood limit. */
  admit(bytesForEach: number, readers: number): boolean;
  /** The peer has done all that its protocol asks before it may talk: no deadline any more. */
  ready(): void;
  /** The peer waits for something that others do, without a name: no deadline until it gives one. */
  wait(): void;
  /** The session is over at once, by our own fault or the peer's. */
  drop(): void;
}

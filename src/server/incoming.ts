import { rosterOf } from "../core/roster.ts";
import { hostname } from "node:os";
import type { Socket } from "node:net";
import type { Mailbox } from "../core/mailbox.ts";
import type { Observation } from "../tailnet/monitor.ts";
import type { Identifier } from "../tailnet/identify.ts";
import type { Config } from "../config/config.ts";
import { tailnetAddresses } from "../config/wanted-addresses.ts";
import { createAcceptor, type Acceptor } from "./acceptor.ts";
import { withAudit, type Post } from "./audit.ts";
import { createClassicProtocol } from "./classic/protocol.ts";
import type { Answer } from "./http/connection.ts";
import { createHttpSide } from "./http/server.ts";
import type { IdentityRefresh } from "./identity-refresh.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { claimedName, ownHost, suggestedName } from "./own-name.ts";
import { createPlainProtocol } from "./plain/protocol.ts";
import type { Scrollback } from "./scrollback.ts";
import type { FramesUpgrade } from "./frames/protocol.ts";
import { createSessionFactory, type SessionFactory } from "./session/factory.ts";
import { InputBudget } from "./session/input-budget.ts";
import { UnfinishedInput } from "./session/unfinished-input.ts";
import type { Limits } from "./session/limits.ts";
import type { Sessions } from "./session/sessions.ts";
import type { SlowReaders } from "./session/slow-readers.ts";
import { Unanswered } from "./session/unanswered.ts";
import { createSparseLog } from "./sparse-log.ts";
import type { Timings } from "./timings.ts";

export interface IncomingOptions {
  readonly config: Config;
  readonly timings: Timings;
  readonly limits: Limits;
  readonly slowReaders: SlowReaders;
  readonly mailbox: Mailbox;
  readonly sessions: Sessions;
  readonly identifier: Identifier;
  readonly identityRefresh: IdentityRefresh;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly observation: () => Observation;
  readonly scrollback: Scrollback;
  /** Answers what is asked by HTTP. */
  readonly answer: Answer;
  /** Somebody was banned, or a ban was lifted, or nothing came of it. */
  readonly onModerated: () => void;
  /** Joins the frame protocol to the sessions. */
  readonly frames: (makeSession: SessionFactory) => FramesUpgrade;
  /** Most sockets at once. */
  readonly maxSockets: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** All that comes in by the port: sockets that are identified and told apart, and become sessions or are asked by HTTP. */
export interface Incoming extends Pick<Acceptor, "accept" | "dropLost"> {
  /** From now on nothing is read of anybody, nor anybody let in: whoever goes on talking must not keep the server from stopping. */
  stopReading(): void;
  /** Resolves when all that was read before that is answered; never, if something is never decided. */
  answered(): Promise<void>;
  /** Commands and requests that were read and have no answer yet. */
  readonly unanswered: number;
  /** Sends each session what it was told, and closes everything. */
  close(): Promise<void>;
}

export function createIncoming(options: IncomingOptions): Incoming {
  const { config, timings, limits, mailbox, sessions, log, now } = options;
  let stopping = false;
  let closing = false;
  const unanswered = new Unanswered();
  const audit = withAudit(
    (command, settle) => {
      if (closing) {
        settle?.({ kind: "session-gone" });
        return;
      }
      if (command.kind !== "ban" && command.kind !== "unban") mailbox.post(command, settle);
      else
        mailbox.post(command, (decision) => {
          options.onModerated();
          settle?.(decision);
        });
    },
    () => mailbox.state,
    log,
    timings.sparseLog,
  );
  const full = createSparseLog((fields) => log.warn("too many connections", fields), timings.sparseLog);
  const crowd = createSparseLog((fields) => log.info("too many from one peer", fields), timings.sparseLog);
  const turnedAway = createSparseLog((fields) => log.info("turned away", fields), timings.sparseLog);
  const readers = (): number => rosterOf(mailbox.state).sessions.length;
  const classic = createClassicProtocol({
    maxLine: config.maxLine,
    limits,
    readers,
    facts: () => ({ hostname: hostname(), addresses: tailnetAddresses(options.observation()) }),
  });
  const plain = createPlainProtocol({
    limits,
    maxLine: config.maxLine,
    scrollback: options.scrollback,
    ownName: (identity) => claimedName(mailbox.state, identity),
    suggestedName: (identity) => (identity.kind === "local" ? null : suggestedName(identity, ownHost())),
    host: ownHost,
    readers,
    wall: () => Date.now(),
  });
  const makeSession = createSessionFactory({ ...options, turnedAway, services: servicesWith(audit.post) });
  const upgrade = options.frames(makeSession);
  const http = createHttpSide({
    answer: options.answer,
    upgrade,
    timeout: timings.http,
    requestEvery: timings.requestEvery,
    now,
  });
  const acceptor = createAcceptor({
    identifier: options.identifier,
    timeout: config.registerTimeout,
    maxSockets: options.maxSockets,
    maxPerAddress: config.maxPerIdentity,
    maxPerIdentity: config.maxPerIdentity,
    now,
    onIdentified: (speech, socket) => {
      if (stopping) {
        socket.socket.destroy();
        return;
      }
      if (config.noClassic && speech !== "http") {
        turnedAway.note({ reason: "no-open-room", address: socket.peer.address });
        (speech === "plain" ? plain : classic).turnAway(socket.socket, { reason: "no-open-room" });
        return;
      }
      switch (speech) {
        case "lines":
          makeSession(classic, socket);
          return;
        case "plain":
          makeSession(plain, socket);
          return;
        case "http":
          http.take(socket);
          return;
      }
    },
    onSilence: (socket) => classic.turnAway(socket, { reason: "timed-out" }),
    onCrowd: (socket, speech) => {
      crowd.note({ address: socket.remoteAddress ?? null });
      if (speech === "http") turnAwayHttp(socket);
      else if (speech === "plain") plain.turnAway(socket, { reason: "server-full" });
      else classic.turnAway(socket, { reason: "server-full" });
    },
    onFull: () => full.note({ limit: options.maxSockets }),
  });

  return {
    accept: (socket) => acceptor.accept(socket),
    dropLost: (isLost) => acceptor.dropLost(isLost),
    stopReading: () => {
      stopping = true;
      for (const session of sessions.all()) session.stopReading();
      http.close();
      for (const sparse of [full, crowd, turnedAway, audit]) sparse.stop();
    },
    answered: () => unanswered.none(),
    get unanswered() {
      return unanswered.count;
    },
    close: async () => {
      closing = true;
      for (const session of sessions.all()) session.close();
      await acceptor.closeAll(timings.closing);
    },
  };

  function servicesWith(post: Post) {
    return {
      limits,
      input: new InputBudget(limits.inputOfAll),
      unfinished: new UnfinishedInput(limits.unfinished),
      slowReaders: options.slowReaders,
      unanswered,
      post,
      now,
    };
  }
}

function turnAwayHttp(socket: Socket): void {
  socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  socket.resume();
  socket.setTimeout(2000, () => socket.destroy());
}

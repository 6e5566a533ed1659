/**
 * `server/session`: the life of a session, the same for every protocol: how it is born, what it may use of the server, how it
 * ends.
 */

import type { IdentifiedSocket } from "../acceptor.ts";
import type { IdentityRefresh } from "../identity-refresh.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Protocol } from "./protocol.ts";
import type { SparseLog } from "../sparse-log.ts";
import { Session, type SessionServices } from "./session.ts";
import type { Sessions } from "./sessions.ts";

export interface SessionFactoryOptions {
  readonly services: SessionServices;
  readonly sessions: Sessions;
  readonly identityRefresh: IdentityRefresh;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly turnedAway: SparseLog;
}

/** Makes a session of a socket that speaks a protocol, or turns it away in that protocol's words. */
export type SessionFactory = (protocol: Protocol, socket: IdentifiedSocket) => void;

export function createSessionFactory(options: SessionFactoryOptions): SessionFactory {
  const { services, sessions, identityRefresh, metrics, log, turnedAway } = options;
  return (protocol, { socket, peer, identified, since }) => {
    if (identified.kind === "refused") {
      metrics.refused(identified.reason);
      turnedAway.note({ reason: identified.reason, address: peer.address });
      protocol.turnAway(socket, { reason: identified.reason });
      return;
    }
    const id = sessions.nextId();
    services.post({
      kind: "open",
      session: id,
      sharing: protocol.sharing,
      identity: identified.identity,
      grant: identified.grant,
    });
    const session = new Session({ id, socket, identified, since }, protocol, services, (_, reason) => {
      sessions.remove(id);
      identityRefresh.remove(id);
      metrics.closed(reason);
      log.debug("connection closed", { session: id, reason });
    });
    sessions.add(id, session);
    identityRefresh.add(id, peer);
    log.debug("session opened", { session: id, address: peer.address });
  };
}

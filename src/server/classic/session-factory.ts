import { createKeyPair, publicKeyHex } from "../../wire/classic/key-exchange.ts";
import type { Config } from "../../config/config.ts";
import type { IdentifiedSocket } from "../acceptor.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { createRateLimit } from "../rate-limit.ts";
import type { Sessions } from "../sessions.ts";
import type { IdentityRefresh } from "../identity-refresh.ts";
import { createClassicEncoder, type ServerFacts } from "./outbound.ts";
import { createScratch } from "./scratch.ts";
import { ClassicSession, type ClassicServices } from "./session.ts";
import { turnAway } from "./turn-away.ts";

export interface SessionFactoryOptions {
  readonly config: Config;
  readonly post: ClassicServices["post"];
  readonly sessions: Sessions;
  readonly identityRefresh: IdentityRefresh;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly facts: () => Omit<ServerFacts, "publicKeyHex">;
}

/** Makes sessions of peers that speak the classic protocol. The server's key pair lives as long as the process, as the original's. */
export function createClassicSessionFactory(options: SessionFactoryOptions): (socket: IdentifiedSocket) => void {
  const { config, post, sessions, identityRefresh, metrics, log, now, facts } = options;
  const keyPair = createKeyPair();
  const keyHex = publicKeyHex(keyPair);
  const services: ClassicServices = {
    keyPair,
    encode: createClassicEncoder(() => ({ ...facts(), publicKeyHex: keyHex })),
    scratch: createScratch(),
    post,
    maxLine: config.maxLine,
    maxQueue: config.maxQueue,
    registerTimeout: config.registerTimeout,
    now,
  };
  return ({ socket, peer, identified, since }) => {
    if (identified.kind === "refused") {
      metrics.refused(identified.reason);
      log.info("turned away", { reason: identified.reason, address: peer.address });
      turnAway(socket, { reason: identified.reason });
      return;
    }
    const session = sessions.nextId();
    const { identity, vouched } = identified;
    post({ kind: "open", session, identity, vouched });
    const limit = createRateLimit(config.messageRate, now());
    sessions.add(
      session,
      new ClassicSession({ id: session, socket, since, limit }, services, (reason) => {
        sessions.remove(session);
        identityRefresh.remove(session);
        metrics.closed(reason);
        log.debug("connection closed", { session, reason });
      }),
    );
    identityRefresh.add(session, peer);
    log.debug("session opened", { session, address: peer.address });
  };
}

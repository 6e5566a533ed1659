/** `/ALL` over HTTP: `curl -d` says something in the open room, `curl -N` listens to it, each as the person or machine behind the connection. */
import type { ServerResponse } from "node:http";
import type { Mailbox } from "../../core/mailbox.ts";
import { identityKey, type Identity } from "../../core/identity.ts";
import type { Notice } from "../../core/notices.ts";
import type { Refusal } from "../../core/refusals.ts";
import { rosterOf } from "../../core/roster.ts";
import { plainJson } from "../../text/visible.ts";
import { openPad } from "../../wire/classic/pad.ts";
import { messageLine } from "../../wire/plain/outgoing.ts";
import { claimedName, suggestedName } from "../own-name.ts";
import { refusalWords } from "../refusal-words.ts";
import type { IdentityRefresh } from "../identity-refresh.ts";
import type { Limits } from "../session/limits.ts";
import { RatesByKey } from "../session/rates-by-key.ts";
import type { Sessions, SessionPort } from "../session/sessions.ts";
import type { SlowReaders } from "../session/slow-readers.ts";
import type { IdentifiedSocket } from "../acceptor.ts";
import { readBody } from "./body.ts";
import type { Exchange } from "./connection.ts";
import { headers, send } from "./send.ts";

export interface OpenRoomOptions {
  readonly mailbox: Mailbox;
  readonly sessions: Sessions;
  readonly identityRefresh: IdentityRefresh;
  readonly slowReaders: SlowReaders;
  readonly limits: Limits;
  /** Longest text, in bytes. */
  readonly mostText: number;
  readonly host: () => string;
  readonly wall: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

type Known = Extract<IdentifiedSocket["identified"], { kind: "known" }>;

export interface OpenRoom {
  say(exchange: Exchange): Promise<void>;
  hear(exchange: Exchange): Promise<void>;
}

export function createOpenRoom(options: OpenRoomOptions): OpenRoom {
  const { mailbox, sessions, limits, now } = options;
  const rates = new RatesByKey(limits.messagesPerSecond, now);

  return {
    say: async ({ request, response, peer: { identified } }) => {
      if (identified.kind === "refused") return refuse(response, { reason: identified.reason });
      const body = await readBody(request, options.mostText);
      switch (body.kind) {
        case "too-long":
          return send(response, 413, `A text has ${options.mostText} bytes at most.\n`, undefined, {
            connection: "close",
          });
        case "not-text":
          return send(response, 415, 'Send the text itself, or JSON such as {"text": "backup done"}.\n');
        case "text":
      }
      if (body.text.trim() === "") return send(response, 400, "There is nothing to say.\n");
      const refusal = admits(identified.identity, body.text)
        ? await asSomebody(identified, (name) => speak(identified, name, body.text))
        : ({ reason: "too-many-messages" } as const);
      if (refusal !== null) return refuse(response, refusal);
      response.writeHead(204, { "cache-control": "no-store" });
      response.end();
    },
    hear: async (exchange) => {
      const { request, response, peer } = exchange;
      request.resume();
      const { identified } = peer;
      if (identified.kind === "refused") return refuse(response, { reason: identified.reason });
      const asJson = /json/.test(request.headers.accept ?? "");
      const refusal = await asSomebody(identified, (name) => listen(exchange, identified, name, asJson));
      if (refusal !== null && !response.headersSent) refuse(response, refusal);
    },
  };

  function admits(identity: Identity, text: string): boolean {
    return rates.admit(identityKey(identity), 4 * text.length, rosterOf(mailbox.state).sessions.length);
  }

  /** Under the identity's own name; without one under what it could be called, or that with a number where it is somebody else's. */
  async function asSomebody(
    { identity }: Known,
    attempt: (name: string) => Promise<Refusal | null>,
  ): Promise<Refusal | null> {
    const own = claimedName(mailbox.state, identity);
    const suggestion = suggestedName(identity, options.host()) ?? "guest";
    const names = own === null ? ["", "-2", "-3"].map((suffix) => suggestion.slice(0, 30) + suffix) : [own];
    let refusal: Refusal | null = null;
    for (const name of names) {
      refusal = await attempt(name);
      if (refusal?.reason !== "name-taken" && refusal?.reason !== "name-has-key") return refusal;
    }
    return refusal;
  }

  /** Joins, says it and leaves; resolves with why that failed, or null. */
  function speak({ identity, grant }: Known, name: string, text: string): Promise<Refusal | null> {
    const session = sessions.nextId();
    return new Promise((resolve) => {
      sessions.add(session, {
        queued: 0,
        hear: (notice) => {
          const outcome = outcomeOf(notice);
          if (outcome !== undefined) resolve(outcome);
        },
        flush: () => {},
        stopReading: () => {},
        close: () => resolve({ reason: "server-full" }),
      });
      mailbox.post({ kind: "open", session, identity, grant, sharing: "shared" });
      mailbox.post({ kind: "register", session, name });
      mailbox.post({ kind: "broadcast", session, text });
      mailbox.post({ kind: "end", session, refusal: null }, () => {
        // The turn's outcome is told after this; if there was none, the session had already ended.
        setImmediate(() => {
          sessions.remove(session);
          resolve({ reason: "not-registered" });
        });
      });
    });
  }

  /** Joins and listens until one side ends it. Resolves with why that failed, or null once it is listening. */
  function listen(
    exchange: Exchange,
    { identity, grant }: Known,
    name: string,
    asJson: boolean,
  ): Promise<Refusal | null> {
    const { response, peer } = exchange;
    const session = sessions.nextId();
    return new Promise((resolve) => {
      const reader = new StreamReader(response, limits.output);
      const port: SessionPort = {
        get queued() {
          return reader.queued;
        },
        hear: (notice) => {
          if (notice.kind === "registered") {
            exchange.stream();
            response.writeHead(200, headers(asJson ? "application/x-ndjson" : "text/plain; charset=utf-8"));
            response.flushHeaders();
            resolve(null);
          } else if (notice.kind === "ended") {
            resolve(notice.cause.kind === "refused" ? notice.cause.refusal : null);
            if (response.headersSent) response.end();
          } else if (notice.kind === "refused") {
            resolve(notice.refusal);
            end();
          } else {
            const line = lineOf(notice, { at: options.wall(), name, asJson });
            if (line !== null) reader.write(`${line}\n`);
          }
        },
        flush: () => options.slowReaders.look(reader),
        // Its request is read already.
        stopReading: () => {},
        close: () => void response.end(),
      };
      sessions.add(session, port);
      options.identityRefresh.add(session, peer.peer);
      response.once("close", end);
      mailbox.post({ kind: "open", session, identity, grant, sharing: "shared" });
      mailbox.post({ kind: "register", session, name });

      function end(): void {
        response.off("close", end);
        sessions.remove(session);
        options.identityRefresh.remove(session);
        options.slowReaders.forget(reader);
        mailbox.post({ kind: "end", session, refusal: null });
      }
    });
  }
}

/** A streaming response, as a reader whose queue is bounded. */
class StreamReader {
  readonly #response: ServerResponse;
  readonly #limit: number;
  #written = 0;

  constructor(response: ServerResponse, limit: number) {
    this.#response = response;
    this.#limit = limit;
  }

  get queued(): number {
    return this.#response.writableLength;
  }

  get unread(): number {
    return this.queued;
  }

  get taken(): number {
    return this.#written - this.queued;
  }

  write(text: string): void {
    this.#written += Buffer.byteLength(text);
    this.#response.write(text);
    if (this.queued > this.#limit) this.dropAsSlow();
  }

  dropAsSlow(): void {
    this.#response.destroy();
  }
}

function outcomeOf(notice: Notice): Refusal | null | undefined {
  switch (notice.kind) {
    case "broadcast-sent":
      return null;
    case "refused":
      return notice.refusal;
    case "ended":
      return notice.cause.kind === "refused" ? notice.cause.refusal : undefined;
    case "registered":
    case "operator-changed":
    case "broadcast":
    case "direct":
    case "direct-sent":
    case "answer":
    case "came":
    case "went":
    case "sent-away":
    case "name-passed-on":
      return undefined;
  }
}

/** What was said, to everybody or to the reader's name; null for what else a session hears. */
function lineOf(notice: Notice, { at, name, asJson }: { at: number; name: string; asJson: boolean }): string | null {
  if (notice.kind !== "broadcast" && notice.kind !== "direct") return null;
  const direct = notice.kind === "direct";
  const text = notice.kind === "direct" ? (openPad(notice.body) ?? "(can't be read)") : notice.text;
  return asJson
    ? plainJson({ at: new Date(at).toISOString(), from: notice.from, to: direct ? name : "ALL", text })
    : messageLine({ at, from: notice.from, text, direct });
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  send(response, statusOf(refusal), `${refusalWords(refusal)}\n`);
}

function statusOf({ reason }: Refusal): number {
  switch (reason) {
    case "you-are-banned":
    case "not-a-member":
    case "not-operator":
    case "operator-immune":
      return 403;
    case "no-open-room":
      return 404;
    case "name-taken":
    case "name-has-key":
    case "too-many-names":
    case "already-registered":
    case "not-registered":
      return 409;
    case "too-many-messages":
      return 429;
    case "server-full":
    case "identity-unavailable":
    case "storage-failed":
    case "timed-out":
      return 503;
    case "invalid-request":
    case "invalid-name":
    case "recipient-not-found":
    case "target-not-found":
    case "not-banned":
      return 400;
  }
}

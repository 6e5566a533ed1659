import type { EndCause, Failure } from "../../client/index.ts";
import { REQUESTS } from "../wire/requests.ts";
import type { Asks, Gives, RequestName } from "../wire/requests.ts";
import type { Link, LinkEnd } from "./link.ts";

/** Requests that wait for an answer, or for the next agent. */
const MOST = 10_000;

interface Entry {
  readonly again: boolean;
  isSent: boolean;
  readonly send: (link: Link) => void;
  readonly give: (failure: Failure) => void;
}

/** What one face asks, over one agent after another. */
export class Asking {
  readonly #waiting = new Set<Entry>();
  #link: Link | null = null;
  #isOver = false;

  /** `isKept`: the conversation keeps what is written in it by its id. */
  async ask<Name extends RequestName>(name: Name, body: Asks<Name>, isKept: boolean): Promise<Gives<Name> | Failure> {
    if (this.#isOver) return { kind: "not-sent", why: "ended" };
    if (this.#waiting.size >= MOST) return { kind: "not-sent", why: "busy" };
    const { promise, resolve } = Promise.withResolvers<Gives<Name> | Failure>();
    const { again } = REQUESTS[name];
    const entry: Entry = {
      again: again === "yes" || (again === "if-sealed" && isKept),
      isSent: false,
      send: (link) => {
        entry.isSent = true;
        void answered(link);
      },
      give: (failure) => {
        this.#waiting.delete(entry);
        resolve(failure);
      },
    };
    const answered = async (link: Link): Promise<void> => {
      const reply = await link.request(name, body);
      // Else it is `lost` that says what follows.
      if (reply === null) return;
      this.#waiting.delete(entry);
      resolve(reply);
    };
    this.#waiting.add(entry);
    if (this.#link !== null) entry.send(this.#link);
    return await promise;
  }

  use(link: Link): void {
    this.#link = link;
    for (const entry of this.#waiting) entry.send(link);
  }

  /** What may be asked again waits for the next agent; of the rest nobody knows. */
  lost(end: LinkEnd): void {
    this.#link = null;
    for (const entry of this.#waiting) {
      if (!entry.isSent) continue;
      // Asked again it would end the next agent's link, too.
      if (end === "not-understood")
        entry.give({ kind: "refused", error: { reason: "not-understood", text: NOT_TAKEN } });
      else if (!entry.again) entry.give({ kind: "unknown", why: AGENT_GONE });
    }
  }

  end(cause: EndCause): void {
    this.#isOver = true;
    for (const entry of this.#waiting) {
      entry.give(entry.isSent ? { kind: "unknown", why: cause } : { kind: "not-sent", why: "ended" });
    }
  }
}

const NOT_TAKEN = "the agent did not take the request";

/** How the connection to an agent that died ends. */
export const AGENT_GONE: EndCause = {
  kind: "agent",
  why: "died",
  text: "Your agent, the process on this computer that has your keys, has ended; the next one is started.",
};

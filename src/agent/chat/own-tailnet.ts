import type { Member } from "../../client/index.ts";

/** Whom a server names, on any server. */
export interface Named {
  readonly kind: Member["kind"];
  readonly identity: string;
}

/** What this machine's own Tailscale knows of somebody. */
export interface Seen {
  readonly tailnet: Member["tailnet"];
  /** Their login or node name as the own tailnet has it; null where it knows none. */
  readonly label: string | null;
}

/** Who is in the tailnet, as this machine's own Tailscale sees it, at one moment. */
export interface TailnetView {
  seen(who: Named): Seen;
}

/** The second source beside the server's word. It says who exists; whose a key is it doesn't know. */
export interface OwnTailnet {
  /**
   * Answers within seconds, whatever tailscaled does, and mostly from memory. `self`: whom the server takes this device for; where the own
   * Tailscale calls it otherwise, the server is of another tailnet, and nothing is known. `wanted`: whom it is about. Never rejects.
   */
  view(self: Named, wanted: readonly Named[]): Promise<TailnetView>;
}

export const NOTHING_SEEN: TailnetView = { seen: () => ({ tailnet: "unknown", label: null }) };

/** What was seen last of people by their `whoKey`, for who can't wait. */
export class TailnetMarks {
  readonly #own: OwnTailnet | null;
  #view = NOTHING_SEEN;

  constructor(own: OwnTailnet | null) {
    this.#own = own;
  }

  /** Looks again, where that is due. */
  async look(self: string, people: readonly string[]): Promise<void> {
    if (this.#own === null || self === "" || people.length === 0) return;
    this.#view = await this.#own.view(namedIn(self), people.map(namedIn));
  }

  seen(who: string): Seen {
    return this.#view.seen(namedIn(who));
  }
}

/** Of `server:kind:identity`. */
function namedIn(who: string): Named {
  const [, kind = "", ...identity] = who.split(":");
  const known = KINDS.find((each) => each === kind);
  return known === undefined ? { kind: "name", identity: "" } : { kind: known, identity: identity.join(":") };
}

const KINDS: readonly Member["kind"][] = ["person", "machine", "address", "name"];

import type { Reply } from "../outcomes.ts";
import type { Person } from "../people.ts";
import type { PadClient } from "./pad-client.ts";

/** Who is online, as far as the last answer goes. One question is under way at a time, whatever the reason. */
export class Roster {
  readonly #client: PadClient;
  readonly #tell: (people: readonly Person[]) => void;
  /** Names as they are written, by their lower case; null: nobody has said yet. */
  #known: ReadonlyMap<string, string> | null = null;
  #asking: "no" | "once" | "again" = "no";

  /** `tell` hears each answer. */
  constructor(client: PadClient, tell: (people: readonly Person[]) => void) {
    this.#client = client;
    this.#tell = tell;
  }

  /** Asks because somebody wants to know. */
  async ask(): Promise<Reply<readonly Person[]>> {
    const reply = await this.#client.list();
    return reply.kind === "answered" ? { kind: "answered", value: this.learn(reply.value) } : reply;
  }

  /** Asks unless a question is under way; then once more behind it, since that one may have been too early. */
  refresh(): void {
    if (this.#client.state.kind !== "online") return;
    if (this.#asking === "no") void this.#askAgain();
    else this.#asking = "again";
  }

  /** Somebody speaks: whoever is not known yet must have come, which is told before what they say. */
  meet(name: string): void {
    if (this.#known === null || this.#known.has(name.toLowerCase())) return;
    // Whoever speaks under many names costs a question for each, but not an ever longer list.
    if (this.#known.size < MOST_MET) this.learn([...this.#known.values(), name]);
    this.refresh();
  }

  /** Takes what an answer of any kind says about who is here. */
  learn(names: readonly string[]): readonly Person[] {
    const sorted = names.toSorted((one, other) => ORDER.compare(one, other));
    const people = sorted.map((name) => ({ name, presence: "online" }) as const);
    this.#known = new Map(names.map((name) => [name.toLowerCase(), name]));
    this.#tell(people);
    return people;
  }

  async #askAgain(): Promise<void> {
    for (this.#asking = "again"; this.#asking === "again" && this.#client.state.kind === "online";) {
      this.#asking = "once";
      await this.ask();
    }
    this.#asking = "no";
  }
}

/** At most this many people are known before somebody who speaks is no longer added at once. */
const MOST_MET = 1000;

const ORDER = new Intl.Collator("en", { sensitivity: "base" });
